package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/admin"
	"gonode/cmd/gonode/internal/daemon"
	"gonode/epmd"
	"gonode/internal/eventjson"
	"gonode/node"
)

// TestNotReady: a daemon that lacks members is waited for, and others are told.
func TestNotReady(t *testing.T) {
	n, err := node.Start(t.Context(), node.Config{
		Name: "lone@127.0.0.1", Cookie: "secret", EPMD: epmd.None, MinMembers: 2, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	defer leave(n)
	s := admin.New(n, admin.Config{Listen: []string{"127.0.0.1:0"}})
	require.NoError(t, s.Start())
	defer s.Shutdown(context.Background())
	at := s.Addrs()[0].String()

	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, lookupEnv: vars{"GONODE_HTTP": at}.lookup}
	require.Equal(t, exitCondition, a.main(t.Context(), []string{"wait", "--timeout", "100ms"}))
	require.Regexp(t, `^gonode: wait for \S+: not there after 100ms: it is not ready: .*2`, stderr.String())
	stderr.Reset()
	require.Equal(t, exitOK, a.main(t.Context(), []string{"members", "-o", "name"}))
	require.Equal(t, "lone@127.0.0.1\n", stdout.String())
	require.Regexp(t, `^gonode: lone@127\.0\.0\.1 is not ready: `, stderr.String())
	for status, code := range map[int]int{401: exitRefused, 403: exitRefused, 421: exitRefused, 503: exitRefused, 404: exitFailure, 500: exitFailure} {
		require.Equal(t, code, exitCode(fmt.Errorf("ask: %w", &daemon.StatusError{Code: status})), status)
	}
}

// TestDownWhileAway: a node that is gone after a reset went while nobody looked, which is what was waited for.
func TestDownWhileAway(t *testing.T) {
	c, err := parseCondition("down b@h")
	require.NoError(t, err)
	up := func(node string) daemon.Event { return daemon.Event{Name: eventjson.NodeUp, Node: node} }
	reset, synced := daemon.Event{Name: daemon.Reset}, daemon.Event{Name: eventjson.Synced}
	w := &daemonWatch{until: newCounter(c)}
	for _, ev := range []daemon.Event{synced, up("b@h"), reset, up("b@h"), synced, reset, up("a@h")} {
		require.False(t, w.enough(ev))
	}
	require.True(t, w.enough(synced))
	w = &daemonWatch{until: newCounter(c)}
	for _, ev := range []daemon.Event{synced, reset, synced} {
		require.False(t, w.enough(ev), "it was never there")
	}
}

// TestAnswerEnds: an interrupted question says so.
func TestAnswerEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &app{stderr: io.Discard}
	_, err := answer(ctx, a, daemon.Address{Network: "tcp", Addr: "127.0.0.1:1"}, answerTime, (*daemon.Client).Members)
	require.ErrorIs(t, err, errInterrupted)
}
