package dist

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/internal/wire"
)

// pidMemo keeps the pids that came lately, so that not each is made anew.
type pidMemo [128]struct {
	node                  gen.Atom
	num, serial, creation uint32
	pid                   gen.PID
}

// controlReader reads one control tuple with its message. Its first failure sticks; it is part of an inbox and used again.
type controlReader struct {
	terms etf.Decoder
	memo  pidMemo
	peer  gen.Atom // whose processes may send what concerns links and monitors

	b    []byte
	off  int
	base int // where b starts in the frame
	op   int
	err  error
}

// fail records the first failure.
func (r *controlReader) fail(what string) {
	r.failAt(r.off, errors.New(what))
}

func (r *controlReader) failAt(off int, err error) {
	if r.err == nil {
		r.err = &FrameError{Op: r.op, Offset: r.base + off, Err: err}
	}
}

// term reads any term.
func (r *controlReader) term() any {
	if r.err != nil {
		return nil
	}
	t, n, err := r.terms.Term(r.b[r.off:])
	if err != nil {
		off := r.off
		if e, ok := errors.AsType[*etf.DecodeError](err); ok {
			off += e.Offset
		}
		r.failAt(off, err)
		return nil
	}
	r.off += n
	return t
}

// byte reads one byte.
func (r *controlReader) byte() byte {
	if r.err == nil && r.off < len(r.b) {
		r.off++
		return r.b[r.off-1]
	}
	r.fail("cut short")
	return 0
}

// peek returns the next byte without reading it, 0 at the end.
func (r *controlReader) peek() byte {
	if r.err == nil && r.off < len(r.b) {
		return r.b[r.off]
	}
	return 0
}

// arity reads the head of a tuple.
func (r *controlReader) arity() int {
	switch r.byte() {
	case tagSmallTuple:
		return int(r.byte())
	case tagLargeTuple:
		w := wire.NewReader(r.b[r.off:])
		n := w.Count(uint64(w.Uint32()), 1)
		if w.Err() != nil {
			r.failAt(r.off, w.Err())
			return 0
		}
		r.off += w.Offset()
		return n
	}
	if r.err == nil {
		r.off--
		r.fail("a tuple is wanted")
	}
	return 0
}

// uint reads an integer from 0 of at most 64 bits.
func (r *controlReader) uint() uint64 {
	off := r.off
	v, whole := r.lowBits()
	if !whole {
		r.failAt(off, errors.New("an integer of at most 64 bits is wanted"))
	}
	return v
}

// lowBits reads an integer from 0 and returns its low 64 bits, and whether that is all of it.
func (r *controlReader) lowBits() (v uint64, whole bool) {
	if r.peek() == tagSmallInt && r.off+1 < len(r.b) {
		r.off += 2
		return uint64(r.b[r.off-1]), true
	}
	off := r.off
	switch v := r.term().(type) {
	case int64:
		if v >= 0 {
			return uint64(v), true
		}
	case *big.Int:
		if v.Sign() > 0 {
			return lowWord(v), v.IsUint64()
		}
	}
	r.failAt(off, errors.New("an integer from 0 is wanted"))
	return 0, true
}

// lowWord returns the low 64 bits of v, which is positive.
func lowWord(v *big.Int) uint64 {
	mask := new(big.Int).SetUint64(math.MaxUint64)
	return mask.And(mask, v).Uint64()
}

// atom reads an atom.
func (r *controlReader) atom() gen.Atom {
	if r.peek() == tagAtomRef && r.off+1 < len(r.b) {
		if i := int(r.b[r.off+1]); i < len(r.terms.Atoms) {
			r.off += 2
			a, _ := r.terms.Atoms[i].(gen.Atom)
			return a
		}
	}
	off := r.off
	a, ok := r.term().(gen.Atom)
	if !ok {
		r.failAt(off, errors.New("an atom is wanted"))
	}
	return a
}

// isAtom tells whether the next term is an atom.
func (r *controlReader) isAtom() bool {
	switch r.peek() {
	case tagAtomRef, tagSmallAtom, 118, 115, 100:
		return true
	}
	return false
}

// pid reads a pid, if it can from the memo.
func (r *controlReader) pid() gen.PID {
	off := r.off
	node, at := r.pidNode()
	if at == 0 {
		return r.newPID(off)
	}
	num, serial := binary.BigEndian.Uint32(r.b[at:]), binary.BigEndian.Uint32(r.b[at+4:])
	creation := binary.BigEndian.Uint32(r.b[at+8:])
	slot := &r.memo[(num^serial^creation)%uint32(len(r.memo))]
	if slot.num == num && slot.serial == serial && slot.creation == creation && node.is(slot.node) {
		r.off = at + 12
		return slot.pid
	}
	p := r.newPID(off)
	slot.node, slot.num, slot.serial, slot.creation, slot.pid = p.Node, num, serial, creation, p
	return p
}

func (r *controlReader) newPID(off int) gen.PID {
	p, ok := r.term().(gen.PID)
	if !ok || p.Node == "" {
		r.failAt(off, errors.New("a pid is wanted"))
		return gen.PID{}
	}
	return p
}

// nodeName is the node of a pid, as text or as an atom of the header.
type nodeName struct {
	text []byte
	atom gen.Atom
}

// is compares; a memo that is not filled has the name "", which no pid has.
func (n nodeName) is(a gen.Atom) bool {
	if n.text != nil {
		return a != "" && string(a) == string(n.text)
	}
	return a != "" && a == n.atom
}

// pidNode looks at the node of a NEW_PID_EXT and returns where its three numbers are; 0 if it is anything else or cut short.
func (r *controlReader) pidNode() (n nodeName, at int) {
	if r.err != nil || len(r.b)-r.off < 3+12 || r.b[r.off] != tagNewPID {
		return n, 0
	}
	b := r.b[r.off:]
	i := int(b[2])
	switch b[1] {
	case tagAtomRef:
		if i >= len(r.terms.Atoms) {
			return n, 0
		}
		a, _ := r.terms.Atoms[i].(gen.Atom)
		return nodeName{atom: a}, r.off + 3
	case tagSmallAtom:
		if len(b) < 3+i+12 {
			return n, 0
		}
		return nodeName{text: b[3 : 3+i]}, r.off + 3 + i
	}
	return n, 0
}
