package epmd

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// send writes raw bytes to the server and returns the connection.
func send(t *testing.T, c *Client, raw string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", c.addr("127.0.0.1"))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = conn.Write([]byte(raw))
	require.NoError(t, err)
	return conn
}

// whole makes a request of a body.
func whole(body string) string { return string([]byte{byte(len(body) >> 8), byte(len(body))}) + body }

func alive(t *testing.T, n Node) string {
	b, err := appendRequest(nil, request{op: opAlive2, node: n.withDefaults()})
	require.NoError(t, err)
	return string(b)
}

func TestServerAnswers(t *testing.T) {
	c := startServer(t, &Server{})
	ctx := t.Context()

	_, err := c.Lookup(ctx, "127.0.0.1", "a")
	require.ErrorIs(t, err, ErrNotFound)

	before := uint32(time.Now().Unix())
	reg, err := c.Register(ctx, "127.0.0.1", Node{Name: "a", Port: 5555, Extra: []byte("xy")})
	require.NoError(t, err)
	defer reg.Close()
	require.GreaterOrEqual(t, reg.Creation(), before)

	n, err := c.Lookup(ctx, "localhost", "a")
	require.NoError(t, err)
	require.Equal(t, Node{Name: "a", Port: 5555, Type: TypeNormal, HighVersion: 6, LowVersion: 5, Extra: []byte("xy")}, n)

	b, err := c.Register(ctx, "127.0.0.1", Node{Name: "b", Port: 5556})
	require.NoError(t, err)
	defer b.Close()
	names, err := c.Names(ctx, "127.0.0.1")
	require.NoError(t, err)
	require.Equal(t, []Node{{Name: "b", Port: 5556}, {Name: "a", Port: 5555}}, names)

	_, err = c.Register(ctx, "127.0.0.1", Node{Name: "a", Port: 1})
	var taken *TakenError
	require.ErrorAs(t, err, &taken)
	require.ErrorIs(t, err, ErrTaken)
	require.Equal(t, TakenError{Name: "a", Port: 5555}, *taken)
	require.ErrorContains(t, err, "the name a is already registered by a node on this host (port 5555): choose another name or stop that node")

	dump, err := c.Dump(ctx, "127.0.0.1")
	require.NoError(t, err)
	require.Contains(t, dump, "active name     <a> at port 5555")
}

func TestServerUnregisters(t *testing.T) {
	c := startServer(t, &Server{})
	var last uint32
	for _, end := range []func(net.Conn){
		func(conn net.Conn) { conn.Close() },
		func(conn net.Conn) { fmt.Fprint(conn, "x") }, // any byte
		func(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0); conn.Close() },
	} {
		conn := send(t, c, alive(t, Node{Name: "a", Port: 1}))
		reply, err := readAlive(conn)
		require.NoError(t, err)
		creation, ok, err := parseAlive(reply)
		require.NoError(t, err)
		require.True(t, ok)
		if last != 0 {
			require.Equal(t, last+1, creation)
		}
		last = creation
		end(conn)
		require.Eventually(t, func() bool {
			names, err := c.Names(t.Context(), "127.0.0.1")
			return err == nil && len(names) == 0
		}, 5*time.Second, time.Millisecond)
	}
}

