//go:build linux

package kubernetes

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire is a way to a server that can be cut.
type wire struct {
	listener net.Listener
	target   string
	tasks    sync.WaitGroup

	mu    sync.Mutex
	isCut bool
	conns []net.Conn
}

// newWire listens at an address, and hands on what comes to a target until the test ends.
func newWire(t *testing.T, address, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	w := &wire{listener: l, target: target}
	w.tasks.Go(w.accept) // ends with the listener
	t.Cleanup(func() {
		l.Close()
		w.cut()
		w.tasks.Wait()
	})
	return w
}

// toServer is a wire to the API server.
func toServer(t *testing.T, address string) *wire {
	t.Helper()
	return newWire(t, address, strings.TrimPrefix(cp.URL, "https://"))
}

func (w *wire) url() string { return "https://" + w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.target)
		if err != nil {
			c.Close()
			continue
		}
		w.join(c, server)
	}
}

// again cuts the wire and mends it: what is open has to be opened again.
func (w *wire) again() {
	w.cut()
	w.mend()
}

// join hands on what comes from either end to the other, unless the wire is cut.
func (w *wire) join(a, b net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isCut {
		a.Close()
		b.Close()
		return
	}
	w.conns = append(w.conns, a, b)
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		w.tasks.Go(func() { // ends with the connections
			_, _ = io.Copy(pair[0], pair[1])
			pair[0].Close()
			pair[1].Close()
		})
	}
}

// cut ends what is connected, and all that is tried until mend is called.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = true
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = false
}
