package etf

import (
	"bytes"
	"math"
	"math/big"

	"ergo.services/ergo/gen"
)

// Equal tells whether a and b are the same term, as Erlang's =:= does: 1 and 1.0 differ, and the order of map pairs does not
// matter. Values that an Encoder writes in the same way are equal, so int(1) and int64(1) are, and "x" and []byte("x"). A
// value that has to go through [Marshal] is equal to nothing.
func Equal(a, b any) bool {
	switch x := a.(type) { // the common types, which need no other form
	case gen.Atom:
		if y, ok := b.(gen.Atom); ok {
			return x == y
		}
	case int64:
		if y, ok := b.(int64); ok {
			return x == y
		}
	}
	return equal(canonical(a), canonical(b))
}

// equal compares two terms of the types that canonical returns.
func equal(a, b any) bool {
	switch x := a.(type) {
	case gen.Atom, int64, gen.PID, gen.Ref, Port, Export:
		return a == b
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case float64:
		y, ok := b.(float64)
		return ok && math.Float64bits(x) == math.Float64bits(y)
	case *big.Int:
		y, ok := b.(*big.Int)
		return ok && x.Cmp(y) == 0
	case Tuple:
		y, ok := b.(Tuple)
		return ok && equalAll(x, y)
	case List:
		y, ok := b.(List)
		return ok && equalAll(x, y)
	case ImproperList:
		y, ok := b.(ImproperList)
		return ok && equalAll(x.Elems, y.Elems) && Equal(x.Tail, y.Tail)
	case Map:
		y, ok := b.(Map)
		return ok && equalMaps(x, y)
	case BitString:
		y, ok := b.(BitString)
		return ok && x.Bits == y.Bits && bytes.Equal(x.Bytes, y.Bytes)
	case Fun:
		y, ok := b.(Fun)
		return ok && x.Module == y.Module && x.Index == y.Index && x.Uniq == y.Uniq && x.Arity == y.Arity && equalAll(x.Free, y.Free)
	case Record:
		y, ok := b.(Record)
		return ok && equalRecords(x, y)
	}
	return false
}

func equalAll(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalRecords(a, b Record) bool {
	if a.Module != b.Module || a.Name != b.Name || a.Exported != b.Exported || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name || !Equal(a.Fields[i].Value, b.Fields[i].Value) {
			return false
		}
	}
	return true
}

func equalMaps(a, b Map) bool {
	if len(a) != len(b) {
		return false
	}
	if same, ok := equalInOrder(a, b); ok {
		return same
	}
	x := newIndex(b)
	for i := range a {
		j := x.find(a[i].Key)
		if j < 0 || !Equal(a[i].Value, b[j].Value) {
			return false
		}
	}
	return true
}

// equalInOrder decides for maps with the same simple keys in the same order; ok is false for others.
func equalInOrder(a, b Map) (same, ok bool) {
	for i := range a {
		if !isSimple(a[i].Key) || a[i].Key != b[i].Key {
			return false, false
		}
	}
	for i := range a {
		if !Equal(a[i].Value, b[i].Value) {
			return false, true
		}
	}
	return true, true
}

// canonical returns term in the one form that decoding its encoding would give, at the top level only.
func canonical(term any) any {
	switch v := term.(type) {
	case gen.Atom, int64, []byte, float64, Tuple, List, Map, gen.PID, gen.Ref, Port, Export, Fun, Record:
		return term
	case nil:
		return atomUndefined
	case bool:
		if v {
			return atomTrue
		}
		return atomFalse
	case string:
		return []byte(v)
	case []any:
		return List(v)
	case float32:
		return float64(v)
	case gen.Alias:
		return gen.Ref(v)
	case gen.ProcessID:
		return Tuple{v.Name, v.Node}
	case BitString:
		return canonicalBits(v)
	case ImproperList:
		return canonicalImproper(v)
	}
	return canonicalInt(term)
}

func canonicalInt(term any) any {
	if v, ok := intOf(term); ok {
		return v
	}
	switch v := term.(type) {
	case uint:
		return new(big.Int).SetUint64(uint64(v))
	case uint64:
		return new(big.Int).SetUint64(v)
	case *big.Int:
		if v == nil {
			return atomUndefined
		}
		if v.IsInt64() {
			return v.Int64()
		}
	}
	return term
}

func canonicalBits(b BitString) any {
	n := len(b.Bytes)
	if n == 0 || b.Bits <= 0 || b.Bits >= 8 {
		return b.Bytes
	}
	if unused := byte(0xff) >> b.Bits; b.Bytes[n-1]&unused != 0 {
		b.Bytes = bytes.Clone(b.Bytes)
		b.Bytes[n-1] &^= unused
	}
	return b
}

func canonicalImproper(l ImproperList) any {
	if len(l.Elems) == 0 {
		return canonical(l.Tail)
	}
	switch tail := canonical(l.Tail).(type) {
	case List:
		return List(append(l.Elems[:len(l.Elems):len(l.Elems)], tail...))
	case ImproperList:
		return ImproperList{Elems: append(l.Elems[:len(l.Elems):len(l.Elems)], tail.Elems...), Tail: tail.Tail}
	}
	return l
}
