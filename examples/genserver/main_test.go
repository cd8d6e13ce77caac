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

func TestServe(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	port := freePort(t)
	peer, err := node.Start(ctx, node.Config{Name: "peer@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	defer peer.Shutdown(ctx)

	serving, stop := context.WithCancel(ctx)
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { // ends with serving
		err := serve(serving, writer, node.Config{Name: "genserver@127.0.0.1", Cookie: "secret", EPMDPort: port})
		writer.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(reader)
	require.True(t, lines.Scan())
	require.Equal(t, "call {counter, 'genserver@127.0.0.1'}", lines.Text())

	box, err := peer.Mailbox("")
	require.NoError(t, err)
	defer box.Close()
	to := gen.ProcessID{Name: "counter", Node: "genserver@127.0.0.1"}
	var count int
	require.NoError(t, box.Call(ctx, to, add{N: 5}, &count))
	require.Equal(t, 5, count)
	require.NoError(t, box.Call(ctx, to, etf.Tuple{gen.Atom("add"), 7}, &count))
	require.Equal(t, 12, count)
	require.NoError(t, box.Cast(ctx, to, gen.Atom("reset")))
	require.NoError(t, box.Call(ctx, to, gen.Atom("get"), &count))
	require.Zero(t, count)
	var answer etf.Tuple
	require.NoError(t, box.Call(ctx, to, gen.Atom("what"), &answer))
	require.Equal(t, etf.Tuple{gen.Atom("error"), gen.Atom("unknown_request")}, answer)

	_, err = box.Monitor(ctx, to)
	require.NoError(t, err)
	require.NoError(t, box.Cast(ctx, to, gen.Atom("stop")))
	msg, err := box.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, "{stopped_at,0}", msg.Body.(node.Down).Reason.Error())
	stop()
	require.NoError(t, <-ended)
}

// freePort returns a port for an epmd that only this test knows.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
