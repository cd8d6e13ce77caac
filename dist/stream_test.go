package dist

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/etf"
)

var update = flag.Bool("update", false, "write what the recorded streams mean into their files")

// line is a signal as the recorded streams tell it.
func line(s *Signal) string {
	var b strings.Builder
	field := func(name string, v any) { fmt.Fprintf(&b, " %s=%s", name, etf.Format(v)) }
	b.WriteString(s.Kind.String())
	if s.From.Node != "" {
		field("from", s.From)
	}
	if s.FromName != "" {
		field("from", s.FromName)
	}
	switch {
	case s.Target == ToName:
		field("to", s.ToName)
	case s.Target == ToAlias:
		field("to", s.ToAlias)
	case s.To.Node != "":
		field("to", s.To)
	}
	if s.Ref.Node != "" {
		field("ref", s.Ref)
	}
	if s.Priority {
		b.WriteString(" priority")
	}
	if s.Kind == KindSpawnRequest {
		fmt.Fprintf(&b, " %s:%s/%d", string(s.Module), string(s.Function), s.Arity)
		field("leader", s.GroupLeader)
		field("options", s.Options)
	}
	if s.Kind == KindSpawnReply {
		fmt.Fprintf(&b, " flags=%d", s.SpawnFlags)
		field("result", s.Result)
	}
	if s.ID != 0 {
		fmt.Fprintf(&b, " id=%d", s.ID)
	}
	if s.Token != nil {
		field("token", s.Token)
	}
	if s.Message != nil {
		field("message", s.Message)
	}
	return b.String()
}

// TestStreams replays what nodes of four OTP releases sent on a link, with and without headers.
func TestStreams(t *testing.T) {
	files, err := filepath.Glob("testdata/streams/*.txt")
	require.NoError(t, err)
	require.Len(t, files, 8)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		head, want, _ := bytes.Cut(text, []byte("\n\n"))
		var flags Flags
		var creation uint32
		_, err = fmt.Sscanf(string(head), "%x %x", &flags, &creation)
		require.NoError(t, err)
		_, hexed, _ := strings.Cut(string(head), "\n")
		stream, err := hex.DecodeString(strings.ReplaceAll(hexed, "\n", ""))
		require.NoError(t, err)

		h := newHalf(t, flags, Config{})
		h.in.control.peer = "b@127.0.0.1"
		sigs, err := h.receive(stream)
		require.NoError(t, err, file)
		require.False(t, h.frames.partial())
		var got strings.Builder
		for i := range sigs {
			fmt.Fprintln(&got, line(&sigs[i]))
		}
		if *update {
			require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "%s\n\n%s", head, got.String()), 0o666))
			continue
		}
		require.Equal(t, string(want), got.String(), file)
	}
}
