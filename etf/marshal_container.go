package etf

import (
	"cmp"
	"reflect"
	"slices"
)

func (m *marshaler) all(elems []any, depth int) ([]any, *ValueError) {
	out := make([]any, len(elems))
	for i, v := range elems {
		term, err := m.any(v, depth-1)
		if err != nil {
			return nil, err.at(i)
		}
		out[i] = term
	}
	return out, nil
}

func (m *marshaler) container(v any, depth int) (_ any, err *ValueError) {
	switch v := v.(type) {
	case Map:
		out := make(Map, len(v))
		for i, p := range v {
			if out[i].Key, err = m.any(p.Key, depth-1); err == nil {
				out[i].Value, err = m.any(p.Value, depth-1)
			}
			if err != nil {
				return nil, err.at(FormatLimit(p.Key, 64))
			}
		}
		return out, nil
	case ImproperList:
		if v.Elems, err = m.all(v.Elems, depth); err == nil {
			v.Tail, err = m.any(v.Tail, depth-1)
		}
		return canonicalImproper(v), err
	case Record:
		v.Fields = slices.Clone(v.Fields)
		for i := range v.Fields {
			if v.Fields[i].Value, err = m.any(v.Fields[i].Value, depth-1); err != nil {
				return nil, err.in(string(v.Fields[i].Name))
			}
		}
		return v, nil
	case Fun:
		v.Free, err = m.all(v.Free, depth)
		return v, err
	}
	return v, nil
}

func (m *marshaler) slice(v reflect.Value, depth int) (any, *ValueError) {
	if isBytes(v.Type()) && v.Kind() == reflect.Slice {
		return append([]byte{}, v.Bytes()...), nil
	}
	if isBytes(v.Type()) {
		b := make([]byte, v.Len())
		for i := range b {
			b[i] = byte(v.Index(i).Uint())
		}
		return b, nil
	}
	l := make(List, v.Len())
	for i := range l {
		term, err := m.value(v.Index(i), depth-1)
		if err != nil {
			return nil, err.at(i)
		}
		l[i] = term
	}
	return l, nil
}

// isBytes tells the slices and arrays that are binaries: those of bytes that do not choose their own terms.
func isBytes(t reflect.Type) bool {
	p := reflect.PointerTo(t.Elem())
	return t.Elem().Kind() == reflect.Uint8 && !p.Implements(marshalerType) && !p.Implements(unmarshalerType)
}

func (m *marshaler) goMap(v reflect.Value, depth int) (any, *ValueError) {
	keys := v.MapKeys()
	sortKeys(keys)
	out := make(Map, len(keys))
	for i, k := range keys {
		key, err := m.value(k, depth-1)
		if err == nil {
			out[i].Value, err = m.value(v.MapIndex(k), depth-1)
		}
		if err != nil {
			return nil, err.at(k)
		}
		out[i].Key = key
	}
	return out, nil
}

// sortKeys sorts keys that are strings or numbers, so that equal maps have equal bytes.
func sortKeys(keys []reflect.Value) {
	if len(keys) == 0 {
		return
	}
	switch k := keys[0]; {
	case k.Kind() == reflect.String:
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	case k.CanInt():
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) })
	case k.CanUint():
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.Uint(), b.Uint()) })
	}
}
