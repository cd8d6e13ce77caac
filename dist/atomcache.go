package dist

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"ergo.services/ergo/gen"

	"gonode/internal/wire"
)

const (
	atomSlots     = 2048 // slots of an atom cache, one cache a direction
	maxHeaderRefs = 255  // atoms in the header of one message
	maxAtomChars  = 255
	maxAtomBytes  = 4 * maxAtomChars
)

// headerRef is one atom of a header, in the order of the references to it.
type headerRef struct {
	slot  uint16
	isNew bool // spelled out in this header, since the slot does not hold it yet
	atom  gen.Atom
}

// atomsOut is the cache of the atoms that were sent, and the header that is being gathered. What a header changes in
// the cache is done by commit, so a message that cannot be encoded leaves no trace.
type atomsOut struct {
	slots [atomSlots]gen.Atom
	used  [atomSlots]bool

	refs   []headerRef       // of the message under way
	epoch  uint32            // its number; never 0
	stamp  [atomSlots]uint32 // the epoch in which the slot was last claimed
	index  [atomSlots]uint8  // its place in refs then
	recent [64]recentRef     // by where the text of an atom lies
}

// recentRef is a reference that was given out in some epoch. A term has the same atom often, and mostly the same text in
// memory: its address is a cheaper hash than what it spells.
type recentRef struct {
	epoch uint32
	index uint8
}

// begin starts the header of the next message.
func (c *atomsOut) begin() {
	c.refs = c.refs[:0]
	c.epoch++
	if c.epoch == 0 {
		c.stamp = [atomSlots]uint32{}
		clear(c.recent[:])
		c.epoch = 1
	}
}

// atomSlot picks the slot of an atom by its length and its first, middle and last eight bytes. Any function will do, the
// slots are told to the peer.
func atomSlot(a gen.Atom) uint16 {
	const odd = 0x9E3779B97F4A7C15
	n := len(a)
	h := uint64(n)
	if n >= 8 {
		h = (h ^ word(a[:8])) * odd
		h = (h ^ h>>32 ^ word(a[n/2-4:])) * odd
		h = (h ^ h>>32 ^ word(a[n-8:])) * odd
	} else {
		for i := range n {
			h = h<<8 | uint64(a[i])
		}
		h *= odd
	}
	return uint16(h >> 53) // 11 bits
}

// word returns the first eight bytes of a.
func word(a gen.Atom) uint64 {
	_ = a[7]
	return uint64(a[0]) | uint64(a[1])<<8 | uint64(a[2])<<16 | uint64(a[3])<<24 |
		uint64(a[4])<<32 | uint64(a[5])<<40 | uint64(a[6])<<48 | uint64(a[7])<<56
}

func validAtom(a gen.Atom) bool {
	return len(a) <= maxAtomBytes && utf8.ValidString(string(a)) &&
		(len(a) <= maxAtomChars || utf8.RuneCountInString(string(a)) <= maxAtomChars)
}

// AtomRef implements etf.AtomTable: the first atom that claims a slot in a message has it, others are spelled out.
func (c *atomsOut) AtomRef(a gen.Atom) (uint8, bool) {
	text := unsafe.StringData(string(a))
	address := uintptr(unsafe.Pointer(text))
	recent := &c.recent[(address^address>>6)%uintptr(len(c.recent))]
	if recent.epoch == c.epoch {
		// The same text needs no comparison.
		r := c.refs[recent.index].atom
		if len(r) == len(a) && unsafe.StringData(string(r)) == text || r == a {
			return recent.index, true
		}
	}
	i, ok := c.enter(a)
	if ok {
		*recent = recentRef{c.epoch, i}
	}
	return i, ok
}

// enter is AtomRef by what the atom spells.
func (c *atomsOut) enter(a gen.Atom) (uint8, bool) {
	slot := atomSlot(a)
	if c.stamp[slot] == c.epoch {
		i := c.index[slot]
		return i, c.refs[i].atom == a
	}
	isNew := !c.used[slot] || c.slots[slot] != a
	if len(c.refs) == maxHeaderRefs || isNew && !validAtom(a) {
		return 0, false // the encoder spells it out, or finds what is wrong with it
	}
	c.stamp[slot], c.index[slot] = c.epoch, uint8(len(c.refs))
	c.refs = append(c.refs, headerRef{slot, isNew, a})
	return c.index[slot], true
}

// commit stores the atoms that the header brought.
func (c *atomsOut) commit() {
	for i := range c.refs {
		if r := &c.refs[i]; r.isNew {
			c.slots[r.slot], c.used[r.slot] = gen.Atom(strings.Clone(string(r.atom))), true
		}
	}
}

// appendHeader appends NumberOfAtomCacheRefs, Flags and AtomCacheRefs of a distribution header.
func appendHeader(dst []byte, refs []headerRef) []byte {
	n := len(refs)
	dst = append(dst, uint8(n))
	if n == 0 {
		return dst
	}
	flags := len(dst)
	long := false
	for range n/2 + 1 {
		dst = append(dst, 0)
	}
	for i := range refs {
		nibble := uint8(refs[i].slot >> 8)
		if refs[i].isNew {
			nibble |= 8
		}
		dst[flags+i/2] |= nibble << (i % 2 * 4)
		long = long || len(refs[i].atom) > 255
	}
	if long {
		dst[flags+n/2] |= 1 << (n % 2 * 4)
	}
	for i := range refs {
		dst = append(dst, uint8(refs[i].slot))
		if !refs[i].isNew {
			continue
		}
		if long {
			dst = wire.AppendUint16(dst, uint16(len(refs[i].atom)))
		} else {
			dst = append(dst, uint8(len(refs[i].atom)))
		}
		dst = append(dst, refs[i].atom...)
	}
	return dst
}

// atomsIn is the cache of the atoms that the peer sent. At its largest it holds 2048 atoms of 1020 bytes.
type atomsIn struct {
	slots [atomSlots]any     // each a gen.Atom, in an interface since that is how they are needed; nil if there is none
	table [maxHeaderRefs]any // of the last header
}

// readHeader reads NumberOfAtomCacheRefs, Flags and AtomCacheRefs, and returns the atoms they stand for, which are
// good until the next call.
func (c *atomsIn) readHeader(r *wire.Reader) []any {
	n := int(r.Uint8())
	if n == 0 {
		return nil
	}
	flags := r.Bytes(n/2 + 1)
	if flags == nil {
		return nil
	}
	long := flags[n/2]>>(n%2*4)&1 != 0
	for i := range n {
		nibble := flags[i/2] >> (i % 2 * 4) & 15
		slot := int(nibble&7)<<8 | int(r.Uint8())
		if nibble&8 != 0 {
			c.readNew(r, slot, long)
		} else if c.slots[slot] == nil {
			r.Fail("reference to an atom that was never sent")
		}
		if r.Err() != nil {
			return nil
		}
		c.table[i] = c.slots[slot]
	}
	return c.table[:n]
}

// readNew reads the text of an atom into its slot.
func (c *atomsIn) readNew(r *wire.Reader, slot int, long bool) {
	var size int
	if long {
		size = int(r.Uint16())
	} else {
		size = int(r.Uint8())
	}
	text := r.Bytes(size)
	switch {
	case r.Err() != nil:
	case len(text) > maxAtomBytes || utf8.RuneCount(text) > maxAtomChars:
		r.Fail("atom of more than 255 characters")
	case !utf8.Valid(text):
		r.Fail("atom that is not UTF-8")
	default:
		if old, ok := c.slots[slot].(gen.Atom); !ok || string(old) != string(text) {
			c.slots[slot] = gen.Atom(text)
		}
	}
}
