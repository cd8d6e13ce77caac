package dist

import (
	"fmt"
	"time"

	"ergo.services/ergo/gen"
)

// writeLoop writes what nobody else writes (conn_direct.go), and ticks, until the link ends.
func (c *Conn) writeLoop() {
	w := writeLoop{c: c}
	var tick <-chan time.Time
	if c.cfg.TickTime > 0 {
		t := time.NewTicker(c.cfg.TickTime / tickChecks)
		defer t.Stop()
		tick = t.C
	}
	for going := true; going; {
		select {
		case <-c.wake:
			going = w.flush()
		case <-tick:
			going = w.tick()
		case <-c.done:
			going = false
		}
	}
}

// writeLoop is the state of the write loop.
type writeLoop struct {
	c     *Conn
	heard uint64 // bytes received when the last tick was due
}

// flush writes all that is pending, each time all that has gathered, and reports whether the link is still up. The write
// loop is the scribe before, and nobody is after that.
func (w *writeLoop) flush() bool {
	c := w.c
	for {
		c.mu.Lock()
		p := c.phase()
		if p == phaseClosed || p == phaseHangup {
			c.mu.Unlock()
			return false
		}
		rest := c.unwritten
		c.unwritten = nil
		whole := rest == nil
		if whole {
			c.out.take(&c.batch)
			rest = c.batch.frames
		}
		if c.batch.size == 0 {
			c.scribe = nobody
			c.mu.Unlock()
			if p == phasePolite {
				c.halfClose()
			}
			return p == phaseOpen
		}
		c.mu.Unlock()
		begin := time.Now()
		if !w.writeBatch(rest) {
			return false
		}
		took := time.Since(begin)
		if !whole {
			took = 0 // which is not that of the whole batch
		}
		c.mu.Lock()
		c.wroteBatch(took)
		c.mu.Unlock()
	}
}

// writeBatch writes what is left of the frames of the batch, and its pieces.
func (w *writeLoop) writeBatch(frames []byte) bool {
	if len(w.c.batch.pieces) == 0 {
		n, err := w.c.nc.Write(frames)
		return w.wrote(int64(n), err, ReasonConnectionClosed)
	}
	vec := w.c.batch.gather()
	n, err := vec.WriteTo(w.c.nc)
	return w.wrote(n, err, ReasonConnectionClosed)
}

// wrote counts what was written; if it can't be, the link is over and it returns false.
func (w *writeLoop) wrote(n int64, err error, reason gen.Atom) bool {
	w.c.bytesOut.Add(uint64(n))
	if err != nil {
		w.c.hangup(&LinkError{Reason: reason, Err: fmt.Errorf("%w: the peer or the network broke it: %w", ErrClosed, err)})
	}
	return err == nil
}

// tick writes a tick if nothing was written since the last one was due; to a hidden peer also if nothing was received
// since then, because old C nodes tick only when they get one. So does OTP.
func (w *writeLoop) tick() bool {
	c := w.c
	heard := c.bytesIn.Load()
	c.mu.Lock()
	due := !c.wrote || heard == w.heard && !c.r.Flags.Has(FlagPublished)
	c.wrote, w.heard = false, heard
	c.out.shrink()
	writes := due && c.phase() == phaseOpen && c.scribe != sender && c.unwritten == nil
	if writes {
		c.scribe = writer
	}
	mine := c.scribe == writer
	c.mu.Unlock()
	if writes {
		n, err := c.nc.Write(tickFrame[:])
		if !w.wrote(int64(n), err, ReasonTickFailed) {
			return false
		}
		c.ticksOut.Add(1)
	}
	return !mine || w.flush()
}

var tickFrame [lenBytes]byte

// halfClose tells the peer that no more comes, once all is written, so that it reads all of it before it closes; the
// receive loop sees that. A socket that cannot do so is closed.
func (c *Conn) halfClose() {
	if h, ok := c.nc.(interface{ CloseWrite() error }); ok && h.CloseWrite() == nil {
		return
	}
	c.shut()
}
