package etf

import (
	"bytes"

	"ergo.services/ergo/gen"
)

func (s *state) pidOf(tag byte) gen.PID {
	node := s.atom()
	num := s.r.Uint32()
	serial := s.r.Uint32()
	return s.d.Local.pidFromWire(node, num, serial, s.creation(tag == tagPID))
}

// creation reads the creation of an identifier, one byte in the old tags.
func (s *state) creation(old bool) uint32 {
	if old {
		return uint32(s.r.Uint8())
	}
	return s.r.Uint32()
}

func (s *state) portOf(tag byte) Port {
	p := Port{Node: s.atom()}
	if tag == tagV4Port {
		p.ID = s.r.Uint64()
	} else {
		p.ID = uint64(s.r.Uint32())
	}
	p.Creation = s.creation(tag == tagPort)
	return p
}

func (s *state) refOf(tag byte) gen.Ref {
	var words [maxRefWords]uint32
	n := 1
	if tag != tagReference {
		n = int(s.r.Uint16())
		if n < 1 || n > maxRefWords {
			s.failAt(s.r.Offset()-2, ErrMalformed, "reference of %d words, not 1 to %d", n, maxRefWords)
			return gen.Ref{}
		}
	}
	node := s.atom()
	var creation uint32
	if tag == tagReference { // the only one with its creation at the end
		words[0] = s.r.Uint32()
		creation = s.creation(true)
	} else {
		creation = s.creation(tag == tagNewReference)
		for i := range n {
			words[i] = s.r.Uint32()
		}
	}
	return s.d.Local.refFromWire(node, words, n, creation)
}

// fun reads NEW_FUN_EXT by its structure. The size in front is wrong in some releases and is not used.
func (s *state) fun() any {
	start, cached := s.r.Offset()-1, s.cached
	s.cached = false
	s.r.Uint32() // Size
	f := Fun{Arity: int(s.r.Uint8())}
	copy(f.Uniq[:], s.r.Bytes(len(f.Uniq)))
	f.Index = s.r.Uint32()
	free := s.r.Uint32()
	if free > maxFree {
		s.failAt(s.r.Offset()-4, ErrMalformed, "fun with %d free variables, more than %d", free, maxFree)
		return nil
	}
	f.Module = s.atom()
	f.OldIndex = s.smallInteger()
	f.OldUniq = s.smallInteger()
	f.PID = s.pid()
	if !s.open("fun", uint64(free), 0) {
		return nil
	}
	s.funs++
	f.Free = make([]any, free)
	for i := range f.Free {
		f.Free[i] = s.next()
		if s.r.Err() != nil {
			return nil
		}
	}
	s.funs--
	s.shut()
	if s.funs == 0 && !s.cached {
		f.Raw = s.buf[start:s.r.Offset():s.r.Offset()]
		if !s.d.Alias {
			f.Raw = bytes.Clone(f.Raw)
		}
	}
	s.cached = s.cached || cached
	return f
}

// smallInteger reads a whole term that must be an integer of at most 64 bits.
func (s *state) smallInteger() int64 {
	at := s.r.Offset()
	switch tag := s.r.Uint8(); tag {
	case tagSmallInteger, tagInteger, tagSmallBig:
		if v, ok := s.tagged(tag).(int64); ok {
			return v
		}
	}
	s.failAt(at, ErrMalformed, "an integer of at most 64 bits must stand here")
	return 0
}

// pid reads a whole term that must be a pid.
func (s *state) pid() gen.PID {
	switch tag := s.r.Uint8(); tag {
	case tagNewPID, tagPID:
		return s.pidOf(tag)
	default:
		if s.r.Err() == nil {
			s.failAt(s.r.Offset()-1, ErrMalformed, "a pid must stand here, not tag %d", tag)
		}
		return gen.PID{}
	}
}

func (s *state) export() any {
	e := Export{Module: s.atom(), Function: s.atom()}
	at := s.r.Offset()
	arity := s.smallInteger()
	if arity < 0 || arity > 255 {
		s.failAt(at, ErrMalformed, "fun %s:%s with arity %d, not 0 to 255", string(e.Module), string(e.Function), arity)
	}
	e.Arity = int(arity)
	return e
}
