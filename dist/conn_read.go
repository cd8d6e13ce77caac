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
	pace    pacer
	frames  *frameBuffer
	in      *inbox
	sig     Signal
	body    []byte // what is still to come of a fragment, which is read to where its message gathers
	inBody  bool
	wasBody bool   // of the last frame
	seq     uint64 // of that fragment
	heard   bool   // since the last check
	silent  int    // checks in a row at which nothing had been heard
}

// readLoop receives until the link ends, and returns why.
func (c *Conn) readLoop(handle func(*Signal) error) error {
	r := &reader{frames: newFrameBuffer(c.cfg.ReadBuffer, c.cfg.MaxFrame), in: newInbox(c.r, c.cfg), pace: newPacer(c.direct)}
	defer r.pace.others.close()
	c.armRead()
	for {
		handled, err := c.handleFrames(r, handle)
		if err != nil {
			return linkError(c.r.Peer.Name, err, ReasonConnectionClosed)
		}
		if handled > 0 {
			c.endBurst()
		}
		if err := c.fill(r, handled); err != nil {
			return err
		}
	}
}

// handleFrames hands over all signals that have arrived whole, and returns how many that were.
func (c *Conn) handleFrames(r *reader, handle func(*Signal) error) (handled int, err error) {
	for {
		more, whole, err := c.next(r)
		if err != nil || !more {
			return handled, err
		}
		if !whole {
			continue
		}
		c.signalsIn.Add(1)
		if handled == 0 {
			c.beginBurst()
		}
		handled++
		if err := handle(&r.sig); err != nil {
			return handled, linkError(c.r.Peer.Name, err, ReasonDisconnect)
		}
	}
}

// next reads the next frame. more is false if it has not arrived whole; whole tells that a signal is complete.
func (c *Conn) next(r *reader) (more, whole bool, err error) {
	if r.inBody {
		if len(r.body) > 0 {
			return false, false, nil
		}
		r.inBody = false
		whole, err = r.in.extended(r.seq, &r.sig)
		return true, whole && c.phase() < phasePolite, err
	}
	frame, ok, err := r.frames.next()
	if ok {
		r.wasBody = false
	}
	switch {
	case err != nil:
		return false, false, err
	case !ok:
		return false, false, r.beginBody()
	case len(frame) == 0:
		c.ticksIn.Add(1)
	case c.phase() < phasePolite:
		whole, err = r.in.frame(frame, &r.sig)
	}
	return true, whole, err
}

// beginBody looks whether what has arrived of a frame is the beginning of a fragment, the rest of which can be read to
// where its message gathers.
func (r *reader) beginBody() error {
	part, size := r.frames.begun()
	if !r.in.canExtend(part) {
		return nil
	}
	dst, seq, err := r.in.extend(part, size)
	if err != nil {
		return err
	}
	n := copy(dst, part[fragmentHead-lenBytes:])
	r.body, r.seq, r.inBody, r.wasBody = dst[n:], seq, true, true
	r.frames.take()
	return nil
}

// space returns where to read to.
func (r *reader) space() []byte {
	if r.inBody {
		return r.body
	}
	space := r.frames.space()
	if len(r.in.frags.seqs) > 0 && r.wasBody && !r.frames.partial() {
		space = space[:min(len(space), headRead)] // most likely a fragment, whose data is not to be read to here
	}
	return space
}

// headRead is how much is read at once where the head of a fragment is expected.
const headRead = 64

// got tells that n bytes were read into space.
func (r *reader) got(n int) {
	if r.inBody {
		r.body = r.body[n:]
	} else {
		r.frames.got(n)
	}
	r.heard = true
}

// partial tells whether a frame has begun to arrive.
func (r *reader) partial() bool { return r.inBody || r.frames.partial() }

// fill waits for more bytes, after burst signals were handled. Its deadline passes at each eighth of the tick time.
func (c *Conn) fill(r *reader, burst int) error {
	n := r.pace.before(burst, c.bytesOut.Load(), r.space())
	if n == 0 && (r.inBody || r.wasBody) {
		n = r.pace.amid(r.space())
	}
	for {
		var err error
		if n == 0 {
			n, err = c.nc.Read(r.space())
		}
		if n > 0 {
			r.got(n)
			c.bytesIn.Add(uint64(n))
			r.pace.came(n, c.bytesOut.Load())
			return nil // an error comes again
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return c.readError(err, r.partial())
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
