//go:build unix

package dist

import (
	"net"
	"syscall"
)

// directWriter writes to a socket without ever waiting for it. One goroutine uses it at a time.
type directWriter struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // made once, so that a write makes no garbage
	b   []byte
	n   int
}

// newDirectWriter returns nil if nc is no plain socket: TLS, or a pipe.
func newDirectWriter(nc net.Conn) *directWriter {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	w := &directWriter{raw: raw}
	w.try = func(fd uintptr) bool {
		if n, err := syscall.Write(int(fd), w.b); err == nil {
			w.n = n
		}
		return true
	}
	return w
}

// write writes as much of b as the socket takes at once and returns how much that is. An error is not told: it comes again
// at the next write, which has to be an ordinary one.
func (w *directWriter) write(b []byte) int {
	w.b, w.n = b, 0
	_ = w.raw.Write(w.try)
	w.b = nil
	return w.n
}
