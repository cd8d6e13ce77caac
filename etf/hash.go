package etf

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"ergo.services/ergo/gen"
)

// duplicateKey returns the index of a pair whose key an earlier pair has too, or -1.
func duplicateKey(m Map) int {
	if len(m) < 2 {
		return -1
	}
	if len(m) <= smallMap {
		if i, ok := duplicateSmall(m); ok {
			return i
		}
	}
	return newIndex(m).duplicate
}

// smallMap is up to how many pairs comparing each key with each other is faster than a table.
const smallMap = 8

// duplicateSmall is duplicateKey for a small map whose keys are all atoms or all integers; ok is false for others.
func duplicateSmall(m Map) (int, bool) {
	var seen uint64 // the marks of the keys so far; most maps have no mark twice
	for i := range m {
		a, ok := m[i].Key.(gen.Atom)
		if !ok {
			return duplicateInteger(m)
		}
		mark := atomMark(a)
		if seen&mark != 0 && slices.ContainsFunc(m[:i], func(p Pair) bool { return p.Key.(gen.Atom) == a }) {
			return i, true
		}
		seen |= mark
	}
	return -1, true
}

// atomMark returns one of 64 bits, of which different atoms mostly have different ones.
func atomMark(a gen.Atom) uint64 {
	if len(a) == 0 {
		return 1
	}
	return 1 << ((uint(len(a))*7 + uint(a[0])*3 + uint(a[len(a)-1])) % 64)
}

func duplicateInteger(m Map) (int, bool) {
	var ints [smallMap]int64
	for i := range m {
		n, ok := m[i].Key.(int64)
		if !ok {
			return 0, false
		}
		for j := range i {
			if ints[j] == n {
				return i, true
			}
		}
		ints[i] = n
	}
	return -1, true
}

// isSimple tells whether the term is of a type whose values == compares as Equal does.
func isSimple(term any) bool {
	switch term.(type) {
	case gen.Atom, int64:
		return true
	}
	return false
}

// index finds the keys of a map in constant time each, whatever their types: a hash table with open addressing.
type index struct {
	m         Map
	hashes    []uint64 // of the keys, in the order of m
	slots     []uint32 // 1 + index into m, 0 if free
	duplicate int      // index of a key that is there twice, or -1
}

func newIndex(m Map) index {
	size := 1 << bits.Len(uint(2*len(m)))
	x := index{m: m, hashes: make([]uint64, len(m)), slots: make([]uint32, size), duplicate: -1}
	for i := range m {
		x.hashes[i] = hashTerm(m[i].Key)
		slot, j := x.lookup(m[i].Key, x.hashes[i])
		if j >= 0 {
			x.duplicate = i
			return x
		}
		x.slots[slot] = uint32(i + 1)
	}
	return x
}

// find returns the index of key, or -1.
func (x *index) find(key any) int {
	_, i := x.lookup(key, hashTerm(key))
	return i
}

// lookup returns the slot of key and its index, or a free slot and -1.
func (x *index) lookup(key any, hash uint64) (slot, i int) {
	mask := len(x.slots) - 1
	for slot = int(hash) & mask; x.slots[slot] != 0; slot = (slot + 1) & mask {
		i = int(x.slots[slot] - 1)
		if x.hashes[i] == hash && Equal(x.m[i].Key, key) {
			return slot, i
		}
	}
	return slot, -1
}

// hashTerm returns a hash which is the same for all terms that are Equal.
func hashTerm(term any) uint64 {
	term = canonical(term)
	if a, ok := term.(gen.Atom); ok {
		return maphash.String(seed, string(a))
	}
	var h hasher
	h.SetSeed(seed)
	h.term(term)
	return h.Sum64()
}

type hasher struct{ maphash.Hash }

func (h *hasher) number(tag byte, v uint64) {
	var b [9]byte
	b[0] = tag
	binary.LittleEndian.PutUint64(b[1:], v)
	_, _ = h.Write(b[:])
}

func (h *hasher) elements(tag byte, elems []any) {
	h.number(tag, uint64(len(elems)))
	for _, v := range elems {
		h.term(canonical(v))
	}
}

func (h *hasher) term(term any) {
	switch v := term.(type) {
	case gen.Atom:
		h.number(tagAtomUTF8, uint64(len(v)))
		_, _ = h.WriteString(string(v))
	case int64:
		h.number(tagInteger, uint64(v))
	case []byte:
		h.number(tagBinary, uint64(len(v)))
		_, _ = h.Write(v)
	case float64:
		h.number(tagNewFloat, math.Float64bits(v))
	case *big.Int:
		h.number(tagLargeBig, uint64(v.BitLen()))
		_, _ = h.Write(v.Bytes())
	case BitString:
		h.number(tagBitBinary, uint64(v.Bits))
		_, _ = h.Write(v.Bytes)
	case Tuple:
		h.elements(tagLargeTuple, v)
	case List:
		h.elements(tagList, v)
	case ImproperList:
		h.elements(tagList+128, v.Elems)
		h.term(canonical(v.Tail))
	case Map:
		h.number(tagMap, mapHash(v))
	case Record:
		h.elements(tagRecord, []any{v.Module, v.Name, int64(len(v.Fields))})
		for _, f := range v.Fields {
			h.term(f.Name)
			h.term(canonical(f.Value))
		}
	default:
		h.identifier(term)
	}
}

func (h *hasher) identifier(term any) {
	switch v := term.(type) {
	case gen.PID:
		h.number(tagNewPID, v.ID)
		h.term(v.Node)
	case gen.Ref:
		h.number(tagNewerReference, v.ID[0])
		h.number(tagNewerReference, v.ID[1])
		h.number(tagNewerReference, v.ID[2])
		h.term(v.Node)
	case Port:
		h.number(tagV4Port, v.ID)
		h.term(v.Node)
	case Export:
		h.elements(tagExport, []any{v.Module, v.Function})
		h.number(tagExport, uint64(v.Arity))
	case Fun:
		h.number(tagNewFun, uint64(v.Index))
		_, _ = h.Write(v.Uniq[:])
		h.elements(tagNewFun, v.Free)
	}
}

// mapHash does not depend on the order of the pairs.
func mapHash(m Map) uint64 {
	sum := uint64(len(m))
	for _, p := range m {
		var h hasher
		h.SetSeed(seed)
		h.term(canonical(p.Key))
		h.term(canonical(p.Value))
		sum += h.Sum64()
	}
	return sum
}
