package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/epmd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSubscribe(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	port := freePort(t)
	peer, err := node.Start(ctx, node.Config{Name: "peer@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	defer peer.Shutdown(ctx)

	arrivals := peer.Events().Subscribe(ctx)
	_, err = arrivals.Next(ctx) // synced
	require.NoError(t, err)

	watched, stop := context.WithCancel(ctx)
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { // ends with watched
		err := subscribe(watched, writer, node.Config{
			Name: "subscribe@127.0.0.1", Cookie: "secret", EPMDPort: port,
			Strategies: []strategy.Strategy{&epmd.Strategy{Nodes: []string{"peer@127.0.0.1"}}},
		})
		writer.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(reader)
	wait := func(want string) {
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		require.Fail(t, "no such line", want)
	}
	wait("up   peer@127.0.0.1")
	_, err = arrivals.Next(ctx) // who connects may know a moment before who accepts
	require.NoError(t, err)
	require.True(t, peer.Disconnect("subscribe@127.0.0.1"))
	wait("down peer@127.0.0.1 connection_closed")
	wait("up   peer@127.0.0.1") // the strategy brings it back
	stop()
	for lines.Scan() {
		// the last of it
	}
	require.NoError(t, <-ended)
}

// freePort returns a port for an epmd that only this test knows.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
