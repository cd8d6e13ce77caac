package etf

import (
	"math/big"
	"reflect"

	"ergo.services/ergo/gen"
)

// isTermType tells the types whose values are terms already.
func isTermType(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[gen.Atom](), reflect.TypeFor[gen.PID](), reflect.TypeFor[gen.Ref](), reflect.TypeFor[gen.Alias](),
		reflect.TypeFor[gen.ProcessID](), reflect.TypeFor[Tuple](), reflect.TypeFor[List](), reflect.TypeFor[ImproperList](),
		reflect.TypeFor[Map](), reflect.TypeFor[BitString](), reflect.TypeFor[Port](), reflect.TypeFor[Fun](),
		reflect.TypeFor[Export](), reflect.TypeFor[Record](), reflect.TypeFor[*big.Int](), reflect.TypeFor[[]byte](),
		reflect.TypeFor[[]any]():
		return true
	}
	return false
}

func (m *marshaler) structTerm(v reflect.Value, depth int) (any, *ValueError) {
	if v.Type() == bigIntType.Elem() {
		n := reflect.New(v.Type()).Elem()
		n.Set(v)
		return canonicalInt(n.Addr().Interface()), nil
	}
	info, err := m.types.of(v.Type())
	if err != nil {
		return nil, err
	}
	switch info.form {
	case formTuple:
		return m.structTuple(v, info, depth)
	case formRecord:
		return m.structRecord(v, info, depth)
	}
	out := make(Map, 0, len(info.fields))
	for _, f := range info.fields {
		field, ok := fieldOf(v, f.index)
		if !ok || f.omitEmpty && isEmpty(field) {
			continue
		}
		term, err := m.value(field, depth-1)
		if err != nil {
			return nil, err.in(f.name)
		}
		out = append(out, Pair{Key: gen.Atom(f.name), Value: term})
	}
	return out, nil
}

func (m *marshaler) structTuple(v reflect.Value, info *structInfo, depth int) (any, *ValueError) {
	t := make(Tuple, 0, len(info.fields)+1)
	if info.tagged {
		t = append(t, info.tag)
	}
	for _, f := range info.fields {
		term, err := m.optional(v, f, depth)
		if err != nil {
			return nil, err
		}
		t = append(t, term)
	}
	return t, nil
}

func (m *marshaler) structRecord(v reflect.Value, info *structInfo, depth int) (any, *ValueError) {
	r := Record{Module: info.module, Name: info.tag, Fields: make([]Field, len(info.fields))}
	for i, f := range info.fields {
		term, err := m.optional(v, f, depth)
		if err != nil {
			return nil, err
		}
		r.Fields[i] = Field{Name: gen.Atom(f.name), Value: term}
	}
	return r, nil
}

// optional converts a field that has its place in any case.
func (m *marshaler) optional(v reflect.Value, f fieldInfo, depth int) (any, *ValueError) {
	field, ok := fieldOf(v, f.index)
	if !ok {
		return atomUndefined, nil
	}
	term, err := m.value(field, depth-1)
	if err != nil {
		return nil, err.in(f.name)
	}
	return term, nil
}

// fieldOf returns a field of v; false if an embedded pointer on the way is nil.
func fieldOf(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}
