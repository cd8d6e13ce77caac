package dist

import (
	"fmt"
	"time"

	"ergo.services/ergo/gen"
)

// keepWriteBuffer is the largest buffer that the writer uses again.
const keepWriteBuffer = 4 << 20

// writeLoop writes what is pending and ticks, until the link ends. It is the only one that writes to the socket.
func (c *Conn) writeLoop() {
	w := writer{c: c}
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
		}
	}
}

// writer is the state of the write loop.
type writer struct {
	c     *Conn
	spare []byte // to be the pending buffer after the next take
	wrote bool   // since the last tick was due
	heard uint64 // bytes received when it was
}

// flush writes all that is pending, each time all that has gathered, and reports whether the link is still up.
func (w *writer) flush() bool {
	c := w.c
	for {
		c.mu.Lock()
		p := c.phase()
		if p == phaseClosed || p == phaseHangup {
			c.mu.Unlock()
			return false
		}
		frames, pieces := c.out.take(w.spare)
		c.mu.Unlock()
		if len(frames) == 0 && len(pieces) == 0 {
			w.spare = frames
			if p == phasePolite {
				c.halfClose()
			}
			return p == phaseOpen
		}
		for i := range pieces {
			frames = pieces[i].appendTo(frames)
			pieces[i].data = nil
		}
		if !w.write(frames, ReasonConnectionClosed) {
			return false
		}
		w.spare = frames[:0]
		if cap(frames) > keepWriteBuffer {
			w.spare = nil
		}
		c.written()
	}
}

// written tells that what was taken is written, and lets senders go on if there is room.
func (c *Conn) written() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.inflight = 0
	if c.out.pending() < c.cfg.SendLimit {
		c.letGo()
	}
}

// write writes b; if it can't, the link is over and it returns false.
func (w *writer) write(b []byte, reason gen.Atom) bool {
	n, err := w.c.nc.Write(b)
	w.c.bytesOut.Add(uint64(n))
	w.wrote = true
	if err != nil {
		w.c.hangup(&LinkError{Reason: reason, Err: fmt.Errorf("%w: the peer or the network broke it: %w", ErrClosed, err)})
	}
	return err == nil
}

// tick writes a tick if nothing was written since the last one was due; to a hidden peer also if nothing was received
// since then, because old C nodes tick only when they get one. So does OTP.
func (w *writer) tick() bool {
	c := w.c
	heard := c.bytesIn.Load()
	due := !w.wrote || heard == w.heard && !c.r.Flags.Has(FlagPublished)
	if due {
		if c.phase() != phaseOpen {
			return w.flush()
		}
		if !w.write(tickFrame[:], ReasonTickFailed) {
			return false
		}
		c.ticksOut.Add(1)
	}
	w.wrote, w.heard = false, heard
	return true
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
