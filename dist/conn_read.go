package dist

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"ergo.services/ergo/gen"
)

// tickChecks is into how many parts the tick time is divided for sending; it is net_tickintensity of OTP.
const tickChecks = 4

// silenceChecks is into how many parts it is divided for listening. A peer that was not heard in all but one of them in a
// row is gone, which is after 7/8 of the tick time to the whole: in the middle of the 3/4 to 5/4 that OTP takes, so that a
// check that comes late does not go over them.
const silenceChecks = 8

// Serve receives signals and hands them to handle in order, in the caller's goroutine, until the link ends. It returns
// the first cause, a *LinkError. The *Signal is used again for the next one: handle must not keep it, but may keep what
// is in it. An error of handle ends the link at once, with that cause.
//
// handle should not take long, because the peer's senders wait while nothing is read; while it runs the peer is not
// taken for silent. Serve may be called once.
func (c *Conn) Serve(handle func(*Signal) error) error {
	c.mu.Lock()
	again, p := c.served, c.phase()
	c.served = true
	c.mu.Unlock()
	if again {
		return fmt.Errorf("link to %s: Serve was called before", string(c.r.Peer.Name))
	}
	if p == phaseClosed {
		return c.Err()
	}
	written := make(chan struct{})
	go func() { // owned by Serve, which waits for it
		defer close(written)
		c.writeLoop()
	}()
	defer func() { // also when handle panics
		c.Abort(nil)
		<-written
	}()
	c.Abort(c.readLoop(handle))
	return c.Err()
}

// reader is the state of the receive loop.
type reader struct {
	frames *frameBuffer
	in     *inbox
	sig    Signal
	heard  bool // since the last check
	silent int  // checks in a row at which nothing had been heard
}

// readLoop receives until the link ends, and returns why.
func (c *Conn) readLoop(handle func(*Signal) error) error {
	r := &reader{frames: newFrameBuffer(c.cfg.ReadBuffer, c.cfg.MaxFrame), in: newInbox(c.r, c.cfg)}
	c.armRead()
	for {
		handled, err := c.handleFrames(r, handle)
		if err != nil {
			return linkError(c.r.Peer.Name, err, ReasonConnectionClosed)
		}
		if handled && c.cfg.Idle != nil {
			c.cfg.Idle()
		}
		if err := c.fill(r); err != nil {
			return err
		}
	}
}

// handleFrames hands over all that has arrived whole, and reports whether that was any.
func (c *Conn) handleFrames(r *reader, handle func(*Signal) error) (handled bool, err error) {
	for {
		frame, ok, err := r.frames.next()
		if err != nil || !ok {
			return handled, err
		}
		if len(frame) == 0 {
			c.ticksIn.Add(1)
			continue
		}
		if c.phase() >= phasePolite {
			continue
		}
		whole, err := r.in.frame(frame, &r.sig)
		if err != nil {
			return handled, err
		}
		if !whole {
			continue
		}
		c.signalsIn.Add(1)
		handled = true
		if err := handle(&r.sig); err != nil {
			return handled, linkError(c.r.Peer.Name, err, ReasonDisconnect)
		}
	}
}

// fill waits for more bytes. Its deadline passes at each eighth of the tick time.
func (c *Conn) fill(r *reader) error {
	for {
		n, err := c.nc.Read(r.frames.space())
		if n > 0 {
			r.frames.got(n)
			r.heard = true
			c.bytesIn.Add(uint64(n))
			return nil // an error comes again
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return c.readError(err, r.frames.partial())
		}
		if c.phase() == phaseOpen {
			if err := c.checkSilence(r); err != nil {
				return err
			}
		}
		if !c.armRead() {
			return err // the time to go on reading after the end is over, and the cause is set
		}
	}
}

// armRead sets when the next check is due. After the end of the link it reports whether the time to go on reading is not
// over: a check may have been due just when the link ended.
func (c *Conn) armRead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.phase() != phaseOpen:
		return time.Now().Before(c.limit)
	case c.cfg.TickTime > 0:
		_ = c.nc.SetReadDeadline(time.Now().Add(c.cfg.TickTime / silenceChecks))
	}
	return true
}

// checkSilence is called once an eighth of the tick time, and only when all that arrived is handled.
func (c *Conn) checkSilence(r *reader) error {
	if err := r.in.frags.expire(time.Now()); err != nil {
		return linkError(c.r.Peer.Name, err, ReasonConnectionClosed)
	}
	if r.heard {
		r.heard, r.silent = false, 0
		return nil
	}
	r.silent++
	if r.silent < silenceChecks-1 {
		if r.silent > silenceChecks/tickChecks {
			c.cfg.Logger.Debug("nothing received from peer, not even a tick",
				"peer", string(c.r.Peer.Name), "for", c.cfg.TickTime/silenceChecks*time.Duration(r.silent))
		}
		return nil
	}
	return &LinkError{Reason: ReasonTickTimeout, Err: fmt.Errorf(
		"%w (%v): the peer or the network hangs, or the peer has a longer net_ticktime", ErrTickTimeout, c.cfg.TickTime)}
}

// readError says what a failed read means.
func (c *Conn) readError(err error, partial bool) error {
	switch {
	case errors.Is(err, io.EOF) && partial:
		err = fmt.Errorf("%w by the peer in the middle of a frame: %w", ErrClosed, err)
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("%w by the peer: %w", ErrClosed, err)
	default:
		err = fmt.Errorf("%w: the peer or the network broke it: %w", ErrClosed, err)
	}
	return &LinkError{Reason: ReasonConnectionClosed, Err: err}
}

// linkError makes err the cause of the end of the link to peer; nil is ErrDisconnect.
func linkError(peer gen.Atom, err error, reason gen.Atom) *LinkError {
	if err == nil {
		err = ErrDisconnect
	}
	e, ok := err.(*LinkError)
	if !ok {
		return &LinkError{Peer: peer, Reason: reason, Err: err}
	}
	own := *e
	if own.Peer == "" {
		own.Peer = peer
	}
	if own.Reason == "" {
		own.Reason = reason
	}
	return &own
}
