package integration

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

func itoa(n int) string { return strconv.Itoa(n) }

var processOptions gen.ProcessOptions

func newSink(got chan stamped) gen.ProcessFactory {
	return func() gen.ProcessBehavior { return &sink{got: got} }
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := beam.FreePort()
	require.NoError(t, err)
	return port
}

// sockets counts the open sockets of this process.
func sockets(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	n := 0
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}

// worker starts a process on b that stays, in which asWorker evaluates.
func worker(t *testing.T, b *beam.Node) {
	t.Helper()
	eval(t, b, "true", "register(worker, spawn(fun() -> (fun Loop() -> receive {run, From, F} -> From ! {ran, F()}, Loop() end end)() end))")
}

// asWorker makes of an expression one that is evaluated in the worker.
func asWorker(expr string) string {
	return "begin worker ! {run, self(), fun() -> " + expr + " end}, receive {ran, Result} -> Result after 5000 -> worker_timeout end end"
}

// syncBuffer is a buffer that several goroutines use.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
