package etf

import (
	"iter"

	"ergo.services/ergo/gen"
)

// Tuple is an Erlang tuple.
type Tuple []any

// List is a proper Erlang list. STRING_EXT decodes to a List of int64, and [] to a List of length 0.
type List []any

// ImproperList is a list whose last tail is not a list: [a, b | c]. Elems is never empty in a decoded one.
type ImproperList struct {
	Elems []any
	Tail  any
}

// BitString is a binary whose length in bits is no multiple of 8. Whole bytes are a []byte instead.
type BitString struct {
	Bytes []byte // the unused low bits of the last byte are 0
	Bits  int    // bits used in the last byte, from the top: 1 to 7
}

// Map is an Erlang map as a slice of pairs, so that any term can be a key and the order of the wire is kept.
type Map []Pair

// Pair is one association of a Map.
type Pair struct{ Key, Value any }

// Get returns the value of the first key which is [Equal] to key. It takes time in proportion to the length of m.
func (m Map) Get(key any) (any, bool) {
	if a, ok := key.(gen.Atom); ok {
		for i := range m {
			if k, ok := m[i].Key.(gen.Atom); ok && k == a {
				return m[i].Value, true
			}
		}
	}
	for i := range m {
		if Equal(m[i].Key, key) {
			return m[i].Value, true
		}
	}
	return nil, false
}

// All ranges over the keys and values in the order of m.
func (m Map) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		for _, p := range m {
			if !yield(p.Key, p.Value) {
				return
			}
		}
	}
}

// Port is a port identifier.
type Port struct {
	Node     gen.Atom
	ID       uint64
	Creation uint32
}

// Fun is a fun that was made by module code (NEW_FUN_EXT). It cannot be called from Go, but it goes back to Erlang as it
// came. See "NEW_FUN_EXT" in the External Term Format.
type Fun struct {
	Arity    int      // 0 to 255
	Uniq     [16]byte // MD5 of the significant parts of the module
	Index    uint32
	Module   gen.Atom
	OldIndex int64
	OldUniq  int64
	PID      gen.PID // the process that made the fun
	Free     []any   // free variables, at most 255

	// Raw is the whole fun as it was read, tag included; nil if its atoms were references into a distribution header, or
	// if it came inside of another fun. If it is not nil it is written instead of the fields: set it to nil when you
	// change one.
	Raw []byte
}

// Export is an external fun: fun Module:Function/Arity.
type Export struct {
	Module, Function gen.Atom
	Arity            int // 0 to 255
}

// Record is a native record of OTP 29. Records of older releases are tuples.
type Record struct {
	Module, Name gen.Atom
	Exported     bool
	Fields       []Field
}

// Field is one field of a Record.
type Field struct {
	Name  gen.Atom
	Value any
}

// Get returns the value of the field called name.
func (r Record) Get(name gen.Atom) (any, bool) {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return r.Fields[i].Value, true
		}
	}
	return nil, false
}
