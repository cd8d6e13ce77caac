package etf

import "bytes"

// What a message is made of is mostly small: elements of tuples and lists, pairs of maps, short binaries. They are cut from
// larger pieces of memory, one for each kind, since each piece of its own would cost more than what is in it. Whoever
// keeps a part of a message keeps the piece that it was cut from, a kilobyte at most.
const (
	slabElements = 64 // of 16 bytes
	slabPairs    = 32 // of 32 bytes
	slabBytes    = 1024
	slabShare    = 4 // a fourth of it at most is given out at once
)

type slabs struct {
	elements []any
	pairs    Map
	bytes    []byte
}

// worth returns the size of a new slab for things that take at least size bytes on the wire each, of which n are wanted now:
// n if the rest of the message has not many more of them.
func (s *state) worth(n, size, most int) int {
	return max(n, min(most, s.r.Len()/size))
}

// elements returns n elements, all nil, with no room behind them.
func (s *state) elements(n int) []any {
	if n > slabElements/slabShare {
		return make([]any, n)
	}
	if len(s.slabs.elements) < n {
		s.slabs.elements = make([]any, s.worth(n, 8, slabElements))
	}
	e := s.slabs.elements[:n:n]
	s.slabs.elements = s.slabs.elements[n:]
	return e
}

// pairs returns n pairs, all zero.
func (s *state) pairs(n int) Map {
	if n > slabPairs/slabShare {
		return make(Map, n)
	}
	if len(s.slabs.pairs) < n {
		s.slabs.pairs = make(Map, s.worth(n, 16, slabPairs))
	}
	m := s.slabs.pairs[:n:n]
	s.slabs.pairs = s.slabs.pairs[n:]
	return m
}

// copied returns a copy of b.
func (s *state) copied(b []byte) []byte {
	n := len(b)
	if n > slabBytes/slabShare {
		return bytes.Clone(b)
	}
	if len(s.slabs.bytes) < n {
		s.slabs.bytes = make([]byte, s.worth(n, 4, slabBytes))
	}
	c := s.slabs.bytes[:n:n]
	s.slabs.bytes = s.slabs.bytes[n:]
	copy(c, b)
	return c
}
