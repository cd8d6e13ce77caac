package dist

import (
	"net"
	"slices"
)

// Buffers that are used again, and what a link keeps of them once it was quiet for a while.
const (
	maxSpares    = 2
	maxSpareSize = 4 << 20
	maxQuietSize = 64 << 10
	wasteful     = 8 // a write that takes less than that part of its buffer does not need it
	maxWasted    = 64
)

// batch is what goes out in one write: frames, and fragments of large messages behind them. It belongs to whoever writes,
// which is one at a time.
type batch struct {
	frames []byte   // whole frames; the buffer goes back to the outbox
	pieces []piece  // of the lanes, behind them
	heads  []byte   // of the pieces
	vec    [][]byte // all of it, in order, if there are pieces
	size   int      // bytes
}

// gather lists frames, heads and pieces for one write. The pieces stay where they are.
func (b *batch) gather() net.Buffers {
	b.heads, b.vec = b.heads[:0], b.vec[:0]
	if len(b.frames) > 0 {
		b.vec = append(b.vec, b.frames)
	}
	for i := range b.pieces { // first the heads, since they move while they grow
		b.heads = b.pieces[i].appendHead(b.heads)
	}
	heads := b.heads
	for i := range b.pieces {
		p := &b.pieces[i]
		if n := p.headLen(); n > 0 {
			b.vec = append(b.vec, heads[:n])
			heads = heads[n:]
		}
		b.vec = append(b.vec, p.data)
	}
	return b.vec
}

// release lets go of what was written. Its buffers become spares of o.
func (b *batch) release(o *outbox) {
	o.recycle(b.frames)
	for i := range b.pieces {
		o.recycle(b.pieces[i].last)
	}
	clear(b.pieces)
	clear(b.vec)
	b.frames, b.pieces, b.size = nil, b.pieces[:0], 0
}

// recycle keeps a buffer to be used again, if it is worth it: not if it is very large, nor if it is large and so many
// writes in a row would not have needed it.
func (o *outbox) recycle(buf []byte) {
	switch {
	case cap(buf) <= maxQuietSize:
	case len(buf) > cap(buf)/wasteful:
		o.wasted = 0
	default:
		if o.wasted++; o.wasted > maxWasted {
			return
		}
	}
	if cap(buf) > 0 && cap(buf) <= maxSpareSize && len(o.spares) < maxSpares {
		o.spares = append(o.spares, buf[:0])
	}
}

// buffer returns an empty buffer, the one that was used last if there is one.
func (o *outbox) buffer() []byte {
	n := len(o.spares) - 1
	if n < 0 {
		return nil
	}
	buf := o.spares[n]
	o.spares[n] = nil
	o.spares = o.spares[:n]
	return buf
}

// shrink drops large buffers that nothing is in.
func (o *outbox) shrink() {
	o.spares = slices.DeleteFunc(o.spares, func(buf []byte) bool { return cap(buf) > maxQuietSize })
	if len(o.buf) == 0 && cap(o.buf) > maxQuietSize {
		o.buf = nil
	}
}
