package node

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// listener accepts connections and runs their handshakes, each in a goroutine of its own. There are at most max at once:
// one more closes the oldest, which has had the longest time to show that it is a node. So those who connect and say
// nothing cost little and hold up nobody.
type listener struct {
	node *Node
	ln   net.Listener
	max  int

	mu     sync.Mutex
	shakes list.List // of net.Conn, oldest first
}

// listen opens the port that others reach the node at.
func listen(spec, name string) (net.Listener, error) {
	if spec == "" {
		host, err := ownInterface(name)
		if err != nil {
			return nil, err
		}
		return net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	host, ports, err := net.SplitHostPort(spec)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: want host:port or host:first-last: %w", spec, err)
	}
	first, last, err := portRange(ports)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", spec, err)
	}
	for port := first; ; port++ {
		ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			return ln, nil
		}
		if port == last {
			return nil, fmt.Errorf("no free port: %w", err)
		}
	}
}

func portRange(s string) (first, last int, err error) {
	lo, hi, isRange := strings.Cut(s, "-")
	if !isRange {
		hi = lo
	}
	first, err1 := strconv.Atoi(lo)
	last, err2 := strconv.Atoi(hi)
	if err1 != nil || err2 != nil || first < 0 || last > 65535 || first > last {
		return 0, 0, fmt.Errorf("%q is no port and no range of ports", s)
	}
	return first, last, nil
}

// ownInterface returns the address to listen on for a node called name: the one that its host stands for, the loopback
// address if that is where it leads, all interfaces ("") if it is a host name that leads elsewhere.
func ownInterface(name string) (string, error) {
	_, host, err := dist.ParseName(name)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip != nil {
		return host, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), DefaultSetupTime)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return "", fmt.Errorf("the host of node name %s can't be resolved, so that nobody could reach it: %w", name, err)
	}
	loopback := ""
	for _, a := range addrs {
		switch {
		case !a.IP.IsLoopback():
			return "", nil
		case loopback == "" || a.IP.To4() != nil:
			loopback = a.IP.String()
		}
	}
	return loopback, nil
}

// serve accepts until the listener is closed. It is owned by the node.
func (l *listener) serve() {
	defer l.node.wg.Done()
	var pause time.Duration
	for {
		nc, err := l.ln.Accept()
		switch {
		case err == nil:
			pause = 0
			elem := l.add(nc)
			l.node.wg.Add(1)
			go l.shake(nc, elem) // owned by the node: a handshake ends with n.ctx, a link with its connection
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of file descriptors, or a connection that is gone already
			pause = min(max(5*time.Millisecond, 2*pause), time.Second)
			l.node.log.Warn("accept failed", "error", err, "pause", pause)
			select {
			case <-time.After(pause):
			case <-l.node.ctx.Done():
				return
			}
		}
	}
}

func (l *listener) add(nc net.Conn) *list.Element {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shakes.Len() >= l.max {
		l.shakes.Remove(l.shakes.Front()).(net.Conn).Close()
		l.node.counters.crowdedOut.Add(1)
	}
	return l.shakes.PushBack(nc)
}

func (l *listener) remove(elem *list.Element) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shakes.Remove(elem)
}

// shake runs the handshake of a connection that came in, and then its life.
func (l *listener) shake(nc net.Conn, elem *list.Element) {
	n := l.node
	defer n.wg.Done()
	id := attemptID(n.attemptIDs.Add(1))
	var peer gen.Atom
	var answer dist.Admission
	a := dist.Acceptor{
		Self:        n.hello(),
		Cookie:      n.cookie,
		StepTimeout: n.cfg.SetupTime,
		Admit: func(_ context.Context, h dist.Hello) dist.Admission {
			peer, answer = h.Name, n.greeted(h, id)
			return answer
		},
		Takeover: func(ctx context.Context, h dist.Hello) error { return n.takeOver(ctx, h.Name) },
	}
	res, err := a.Handshake(n.ctx, nc)
	l.remove(elem)
	var lk *link
	if err == nil {
		lk = n.newLink(dist.NewConn(nc, res, n.connConfig()), res.Peer.Name, nil)
		if !n.admit(lk) {
			err = errStopping
		}
	}
	if peer != "" {
		n.settled(peer, id, answer)
	}
	if n.ctx.Err() == nil {
		n.counters.handshakesIn.add(err)
	}
	if err != nil {
		nc.Close()
		n.refused(nc.RemoteAddr(), peer, err)
		return
	}
	lk.run(func() { n.arrived(lk.peer) })
}

// greeted decides on a peer that has said its name.
func (n *Node) greeted(h dist.Hello, id attemptID) dist.Admission {
	if dist.CompareNames(string(n.name), string(h.Name)) != nil && !h.Flags.Has(dist.FlagNameMe) {
		// OTP's acceptor does not look; the peer can't dial us and we can't dial it, but the link works.
		n.log.Debug("long and short node names meet", "peer", string(h.Name))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopping {
		return dist.AdmitBusy
	}
	return n.table.hello(h.Name, id)
}

// takeOver ends the link to a peer that has proved to be the same node, and waits for its nodedown.
func (n *Node) takeOver(ctx context.Context, peer gen.Atom) error {
	n.mu.Lock()
	l := n.present(peer)
	n.mu.Unlock()
	if l == nil {
		return nil
	}
	l.replaced()
	select {
	case <-l.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settled notes that a handshake that came in is over, and lets our own dial of the peer go on.
func (n *Node) settled(peer gen.Atom, id attemptID, answer dist.Admission) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.table.settled(peer, id, answer)
	if f := n.flights[peer]; f != nil {
		select {
		case f.resume <- struct{}{}:
		default:
		}
	}
}

// arrived ends the flight of those who wait for a peer that has connected by itself.
func (n *Node) arrived(peer gen.Atom) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.flights[peer]
	if f == nil {
		return
	}
	delete(n.flights, peer)
	n.table.dialed(peer, f.id)
	f.cancel()
	close(f.done)
}

// refused notes a handshake that came in and failed.
func (n *Node) refused(addr net.Addr, peer gen.Atom, err error) {
	n.counters.handshakesFailed.Add(1)
	switch {
	case n.ctx.Err() != nil:
	case errors.Is(err, dist.ErrCookie), errors.Is(err, dist.ErrFlags), errors.Is(err, dist.ErrMalformed):
		n.log.Warn("connection refused", "address", addr.String(), "peer", string(peer), "error", err)
	default:
		n.log.Debug("handshake failed", "address", addr.String(), "peer", string(peer), "error", err)
	}
}
