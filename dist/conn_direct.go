package dist

import (
	"runtime"
	"time"
)

// Who writes. The write loop can, at any time, but it costs a switch to its goroutine, often to another core, and it writes
// the first message of many alone. So the receive loop gathers what is sent while it hands over what has arrived, answers
// first of all, and writes that in one go; and a sender writes itself, without waiting, what nobody else is about to write,
// as long as it looks like the answer to something. All else is for the write loop.

// gatherBytes is how much may be pending before the receive loop leaves writing to the write loop.
const gatherBytes = 32 << 10

// added sees to it that what is pending will be written. The caller holds mu.
func (c *Conn) added() {
	switch {
	case c.scribe == loop && c.out.pending() > gatherBytes:
		c.callWriter()
	case c.scribe != nobody:
	case c.credit && c.direct != nil:
		c.credit = false
		c.scribe = sender
		c.writeDirect()
	default:
		c.callWriter()
	}
}

// callWriter leaves what is pending to the write loop, unless a sender is just writing: that will do so. The caller holds mu.
func (c *Conn) callWriter() {
	if c.scribe == sender || c.scribe == writer {
		return
	}
	c.scribe = writer
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// beginBurst makes the receive loop the scribe, if it can write without waiting and nobody else is.
func (c *Conn) beginBurst() {
	if c.direct == nil {
		return
	}
	c.mu.Lock()
	if c.scribe == nobody {
		c.scribe = loop
	}
	c.mu.Unlock()
}

// endBurst lets the processes run that have got something, and writes what they have sent.
func (c *Conn) endBurst() {
	if c.direct == nil {
		return
	}
	runtime.Gosched()
	c.mu.Lock()
	c.credit = true
	if c.scribe == loop {
		c.writeDirect()
	}
	c.mu.Unlock()
}

// writeDirect writes what is pending as far as the socket takes it; the rest, and what is sent meanwhile, is left to the
// write loop. The caller holds mu, which is released during the write, and is the scribe.
func (c *Conn) writeDirect() {
	c.scribe = sender
	if c.phase() == phaseOpen && c.out.lanes.bytes == 0 && c.out.pending() > 0 {
		c.out.take(&c.batch)
		c.mu.Unlock()
		n := c.direct.write(c.batch.frames)
		c.bytesOut.Add(uint64(n))
		c.mu.Lock()
		if n < len(c.batch.frames) { // the write loop comes upon the error, if there is one
			c.unwritten = c.batch.frames[n:]
		} else {
			c.wroteBatch(0)
		}
	}
	c.scribe = nobody
	if c.unwritten != nil || c.out.pending() > 0 || c.phase() != phaseOpen {
		c.callWriter()
	}
}

// wroteBatch notes that the batch is written, which took so long if it is not 0, and lets senders go on if there is room.
// The caller holds mu.
func (c *Conn) wroteBatch(took time.Duration) {
	c.out.wrote(&c.batch, took)
	c.wrote = true
	if c.out.pending() < c.cfg.SendLimit {
		c.letGo()
	}
}
