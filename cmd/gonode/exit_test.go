package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/cmd/gonode/internal/remote"
	"gonode/dist"
	"gonode/epmd"
	"gonode/node"
)

func TestExitCode(t *testing.T) {
	at := func(stage node.Stage, err error) error {
		return fmt.Errorf("ping: %w", &node.ConnectError{Node: "a@h", Stage: stage, Err: err})
	}
	port := func(reason epmd.Reason) error { return &epmd.Error{Op: "look up a", Addr: "h:4369", Reason: reason} }
	shake := func(kind error) error {
		return at(node.StageHandshake, &dist.HandshakeError{Peer: "a@h", Step: "read the ack", Kind: kind})
	}
	_, _, badName := dist.ParseName("a")
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	tests := []struct {
		want int
		err  error
	}{
		{exitOK, nil},
		{exitFailure, errors.New("x")},
		{exitFailure, errInterrupted},
		{exitFailure, context.Canceled},
		{exitFailure, node.ErrNotANode},
		{exitFailure, shake(dist.ErrMalformed)},
		{exitFailure, port(epmd.ReasonListen)},
		{exitFailure, at(node.StageHandshake, io.ErrShortWrite)},
		{exitUsage, usagef("x")},
		{exitUsage, fmt.Errorf("run: %w", usagef("x"))},
		{exitUsage, badName},
		{exitUsage, at(node.StageName, dist.CompareNames("a@h", "b@127.0.0.1"))},
		{exitUnreachable, at(node.StageAddress, port(epmd.ReasonNotFound))},
		{exitUnreachable, at(node.StageAddress, port(epmd.ReasonNoServer))},
		{exitUnreachable, at(node.StageAddress, port(epmd.ReasonResolve))},
		{exitUnreachable, at(node.StageConnect, refused)},
		{exitUnreachable, port(epmd.ReasonUnreachable)},
		{exitUnreachable, refused},
		{exitRefused, &epmd.TakenError{Name: "a"}},
		{exitRefused, port(epmd.ReasonRefused)},
		{exitRefused, shake(dist.ErrCookie)},
		{exitRefused, shake(dist.ErrFlags)},
		{exitRefused, shake(dist.ErrNotAllowed)},
		{exitRefused, shake(dist.ErrName)},
		{exitRefused, shake(dist.ErrHangup)},
		{exitUnreachable, &unreachableError{errors.New("x")}},
		{exitUnreachable, fmt.Errorf("call: %w", gen.ErrNoConnection)},
		{exitCondition, fmt.Errorf("wait: %w", &conditionError{"x"})},
		{exitException, fmt.Errorf("call: %w", &node.Exception{Class: "error", Reason: "undef"})},
		{exitUsage, fmt.Errorf("eval: %w", &remote.SyntaxError{Text: "x"})},
		{exitTimeout, shake(dist.ErrTimeout)},
		{exitTimeout, at(node.StageAddress, port(epmd.ReasonTimeout))},
		{exitTimeout, at(node.StageConnect, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded})},
		{exitTimeout, fmt.Errorf("ping: %w", context.DeadlineExceeded)},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, exitCode(tt.err), "%v", tt.err)
	}
}

func TestOnlyRefusalsAreFinal(t *testing.T) {
	shake := func(kind error) error {
		return &node.ConnectError{Node: "a@h", Stage: node.StageHandshake, Err: &dist.HandshakeError{Peer: "a@h", Kind: kind}}
	}
	require.True(t, isFinal(shake(dist.ErrCookie)))
	require.True(t, isFinal(shake(dist.ErrNotAllowed)))
	require.True(t, isFinal(usagef("x")))
	require.False(t, isFinal(shake(dist.ErrHangup)))
	require.False(t, isFinal(shake(dist.ErrAlive)))
	require.False(t, isFinal(shake(dist.ErrTimeout)))
	require.False(t, isFinal(context.Canceled))
}

// A node is found once for each session.
func TestOnce(t *testing.T) {
	calls := 0
	resolve := once(func(_ context.Context, name string) (string, error) {
		if calls++; calls == 1 {
			return "", errors.New("not yet")
		}
		return name + ":1", nil
	})
	_, err := resolve(t.Context(), "a@h")
	require.EqualError(t, err, "not yet")
	address, err := resolve(t.Context(), "a@h")
	require.NoError(t, err)
	require.Equal(t, "a@h:1", address)
	_, err = resolve(t.Context(), "a@h")
	require.ErrorIs(t, err, errLost)
	require.Equal(t, exitUnreachable, exitCode(err))
	_, err = resolve(t.Context(), "b@h")
	require.NoError(t, err)
	require.Equal(t, 3, calls)
}

func TestExitTells(t *testing.T) {
	tests := []struct {
		err  error
		code int
		text string
	}{
		{nil, 0, ""},
		{fmt.Errorf("write: %w", syscall.EPIPE), 0, ""},
		{&toldError{context.DeadlineExceeded}, 5, ""},
		{errors.New("x"), 1, "gonode: x\n"},
		{usagef("x"), 2, "gonode: x; see gonode ping --help\n"},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		require.Equal(t, tt.code, (&app{stderr: &stderr}).exit("gonode ping", tt.err))
		require.Equal(t, tt.text, stderr.String())
	}
}
