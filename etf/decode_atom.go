package etf

import (
	"hash/maphash"
	"unicode/utf8"

	"ergo.services/ergo/gen"
)

const (
	internSets  = 256 // of two atoms each, so that two that come in turn do not drive each other out
	internBytes = 64  // longer atoms are rare and are not kept
)

// internSet holds atoms with the same hash, the one that came last first: each a gen.Atom, or nil.
type internSet [2]any

// seed makes hashes unpredictable to whoever sends the bytes. It never changes.
var seed = maphash.MakeSeed()

// Atoms that come all the time, boxed once; never changed.
var (
	atomOK        any = gen.Atom("ok")
	atomError     any = gen.Atom("error")
	atomTrue      any = gen.Atom("true")
	atomFalse     any = gen.Atom("false")
	atomUndefined any = gen.Atom("undefined")
	atomNil       any = gen.Atom("nil")
	atomNormal    any = gen.Atom("normal")
	atomGenCall   any = gen.Atom("$gen_call")
	atomGenCast   any = gen.Atom("$gen_cast")
	atomAlias     any = gen.Atom("alias")
	atomEmpty     any = gen.Atom("")
)

func knownAtom(b []byte) any {
	switch string(b) {
	case "ok":
		return atomOK
	case "error":
		return atomError
	case "true":
		return atomTrue
	case "false":
		return atomFalse
	case "undefined":
		return atomUndefined
	case "nil":
		return atomNil
	case "normal":
		return atomNormal
	case "alias":
		return atomAlias
	case "$gen_call":
		return atomGenCall
	case "$gen_cast":
		return atomGenCast
	}
	return nil
}

// atomOf reads an atom whose tag was read, and returns it as a gen.Atom in an interface.
func (s *state) atomOf(tag byte) any {
	switch tag {
	case tagSmallAtomUTF8:
		return s.utf8Atom(int(s.r.Uint8()))
	case tagAtomUTF8:
		return s.utf8Atom(int(s.r.Uint16()))
	case tagSmallLatin1:
		return s.latin1Atom(int(s.r.Uint8()))
	case tagAtomLatin1:
		return s.latin1Atom(int(s.r.Uint16()))
	case tagAtomCacheRef:
		return s.cacheRef()
	}
	if s.r.Err() == nil {
		s.failAt(s.r.Offset()-1, ErrMalformed, "an atom must stand here, not tag %d", tag)
	}
	return atomEmpty
}

// atom reads a whole term that must be an atom.
func (s *state) atom() gen.Atom {
	a, _ := s.atomOf(s.r.Uint8()).(gen.Atom)
	return a
}

func (s *state) utf8Atom(n int) any {
	b := s.r.Bytes(n)
	if !utf8.Valid(b) {
		s.failAt(s.r.Offset()-n, ErrMalformed, "the atom is not valid UTF-8")
		return atomEmpty
	}
	if n > maxAtomChars && utf8.RuneCount(b) > maxAtomChars {
		s.failAt(s.r.Offset()-n, ErrMalformed, "the atom has more than %d characters", maxAtomChars)
		return atomEmpty
	}
	return s.d.atom(b)
}

func (s *state) latin1Atom(n int) any {
	if n > maxAtomChars {
		s.fail(ErrMalformed, "the atom has %d characters, more than %d", n, maxAtomChars)
		return atomEmpty
	}
	b := s.r.Bytes(n)
	for _, c := range b {
		if c >= utf8.RuneSelf {
			r := make([]rune, n)
			for i, c := range b {
				r[i] = rune(c)
			}
			return gen.Atom(string(r))
		}
	}
	return s.d.atom(b)
}

func (s *state) cacheRef() any {
	i := int(s.r.Uint8())
	if s.r.Err() != nil {
		return atomEmpty
	}
	if i >= len(s.d.Atoms) {
		s.failAt(s.r.Offset()-1, ErrMalformed, "reference to atom %d of a distribution header that lists %d", i, len(s.d.Atoms))
		return atomEmpty
	}
	s.cached = true
	return s.d.Atoms[i]
}

// atom returns the atom that b spells, if possible without an allocation.
func (d *Decoder) atom(b []byte) any {
	if known := knownAtom(b); known != nil {
		return known
	}
	if !d.Intern || len(b) > internBytes {
		return gen.Atom(b)
	}
	if d.interned == nil {
		d.interned = new([internSets]internSet)
	}
	return d.interned[maphash.Bytes(seed, b)%internSets].atom(b)
}

// atom returns the atom that b spells, which is in the set from then on.
func (s *internSet) atom(b []byte) any {
	if a, ok := s[0].(gen.Atom); ok && string(a) == string(b) {
		return s[0]
	}
	last := s[1]
	if a, ok := last.(gen.Atom); !ok || string(a) != string(b) {
		last = gen.Atom(b)
	}
	s[0], s[1] = last, s[0]
	return last
}
