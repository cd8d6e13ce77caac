package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/etf"
	"gonode/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEcho(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	port := freePort(t)
	start := func(name string) *node.Node {
		n, err := node.Start(ctx, node.Config{Name: name, Cookie: "secret", EPMDPort: port})
		require.NoError(t, err)
		return n
	}
	peer, n := start("peer@127.0.0.1"), start("mailbox@127.0.0.1")
	defer peer.Shutdown(ctx)
	defer n.Shutdown(ctx)

	echoing, stop := context.WithCancel(ctx)
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- echo(echoing, writer, n) }() // ends with echoing
	lines := bufio.NewScanner(reader)
	line := func() string { require.True(t, lines.Scan()); return lines.Text() }
	require.Equal(t, "send to {echo, 'mailbox@127.0.0.1'}", line())

	box, err := peer.Mailbox("")
	require.NoError(t, err)
	to := gen.ProcessID{Name: "echo", Node: "mailbox@127.0.0.1"}
	for range 2 {
		require.NoError(t, box.Send(ctx, to, gen.Atom("hello")))
		require.Regexp(t, `^<\S+> says hello$`, line())
		msg, err := box.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, etf.Tuple{msg.From, gen.Atom("hello")}, msg.Body)
	}
	var answer string
	require.NoError(t, box.Call(ctx, to, "hello", &answer))
	require.Equal(t, "hello", answer)
	box.CloseWith(&node.ExitReason{Term: gen.Atom("goodbye")})
	require.Regexp(t, `^<\S+> is gone: goodbye$`, line())
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// freePort returns a port for an epmd that only this test knows.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
