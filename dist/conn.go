package dist

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ergo.services/ergo/gen"
)

// Conn is one live link to another node, after the handshake. Make it with NewConn and run Serve; all other methods may
// be called from any goroutine, also from the handler of Serve.
//
// Signals arrive in the order in which they were sent, for each pair of sender and receiver; a large message counts from
// where its last fragment is. Send and Post of one goroutine keep their order.
type Conn struct {
	nc   net.Conn
	r    Result
	cfg  Config
	wake chan struct{} // holds a token when the writer has something to do
	done chan struct{} // closed when the socket is

	bytesIn, bytesOut atomic.Uint64
	ticksIn, ticksOut atomic.Uint64
	signalsIn         atomic.Uint64
	state             atomic.Int32 // a phase; changes under mu

	direct *directSocket // nil if the socket can't be used without waiting

	mu     sync.Mutex
	served bool
	cause  *LinkError    // the first
	limit  time.Time     // until when to go on after the end, from phaseHangup on
	out    *outbox       // what is to be written
	scribe scribe        // who writes it
	credit bool          // a sender may write itself, once after something has arrived
	room   chan struct{} // closed when Send may go on; nil if none waits

	// Of the scribe, while it is not the receive loop.
	batch     batch  // what is being written
	unwritten []byte // the rest of its frames, if the socket has not taken all of them at once
	wrote     bool   // since the last tick was due; changes under mu
}

// scribe is whose task it is to write what is pending. Nobody has it only if nothing is.
type scribe uint8

const (
	nobody scribe = iota
	sender        // a sender, in its own goroutine, without waiting
	loop          // the receive loop, which does so when it has handled what has arrived
	writer        // the write loop
)

// phase is how far a Conn has come to its end. It only grows.
type phase int32

const (
	phaseOpen   phase = iota
	phaseHangup       // a write failed: what the peer sent before it went is still handed over
	phasePolite       // Close: what was sent is still written, and what arrives is thrown away
	phaseClosed       // the socket is closed
)

// NewConn returns the link that a handshake on nc agreed on, over a socket from which nothing was read past the
// handshake. It starts nothing: call Serve. The Conn closes nc.
func NewConn(nc net.Conn, r Result, cfg Config) *Conn {
	cfg = cfg.withDefaults()
	return &Conn{
		nc: nc, r: r, cfg: cfg,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		out:    newOutbox(r, cfg),
		direct: newDirectSocket(nc),
	}
}

// Send encodes s and queues it to be written. While more than Config.SendLimit bytes wait it waits too, until there is
// room or ctx is done. It does not wait for the peer, and keeps nothing of s but strings: those that fill a fragment
// (Config.FragmentSize) are written from where they lie, so a large binary that is sent as a string is never copied.
//
// Errors that wrap ErrUnsupported, ErrStale or ErrSignal and those of package etf concern this signal only: nothing of
// it was sent and the link is as before. After the end of the link the error wraps ErrClosed and the *LinkError.
func (c *Conn) Send(ctx context.Context, s *Signal) error {
	c.mu.Lock()
	for c.cause == nil && c.out.pending() >= c.cfg.SendLimit {
		if c.room == nil {
			c.room = make(chan struct{})
		}
		room := c.room
		c.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return fmt.Errorf("send to %s, which does not read fast enough: %w", string(c.r.Peer.Name), ctx.Err())
		}
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	return c.add(s)
}

// Post is Send without waiting, for answers from the receive loop, which must go on reading. If more than
// Config.PostLimit bytes wait already, the link is ended with ErrOverload.
func (c *Conn) Post(s *Signal) error {
	c.mu.Lock()
	if c.cause == nil && c.out.pending() > c.cfg.PostLimit {
		pending := c.out.pending()
		c.mu.Unlock()
		c.Abort(&LinkError{Reason: ReasonConnectionClosed, Err: fmt.Errorf("%w: %d bytes", ErrOverload, pending)})
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	return c.add(s)
}

// add queues s and sees to it that it is written. The caller holds mu.
func (c *Conn) add(s *Signal) error {
	if c.cause != nil {
		return fmt.Errorf("send to %s: %w: %w", string(c.r.Peer.Name), ErrClosed, c.cause)
	}
	if err := c.out.add(s); err != nil {
		return err
	}
	c.added()
	return nil
}

// Close ends the link politely and does not wait for that: what was sent is still written, for Config.CloseTime at most,
// nothing more is taken to be sent, and what still arrives is thrown away. cause is what Serve returns and others
// get; nil is ErrDisconnect. A *LinkError sets Erlang's reason too, which is disconnect otherwise. Only the first cause
// counts. Before Serve has begun nothing can be written, and Close does what Abort does.
func (c *Conn) Close(cause error) {
	c.mu.Lock()
	if c.phase() != phaseOpen {
		c.mu.Unlock()
		return
	}
	c.setCause(cause, ReasonDisconnect)
	if !c.served { // there is no writer
		c.mu.Unlock()
		c.shut()
		return
	}
	c.setPhase(phasePolite)
	c.limit = time.Now().Add(c.cfg.CloseTime)
	_ = c.nc.SetWriteDeadline(c.limit)
	_ = c.nc.SetReadDeadline(c.limit)
	c.callWriter()
	c.mu.Unlock()
}

// Abort ends the link at once: what is pending is lost. The cause is as for Close. It may follow a Close that takes too
// long.
func (c *Conn) Abort(cause error) {
	c.mu.Lock()
	c.setCause(cause, ReasonDisconnect)
	c.mu.Unlock()
	c.shut()
}

// hangup is for a write that failed: nothing can be sent any more, but what the peer sent before is still to be read.
func (c *Conn) hangup(cause *LinkError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setCause(cause, cause.Reason)
	if c.phase() == phaseOpen {
		c.setPhase(phaseHangup)
		c.limit = time.Now().Add(c.cfg.CloseTime)
		_ = c.nc.SetReadDeadline(c.limit)
	}
}

// setCause keeps the first cause and lets the senders that wait go. The caller holds mu.
func (c *Conn) setCause(cause error, reason gen.Atom) {
	if c.cause == nil {
		c.cause = linkError(c.r.Peer.Name, cause, reason)
	}
	c.letGo()
}

// letGo wakes the senders that wait for room. The caller holds mu.
func (c *Conn) letGo() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// shut closes the socket. The cause is set.
func (c *Conn) shut() {
	c.mu.Lock()
	closed := c.phase() == phaseClosed
	c.setPhase(phaseClosed)
	c.mu.Unlock()
	if closed {
		return
	}
	closeSocket(c.nc)
	close(c.done)
}

// closeSocket closes nc at once; TLS would wait to tell the peer, for up to 5 seconds.
func closeSocket(nc net.Conn) {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = t.NetConn()
	}
	_ = nc.Close()
}

func (c *Conn) phase() phase     { return phase(c.state.Load()) }
func (c *Conn) setPhase(p phase) { c.state.Store(int32(p)) } // the caller holds mu

// Err returns why the link ended, a *LinkError, or nil while it is up.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		return nil
	}
	return c.cause
}

// Done is closed when the socket is. The handler of Serve may still be in a call; it gets no more signals once Serve has
// returned.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Peer returns what the peer said of itself in the handshake.
func (c *Conn) Peer() Hello { return c.r.Peer }

// Self returns what this node said of itself in the handshake.
func (c *Conn) Self() Hello { return c.r.Self }

// Flags returns what both nodes can do.
func (c *Conn) Flags() Flags { return c.r.Flags }

// LocalAddr returns our address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }
