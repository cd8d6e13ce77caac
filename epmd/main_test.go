package epmd

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startServer serves s on loopback until the test ends, and returns a client of it.
func startServer(t *testing.T, s *Server) *Client {
	t.Helper()
	lns, err := Listen(t.Context(), []string{"127.0.0.1"}, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, lns...) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return &Client{Port: portOf(lns[0])}
}

func portOf(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }

// fakeNet is a network of pipes, for tests with a fake clock. Addresses are literals with a port.
type fakeNet struct {
	mu    sync.Mutex
	at    map[string]*fakeListener
	from  string // the address that connections come from
	dials int
}

func newFakeNet() *fakeNet { return &fakeNet{at: map[string]*fakeListener{}, from: "127.0.0.1"} }

func (f *fakeNet) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	f.mu.Lock()
	f.dials++
	ln := f.at[addr]
	f.mu.Unlock()
	if ln == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	ours, theirs := net.Pipe()
	local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))
	remote := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.from), 40000))
	select {
	case ln.conns <- &fakeConn{theirs, local, remote}:
		return &fakeConn{ours, remote, local}, nil
	case <-ln.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *fakeNet) Listen(_ context.Context, addresses []string, port int) ([]net.Listener, error) {
	places, err := places(addresses, port)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []net.Listener
	for _, p := range places {
		addr := net.JoinHostPort(p.addr.String(), strconv.Itoa(port))
		if f.at[addr] != nil {
			for _, ln := range all {
				delete(f.at, ln.Addr().String())
			}
			return nil, &Error{Op: "serve", Addr: addr, Reason: ReasonListen, Err: syscall.EADDRINUSE}
		}
		ln := &fakeListener{net: f, addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
		f.at[addr] = ln
		all = append(all, ln)
	}
	return all, nil
}

type fakeListener struct {
	net    *fakeNet
	addr   string
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *fakeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *fakeListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.net.mu.Lock()
		defer l.net.mu.Unlock()
		delete(l.net.at, l.addr)
	})
	return nil
}

func (l *fakeListener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(l.addr))
}

type fakeConn struct {
	net.Conn
	local, remote net.Addr
}

func (c *fakeConn) LocalAddr() net.Addr  { return c.local }
func (c *fakeConn) RemoteAddr() net.Addr { return c.remote }
