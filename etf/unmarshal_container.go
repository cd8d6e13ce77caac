package etf

import (
	"math/big"
	"reflect"
)

func (u *unmarshaler) slice(term any, v reflect.Value) *ValueError {
	t := v.Type()
	if isTermType(t) && t != reflect.TypeFor[[]byte]() && t != reflect.TypeFor[[]any]() {
		return mismatch(term, t) // Tuple, List and Map take only their like
	}
	if isAbsent(term) {
		v.SetZero()
		return nil
	}
	if isBytes(t) {
		if b, ok := IOData(term); ok {
			s := reflect.MakeSlice(t, len(b), len(b))
			copy(s.Bytes(), b)
			v.Set(s)
			return nil
		}
		return mismatch(term, t)
	}
	l, ok := term.(List)
	if !ok {
		return mismatch(term, t)
	}
	s := reflect.MakeSlice(t, len(l), len(l))
	for i := range l {
		if err := u.value(canonical(l[i]), s.Index(i)); err != nil {
			return err.at(i)
		}
	}
	v.Set(s)
	return nil
}

func (u *unmarshaler) array(term any, v reflect.Value) *ValueError {
	var elems []any
	switch x := term.(type) {
	case List:
		elems = x
	case Tuple:
		elems = x
	case []byte:
		if !isBytes(v.Type()) {
			return mismatch(term, v.Type())
		}
		if len(x) != v.Len() {
			return valueErrorf("%d bytes do not fit %v", len(x), v.Type())
		}
		for i, c := range x {
			v.Index(i).SetUint(uint64(c))
		}
		return nil
	default:
		return mismatch(term, v.Type())
	}
	if len(elems) != v.Len() {
		if b, ok := IOData(term); ok && isBytes(v.Type()) && len(b) == v.Len() {
			return u.array(b, v)
		}
		return valueErrorf("%d elements do not fit %v", len(elems), v.Type())
	}
	for i := range elems {
		if err := u.value(canonical(elems[i]), v.Index(i)); err != nil {
			return err.at(i)
		}
	}
	return nil
}

func (u *unmarshaler) goMap(term any, v reflect.Value) *ValueError {
	t := v.Type()
	if isAbsent(term) {
		v.SetZero()
		return nil
	}
	m, ok := term.(Map)
	if !ok {
		return mismatch(term, t)
	}
	out := reflect.MakeMapWithSize(t, len(m))
	for i := range m {
		key := reflect.New(t.Key()).Elem()
		err := u.mapKey(canonical(m[i].Key), key)
		if err == nil && out.MapIndex(key).IsValid() {
			err = valueErrorf("two keys of the map become the same %v", t.Key())
		}
		value := reflect.New(t.Elem()).Elem()
		if err == nil {
			err = u.value(canonical(m[i].Value), value)
		}
		if err != nil {
			return err.at(FormatLimit(m[i].Key, 64))
		}
		out.SetMapIndex(key, value)
	}
	v.Set(out)
	return nil
}

// mapKey stores a key. A binary goes into an interface as a string, since Go cannot compare slices.
func (u *unmarshaler) mapKey(term any, key reflect.Value) *ValueError {
	if b, ok := term.([]byte); ok && key.Kind() == reflect.Interface && reflect.TypeFor[string]().AssignableTo(key.Type()) {
		key.Set(reflect.ValueOf(string(b)))
		return nil
	}
	if err := u.value(term, key); err != nil {
		return err
	}
	if !key.Comparable() {
		return valueErrorf("a %s cannot be the key of a Go map; unmarshal into an etf.Map", kindOf(term))
	}
	return nil
}

func bigInt(term any, v reflect.Value) *ValueError {
	n := v.Addr().Interface().(*big.Int)
	switch x := term.(type) {
	case int64:
		n.SetInt64(x)
	case *big.Int:
		n.Set(x)
	default:
		return mismatch(term, v.Type())
	}
	return nil
}
