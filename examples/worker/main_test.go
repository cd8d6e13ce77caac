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

// TestWorker is a supervisor in Go: a mailbox that is linked to the worker.
func TestWorker(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	port := freePort(t)
	peer, err := node.Start(ctx, node.Config{Name: "peer@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	defer peer.Shutdown(ctx)
	offering, stop := context.WithCancel(ctx)
	defer stop()
	lines, ended := start(offering, port)
	require.Equal(t, "start workers on 'worker@127.0.0.1'", <-lines)

	box, err := peer.Mailbox("")
	require.NoError(t, err)
	defer box.Close()
	spawn := func(rounds int) gen.PID {
		s, err := peer.Spawn(ctx, "worker@127.0.0.1", "worker", "run", []any{box.PID(), rounds}, node.SpawnLink(box.PID()))
		require.NoError(t, err)
		require.Contains(t, <-lines, "started by ")
		return s.PID
	}
	for range 2 {
		pid := spawn(2)
		for i := range 2 {
			msg, err := box.Receive(ctx)
			require.NoError(t, err)
			require.Equal(t, etf.Tuple{gen.Atom("round"), int64(i + 1)}, msg.Body)
		}
		require.Equal(t, "worn out", <-lines)
		msg, err := box.Receive(ctx)
		require.NoError(t, err)
		exit := msg.Body.(node.Exit)
		require.Equal(t, pid, exit.From)
		require.ErrorContains(t, exit.Reason, `{{panic,<<"worn out">>},`)
	}
	require.NoError(t, box.Exit(spawn(1000), gen.Atom("shutdown")))
	require.Equal(t, "told to end", <-lines)
	spawn(1000)
	stop()
	require.Equal(t, "told to end", <-lines)
	require.NoError(t, <-ended)
}

// start runs offer; lines gets what it prints.
func start(ctx context.Context, port int) (lines chan string, ended chan error) {
	lines, ended = make(chan string, 1000), make(chan error, 1)
	reader, writer := io.Pipe()
	go func() { // ends with offer
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			lines <- scanner.Text()
		}
		close(lines)
	}()
	go func() { // ends with ctx
		cfg := node.Config{Name: "worker@127.0.0.1", Cookie: "secret", EPMDPort: port}
		err := offer(ctx, writer, cfg, time.Millisecond)
		writer.Close()
		ended <- err
	}()
	return lines, ended
}

// freePort returns a port for an epmd that only this test knows.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