func TestServerCloses(t *testing.T) {
	c := startServer(t, &Server{})
	for name, raw := range map[string]string{
		"length 0":             "\x00\x00",
		"length above limit":   "\x0b\xf2", // 3058 + 2
		"unknown request":      whole("a"),
		"short registration":   whole("x\x00\x01M\x00\x00\x06\x00\x05\x00\x00\x00\x00"),
		"15 bytes":             whole("x\x00\x01M\x00\x00\x06\x00\x05\xff\xff\x00\x00"),
		"name beyond the end":  whole("x\x00\x01M\x00\x00\x06\x00\x05\x00\x05a\x00\x00"),
		"NUL in a name":        whole("x\x00\x01M\x00\x00\x06\x00\x05\x00\x03a\x00b\x00\x00"),
		"bytes after":          whole("n") + "x",
		"two requests":         whole("n") + whole("n"),
		"stop":                 whole("sa"),
		"look nobody up":       whole("z"),
		"bytes after the name": alive(t, Node{Name: "a"}) + "x",
	} {
		conn := send(t, c, raw)
		reply, _ := io.ReadAll(conn) // an error if the server closed before it read all
		require.Empty(t, reply, name)
	}
	names, err := c.Names(t.Context(), "127.0.0.1")
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestServerRefusesNames(t *testing.T) {
	c := startServer(t, &Server{})
	for _, n := range []Node{{Name: "a\nname b at port 1"}, {Name: "\xff"}, {Name: strings.Repeat("a", 256)}, {Name: "a", Extra: make([]byte, maxExtra+1)}} {
		reply, err := io.ReadAll(send(t, c, alive(t, n)))
		require.NoError(t, err)
		require.Equal(t, "v\x01\x00\x00\x00\x63", string(reply), "%.20q", n.Name)
	}
	old := send(t, c, alive(t, Node{Name: "old", HighVersion: 5, LowVersion: 5}))
	reply, err := readAlive(old)
	require.NoError(t, err)
	require.Equal(t, "y\x00\x00", string(reply[:3]))
	require.Contains(t, []byte{1, 2, 3}, reply[3])
	reply, err = io.ReadAll(send(t, c, alive(t, Node{Name: "old", HighVersion: 5, LowVersion: 5})))
	require.NoError(t, err)
	require.Equal(t, "y\x01\x00\x63", string(reply))
}

func TestServerPieces(t *testing.T) {
	c := startServer(t, &Server{})
	conn := send(t, c, "")
	for _, b := range []byte(whole("n")) {
		_, err := conn.Write([]byte{b})
		require.NoError(t, err)
	}
	reply, err := io.ReadAll(conn)
	require.NoError(t, err)
	port, _, err := parseNames(reply)
	require.NoError(t, err)
	require.EqualValues(t, c.Port, port)
}

func TestServerKillAndStop(t *testing.T) {
	ctx := t.Context()
	part := startServer(t, &Server{})
	require.True(t, failedBecause(part.Kill(ctx, "127.0.0.1"), ReasonRefused))
	require.True(t, failedBecause(part.Stop(ctx, "127.0.0.1", "a"), ReasonClosed))

	killed := make(chan bool, 9)
	strict := startServer(t, &Server{Kill: func() { killed <- true }})
	reg, err := strict.Register(ctx, "127.0.0.1", Node{Name: "a"})
	require.NoError(t, err)
	require.True(t, failedBecause(strict.Kill(ctx, "127.0.0.1"), ReasonRefused), "a node is registered")
	reg.Close()
	require.Eventually(t, func() bool { return strict.Kill(ctx, "127.0.0.1") == nil }, 5*time.Second, time.Millisecond)
	require.True(t, <-killed)

	relaxed := startServer(t, &Server{Relaxed: true, Kill: func() { killed <- true }})
	reg, err = relaxed.Register(ctx, "127.0.0.1", Node{Name: "a"})
	require.NoError(t, err)
	require.ErrorIs(t, relaxed.Stop(ctx, "127.0.0.1", "b"), ErrNotFound)
	require.NoError(t, relaxed.Stop(ctx, "127.0.0.1", "a"))
	require.True(t, failedBecause(reg.Wait(), ReasonLost))
	_, err = relaxed.Lookup(ctx, "127.0.0.1", "a")
	require.ErrorIs(t, err, ErrNotFound)
	reg, err = relaxed.Register(ctx, "127.0.0.1", Node{Name: "a"})
	require.NoError(t, err)
	defer reg.Close()
	require.NoError(t, relaxed.Kill(ctx, "127.0.0.1"))
	require.True(t, <-killed)
}

// A server with 500 silent connections answers still, and does not lose its nodes.
func TestServerUnderSilentClients(t *testing.T) {
	c := startServer(t, &Server{MaxConns: 64})
	ctx := t.Context()
	reg, err := c.Register(ctx, "127.0.0.1", Node{Name: "a", Port: 7})
	require.NoError(t, err)
	defer reg.Close()
	for range 500 {
		send(t, c, "\x00")
	}
	for range 20 {
		start := time.Now()
		n, err := c.Lookup(ctx, "127.0.0.1", "a")
		require.NoError(t, err)
		require.EqualValues(t, 7, n.Port)
		require.Less(t, time.Since(start), time.Second)
	}
}

func TestServerMaxNodes(t *testing.T) {
	c := startServer(t, &Server{MaxNodes: 2})
	for _, name := range []string{"a", "b"} {
		reg, err := c.Register(t.Context(), "127.0.0.1", Node{Name: name})
		require.NoError(t, err)
		defer reg.Close()
	}
	_, err := c.Register(t.Context(), "127.0.0.1", Node{Name: "c"})
	require.True(t, failedBecause(err, ReasonClosed), "%v", err)
}

// Registrations, lookups and ends at once, for the race detector.
func TestServerManyNodes(t *testing.T) {
	c := startServer(t, &Server{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			name := fmt.Sprint("n", i)
			reg, err := c.Register(context.Background(), "127.0.0.1", Node{Name: name, Port: uint16(i)})
			if err != nil {
				t.Error(err)
				return
			}
			defer reg.Close()
			if n, err := c.Lookup(context.Background(), "127.0.0.1", name); err != nil || int(n.Port) != i {
				t.Error(n, err)
			}
		})
	}
	wg.Wait()
}

func TestServerOtherHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newFakeNet()
		c := serveFake(t, net, &Server{Relaxed: true, Kill: func() { t.Error("killed") }})
		reg, err := c.Register(t.Context(), "127.0.0.1", Node{Name: "a", Port: 9})
		require.NoError(t, err)
		defer reg.Close()

		net.from = "192.0.2.1"
		_, err = c.Register(t.Context(), "127.0.0.1", Node{Name: "b"})
		require.True(t, failedBecause(err, ReasonClosed), "%v", err)
		_, err = c.Dump(t.Context(), "127.0.0.1")
		require.True(t, failedBecause(err, ReasonClosed))
		require.True(t, failedBecause(c.Kill(t.Context(), "127.0.0.1"), ReasonClosed))
		require.True(t, failedBecause(c.Stop(t.Context(), "127.0.0.1", "a"), ReasonClosed))
		n, err := c.Lookup(t.Context(), "127.0.0.1", "a")
		require.NoError(t, err)
		require.EqualValues(t, 9, n.Port)
		names, err := c.Names(t.Context(), "127.0.0.1")
		require.NoError(t, err)
		require.Len(t, names, 1)

		// An address of the host itself is local, loopback or not.
		c2 := serveFake(t, net, &Server{}, "192.0.2.1")
		reg2, err := c2.Register(t.Context(), "192.0.2.1", Node{Name: "c"})
		require.NoError(t, err)
		reg2.Close()
	})
}

// serveFake serves s on a fake network, at port 4369.
func serveFake(t *testing.T, f *fakeNet, s *Server, addresses ...string) *Client {
	if addresses == nil {
		addresses = []string{"127.0.0.1"}
	}
	var lns []net.Listener
	for _, a := range addresses {
		ln := &fakeListener{net: f, addr: a + ":4369", conns: make(chan net.Conn), closed: make(chan struct{})}
		f.at[ln.addr] = ln
		lns = append(lns, ln)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, lns...) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return &Client{Dial: f.Dial}
}

// A client that sends a byte now and then is dropped after the idle limit all the same; a node is not.
func TestServerIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newFakeNet()
		c := serveFake(t, net, &Server{Idle: 10 * time.Second})
		reg, err := c.Register(t.Context(), "127.0.0.1", Node{Name: "a", Port: 9})
		require.NoError(t, err)
		defer reg.Close()

		conn, err := net.Dial(t.Context(), "tcp", "127.0.0.1:4369")
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		_, err = conn.Write([]byte{0, 200})
		for err == nil {
			<-time.After(3 * time.Second)
			_, err = conn.Write([]byte{'z'})
		}
		require.InDelta(t, 12, time.Since(start).Seconds(), 0.1)

		<-time.After(time.Hour)
		_, err = c.Lookup(t.Context(), "127.0.0.1", "a")
		require.NoError(t, err)
	})
}

