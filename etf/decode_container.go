package etf

import "slices"

// Shared by all terms without elements; nobody can change what they hold.
var (
	emptyList  any = List{}
	emptyTuple any = Tuple{}
	emptyMap   any = Map{}
)

func (s *state) tuple(n uint32) any {
	if n > maxArity {
		s.fail(ErrMalformed, "tuple of %d elements, more than Erlang allows", n)
		return nil
	}
	if !s.open("tuple", uint64(n), 0) {
		return nil
	}
	t := Tuple(s.elements(int(n)))
	for i := range t {
		t[i] = s.next()
		if s.r.Err() != nil {
			return nil
		}
	}
	s.shut()
	if n == 0 {
		return emptyTuple
	}
	return t
}

// list reads a list whose tag, LIST or STRING, was read. A tail that is a list again continues this one, however often, and
// costs no depth.
func (s *state) list(tag byte) any {
	var l List
	for {
		switch tag {
		case tagString:
			l = s.stringElements(l)
			tag = tagNil
			continue
		case tagList:
			l = s.listElements(l)
			tag = s.r.Uint8()
			if s.r.Err() != nil {
				return nil
			}
			continue
		case tagNil:
			if len(l) == 0 {
				return emptyList
			}
			return l
		}
		return s.improper(l, tag)
	}
}

func (s *state) stringElements(l List) List {
	n := int(s.r.Uint16())
	b := s.r.Bytes(n)
	if n > s.left && s.r.Err() == nil {
		s.fail(ErrLimit, "string of %d elements, but only %d more are allowed (Limits.Elements)", n, s.left)
	}
	if s.r.Err() != nil {
		return l
	}
	s.left -= n
	l = slices.Grow(l, n)
	for _, c := range b {
		l = append(l, int64(c))
	}
	return l
}

// listElements reads the count and the elements of LIST_EXT, but not the tail.
func (s *state) listElements(l List) List {
	n := s.r.Uint32()
	// The tail takes a byte at least, too.
	if !s.open("list", uint64(n), 1) {
		return l
	}
	if l == nil {
		l = s.elements(int(n))[:0]
	} else {
		l = slices.Grow(l, int(n))
	}
	for range n {
		l = append(l, s.next())
		if s.r.Err() != nil {
			return l
		}
	}
	s.owed--
	s.shut()
	return l
}

// improper reads the tail of l, whose tag was read and is not that of a list.
func (s *state) improper(l List, tag byte) any {
	if s.depth == 0 {
		s.fail(ErrLimit, "tail of a list is nested too deep (Limits.Depth)")
		return nil
	}
	s.depth--
	tail := s.tagged(tag)
	s.depth++
	if len(l) == 0 {
		return tail
	}
	return ImproperList{Elems: l, Tail: tail}
}

func (s *state) mapTerm() any {
	at := s.r.Offset() - 1
	n := uint64(s.r.Uint32())
	if s.keyMaps > maxKeyMaps {
		s.failAt(at, ErrLimit, "maps are nested more than %d deep in the keys of maps", maxKeyMaps)
		return nil
	}
	if !s.open("map", 2*n, 0) {
		return nil
	}
	m := s.pairs(int(n))
	for i := range m {
		s.keyMaps++
		m[i].Key = s.next()
		s.keyMaps--
		m[i].Value = s.next()
		if s.r.Err() != nil {
			return nil
		}
	}
	s.shut()
	if n == 0 {
		return emptyMap
	}
	if i := duplicateKey(m); i >= 0 {
		s.failAt(at, ErrMalformed, "map with the key %s twice", formatLimited(m[i].Key, 64))
	}
	return m
}

func (s *state) record() any {
	n := uint64(s.r.Uint32())
	flags := s.r.Uint8()
	if flags > 1 {
		s.failAt(s.r.Offset()-1, ErrMalformed, "native record with unknown flags %#x", flags)
	}
	rec := Record{Exported: flags == 1, Module: s.atom(), Name: s.atom()}
	if !s.open("native record", 2*n, 0) {
		return nil
	}
	rec.Fields = make([]Field, n)
	for i := range rec.Fields {
		s.owed--
		rec.Fields[i].Name = s.atom()
		if s.r.Err() != nil {
			return nil
		}
	}
	for i := range rec.Fields {
		rec.Fields[i].Value = s.next()
		if s.r.Err() != nil {
			return nil
		}
	}
	s.shut()
	return rec
}
