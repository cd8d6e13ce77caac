package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/epmd"
	"gonode/etf"
)

// Stage is how far an attempt to connect came.
type Stage string

// The stages of connecting, in their order.
const (
	StageName      Stage = "name"      // is it a name that we can connect to
	StageAddress   Stage = "address"   // where does it listen: discovery, Config.Resolve, or epmd
	StageConnect   Stage = "connect"   // the TCP connection
	StageHandshake Stage = "handshake" // the distribution handshake
)

// ConnectError is why a peer could not be connected. Err tells what happened and what can be done; errors.Is finds
// epmd.ErrNotFound, dist.ErrCookie and their like in it.
type ConnectError struct {
	Node    string // whom we dialled
	Address string // host:port, if it was found
	Stage   Stage  // where it failed
	Err     error
}

// Error implements error.
func (e *ConnectError) Error() string {
	if e.Address != "" {
		return fmt.Sprintf("connect to %s at %s: %v", e.Node, e.Address, e.Err)
	}
	return fmt.Sprintf("connect to %s: %v", e.Node, e.Err)
}

// Unwrap returns Err.
func (e *ConnectError) Unwrap() error { return e.Err }

// flight is one attempt to connect to a peer. All who want the peer meanwhile wait for the same one.
type flight struct {
	peer   gen.Atom
	id     attemptID
	hand   bool   // somebody else than discovery wants the peer; guarded by Node.mu
	addr   string // where discovery says that it listens; empty leaves that to the Resolver
	ctx    context.Context
	cancel context.CancelFunc
	resume chan struct{} // holds a token when a handshake that came in from the peer is over
	done   chan struct{} // closed when err is set: nil if the peer is up, however that came about
	err    error
}

// errOvertaken is why a flight ends whose peer has connected by itself.
var errOvertaken = errors.New("the peer has connected by itself")

// want starts a flight to peer unless there is one or the peer is up. It returns nil if the peer is up. hand is false if
// discovery wants the peer. The caller holds n.mu.
func (n *Node) want(peer gen.Atom, hand bool, addr string) *flight {
	id := attemptID(n.attemptIDs.Add(1))
	if n.table.want(peer, id) {
		f := &flight{peer: peer, id: id, addr: addr, resume: make(chan struct{}, 1), done: make(chan struct{})}
		f.ctx, f.cancel = context.WithCancel(n.ctx)
		n.flights[peer] = f
		n.wg.Add(1)
		go n.fly(f) // owned by the node: ends with n.ctx at the latest
	}
	f := n.flights[peer]
	if f != nil && hand {
		f.hand = true
	}
	return f
}

// fly dials f's peer and, if that goes well, makes the connection the one that counts.
func (n *Node) fly(f *flight) {
	defer n.wg.Done()
	defer f.cancel()
	conn, err := n.dial(f)
	n.dialed(f, err)
	if errors.Is(err, errOvertaken) {
		return // arrived ends the flight, after the nodeup
	}
	if err != nil {
		if errors.Is(err, dist.ErrNok) || errors.Is(err, dist.ErrAlive) {
			err = n.yield(f, err)
		}
		n.landed(f, err)
		return
	}
	l := n.newLink(conn, f.peer, f)
	if !n.admit(l) {
		conn.Abort(errStopping)
		n.landed(f, errStopping)
		return
	}
	go l.run(func() { n.landed(f, nil) }) // owned by itself, counted by admit
}

// yield waits for the peer's own attempt, which goes before ours, as long as a handshake step may take.
func (n *Node) yield(f *flight, refused error) error {
	n.mu.Lock()
	up := n.table.up(f.peer)
	if !up {
		n.table.yield(f.peer, f.id)
	}
	n.mu.Unlock()
	if up {
		return nil
	}
	timer := time.NewTimer(n.cfg.SetupTime)
	defer timer.Stop()
	select {
	case <-f.done:
		return nil
	case <-timer.C:
		return refused
	case <-n.ctx.Done():
		return errStopping
	}
}

// landed ends f: its peer is up, or err says why not. Sessions that waited for it go on or are dropped.
func (n *Node) landed(f *flight, err error) {
	n.mu.Lock()
	if n.flights[f.peer] != f { // an incoming connection was faster and has ended it
		n.mu.Unlock()
		return
	}
	delete(n.flights, f.peer)
	n.table.dialed(f.peer, f.id)
	if n.table.up(f.peer) {
		err = nil
	}
	f.err = err
	var s *session
	if err != nil {
		s = n.sessions[f.peer]
		delete(n.sessions, f.peer)
	}
	close(f.done)
	n.mu.Unlock()
	if s != nil {
		// A process that asked Ergo to monitor the node places the monitor after it got the session, so the bad news
		// must not be faster than that.
		time.AfterFunc(noConnectionDelay, func() {
			n.placed.lose(f.peer)
			s.end()
		})
	}
	if err != nil {
		n.log.Debug("connect failed", "peer", string(f.peer), "error", err)
	}
}