// The connection that is closed to make room is the oldest of the address with most of them.
func TestWaitingEvicts(t *testing.T) {
	f := newFakeNet()
	conns := map[*peer]net.Conn{}
	w := newWaiting(3)
	add := func(from string) *peer {
		ours, theirs := net.Pipe()
		f.from = from
		p := newPeer(&fakeConn{theirs, &net.TCPAddr{IP: net.ParseIP("192.0.2.9")}, &net.TCPAddr{IP: net.ParseIP(from)}}, 0)
		conns[p] = ours
		w.add(p)
		return p
	}
	a1, b1, b2 := add("192.0.2.1"), add("192.0.2.2"), add("192.0.2.2")
	b3 := add("192.0.2.2")
	require.False(t, w.remove(b1), "evicted")
	_, err := conns[b1].Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	c1 := add("192.0.2.3")
	require.False(t, w.remove(b2))
	add("192.0.2.4")
	require.False(t, w.remove(a1), "all have one: the oldest")
	require.True(t, w.remove(b3))
	require.True(t, w.remove(c1))
	require.Len(t, w.count, 1)
	w.evict()
	require.Empty(t, w.count)
	w.evict() // nobody left
}

// A listener that fails by itself ends Serve, with its error; the names are gone.
func TestServeListenerFails(t *testing.T) {
	lns, err := Listen(t.Context(), nil, 0)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- new(Server).Serve(context.Background(), lns...) }()
	c := &Client{Port: portOf(lns[0])}
	reg, err := c.Register(t.Context(), "127.0.0.1", Node{Name: "a"})
	require.NoError(t, err)
	lns[0].Close()
	require.ErrorIs(t, <-done, net.ErrClosed)
	require.Error(t, reg.Wait())
}

func TestListen(t *testing.T) {
	lns, err := Listen(t.Context(), nil, 0)
	require.NoError(t, err)
	defer closeAll(lns)
	require.Equal(t, "127.0.0.1", lns[0].Addr().(*net.TCPAddr).IP.String())

	_, err = Listen(t.Context(), nil, portOf(lns[0]))
	require.True(t, failedBecause(err, ReasonListen), "%v", err)
	require.ErrorContains(t, err, "another epmd has it")
	_, err = Listen(t.Context(), []string{"localhost"}, 0)
	require.True(t, failedBecause(err, ReasonInvalid), "%v", err)
	_, err = Listen(t.Context(), nil, 65536)
	require.True(t, failedBecause(err, ReasonInvalid), "%v", err)
	_, err = Listen(t.Context(), []string{"192.0.2.1"}, 0)
	require.True(t, failedBecause(err, ReasonListen), "not an address of this host: %v", err)

	all, err := Listen(t.Context(), []string{"0.0.0.0"}, 0)
	require.NoError(t, err)
	require.Len(t, all, 1)
	closeAll(all)
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct {
		in   []string
		want string
	}{
		{nil, "127.0.0.1? ::1?"},
		{[]string{"192.0.2.1"}, "127.0.0.1? ::1? 192.0.2.1"},
		{[]string{"127.0.0.2", "192.0.2.1"}, "127.0.0.2 192.0.2.1"},
		{[]string{"0.0.0.0", "::"}, "0.0.0.0 ::"},
		{[]string{"::ffff:127.0.0.1"}, "127.0.0.1"},
	} {
		all, err := places(tt.in, 1)
		require.NoError(t, err)
		var got []string
		for _, p := range all {
			s := p.addr.String()
			if p.optional {
				s += "?"
			}
			got = append(got, s)
		}
		require.Equal(t, tt.want, strings.Join(got, " "))
	}
}