// noConnectionDelay is how long a session outlives an attempt that failed.
const noConnectionDelay = 20 * time.Millisecond

// dial connects to f's peer: name, address, TCP, handshake.
func (n *Node) dial(f *flight) (*dist.Conn, error) {
	ctx, peer := f.ctx, f.peer
	fail := func(stage Stage, addr string, err error) error {
		return &ConnectError{Node: string(peer), Address: addr, Stage: stage, Err: err}
	}
	if err := dist.CompareNames(string(n.name), string(peer)); err != nil {
		return nil, fail(StageName, "", err)
	}
	addr, hint, err := n.address(f)
	if err != nil {
		return nil, fail(StageAddress, "", err)
	}
	dialer := net.Dialer{Timeout: n.cfg.SetupTime}
	nc, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fail(StageConnect, addr, fmt.Errorf("%w: %s, but the port can't be reached: "+
			"it may have just stopped, or a firewall is in between", err, hint))
	}
	res, err := n.initiate(f, nc)
	if err != nil {
		nc.Close()
		return nil, fail(StageHandshake, addr, err)
	}
	return dist.NewConn(nc, res, n.connConfig()), nil
}

// address finds where f's peer listens, and says how. What discovery knows comes first, whoever wants the peer.
func (n *Node) address(f *flight) (addr, hint string, err error) {
	if f.addr == "" {
		f.addr = n.engine.Address(string(f.peer))
	}
	if f.addr != "" {
		return f.addr, "discovery says that it listens there", nil
	}
	ctx, cancel := context.WithTimeout(f.ctx, n.cfg.SetupTime)
	defer cancel()
	addr, err = n.resolve(ctx, string(f.peer))
	return addr, "it is registered there", err
}

// samePort is the Resolver of a cluster without epmd: every node listens on the same port.
func (n *Node) samePort(_ context.Context, peer string) (string, error) {
	_, host, err := dist.ParseName(peer)
	return net.JoinHostPort(host, strconv.Itoa(n.port)), err
}

// resolver returns what finds the peers.
func (n *Node) resolver() Resolver {
	switch {
	case n.cfg.Resolve != nil:
		return n.cfg.Resolve
	case n.cfg.EPMD == epmd.None:
		return n.samePort
	}
	return ResolveEPMD(epmd.Client{Port: n.cfg.EPMDPort, Timeout: n.cfg.SetupTime})
}

// initiate runs the handshake on a connection that we made.
func (n *Node) initiate(f *flight, nc net.Conn) (dist.Result, error) {
	if err := n.hold(f); err != nil {
		return dist.Result{}, err
	}
	peer := f.peer
	i := dist.Initiator{
		Self:        n.hello(),
		Peer:        peer,
		Cookie:      n.cookie(peer),
		StepTimeout: n.cfg.SetupTime,
		Alive: func() bool {
			n.mu.Lock()
			defer n.mu.Unlock()
			return n.table.insist(peer)
		},
	}
	return i.Handshake(f.ctx, nc)
}

// holdTime is how long a dial waits for a handshake that came in from the same peer. A real one takes milliseconds; one
// that says no more than the peer's name must not keep us from the peer.
const holdTime = time.Second

// hold waits while the peer shakes hands with us by itself.
func (n *Node) hold(f *flight) error {
	timer := time.NewTimer(holdTime)
	defer timer.Stop()
	for patient := true; ; {
		n.mu.Lock()
		verdict := n.table.shake(f.peer, f.id, patient)
		n.mu.Unlock()
		switch verdict {
		case shakeGo:
			return nil
		case shakeOver:
			return errOvertaken
		}
		select {
		case <-f.resume:
		case <-timer.C:
			patient = false
		case <-f.ctx.Done():
			return f.ctx.Err()
		}
	}
}

// hello is what we say of ourselves.
func (n *Node) hello() dist.Hello {
	return dist.Hello{Name: n.name, Flags: n.cfg.Flags, Creation: n.creation}
}

func (n *Node) cookie(peer gen.Atom) string {
	if c, ok := n.cfg.Cookies[string(peer)]; ok {
		return c
	}
	return n.cfg.Cookie
}

// maxDepth is how deep terms of peers may nest: as deep as what is sent, since a connection ends over what is not taken.
const maxDepth = 10_000

func (n *Node) connConfig() dist.Config {
	return dist.Config{
		Limits:    etf.Limits{Depth: maxDepth},
		Local:     n.ident,
		SendLimit: n.cfg.SendLimit,
		MaxFrame:  n.cfg.MaxFrame,
		Memory:    &n.memory,
		TickTime:  n.cfg.TickTime,
		Logger:    n.log,
	}
}
