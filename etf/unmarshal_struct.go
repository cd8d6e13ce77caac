package etf

import (
	"reflect"

	"ergo.services/ergo/gen"
)

func (u *unmarshaler) structValue(term any, v reflect.Value) *ValueError {
	t := v.Type()
	switch {
	case t == reflect.TypeFor[gen.Alias]():
		if r, ok := term.(gen.Ref); ok {
			v.Set(reflect.ValueOf(gen.Alias(r)))
			return nil
		}
		return mismatch(term, t)
	case t == reflect.TypeFor[gen.ProcessID]():
		return processID(term, v)
	case t == bigIntType.Elem():
		return bigInt(term, v)
	case isTermType(t):
		return mismatch(term, t)
	}
	info, err := u.types.of(t)
	if err != nil {
		return err
	}
	switch info.form {
	case formTuple:
		return u.structTuple(term, v, info)
	case formRecord:
		return u.structRecord(term, v, info)
	}
	m, ok := term.(Map)
	if !ok {
		return mismatch(term, t)
	}
	for i := range m {
		name, ok := keyName(canonical(m[i].Key))
		if !ok {
			continue
		}
		if err := u.field(name, m[i].Value, v, info); err != nil {
			return err
		}
	}
	return nil
}

// keyName returns the field that a key of a map means.
func keyName(key any) (string, bool) {
	if a, ok := key.(gen.Atom); ok {
		return string(a), true
	}
	return Text(key)
}

// field stores a term in the field called name, if there is one.
func (u *unmarshaler) field(name string, term any, v reflect.Value, info *structInfo) *ValueError {
	i, ok := info.byName[name]
	if !ok {
		return nil
	}
	if err := u.value(canonical(term), makeField(v, info.fields[i].index)); err != nil {
		return err.in(name)
	}
	return nil
}

// makeField returns a field of v and makes the embedded structs on the way that are behind nil pointers.
func makeField(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

func (u *unmarshaler) structTuple(term any, v reflect.Value, info *structInfo) *ValueError {
	t, ok := term.(Tuple)
	if !ok {
		return mismatch(term, v.Type())
	}
	if info.tagged {
		if len(t) == 0 || !Equal(t[0], info.tag) {
			return valueErrorf("tuple %s does not start with the tag %s of %v", FormatLimit(term, 80), Format(info.tag), v.Type())
		}
		t = t[1:]
	}
	if len(t) != len(info.fields) {
		return valueErrorf("tuple %s has %d elements for the %d fields of %v", FormatLimit(term, 80), len(t), len(info.fields), v.Type())
	}
	for i, f := range info.fields {
		if err := u.value(canonical(t[i]), makeField(v, f.index)); err != nil {
			return err.in(f.name)
		}
	}
	return nil
}

func (u *unmarshaler) structRecord(term any, v reflect.Value, info *structInfo) *ValueError {
	r, ok := term.(Record)
	if !ok || r.Module != info.module || r.Name != info.tag {
		return mismatch(term, v.Type())
	}
	for _, f := range r.Fields {
		if err := u.field(string(f.Name), f.Value, v, info); err != nil {
			return err
		}
	}
	return nil
}

func processID(term any, v reflect.Value) *ValueError {
	if t, ok := term.(Tuple); ok && len(t) == 2 {
		name, isAtom := canonical(t[0]).(gen.Atom)
		node, isNode := canonical(t[1]).(gen.Atom)
		if isAtom && isNode {
			v.Set(reflect.ValueOf(gen.ProcessID{Name: name, Node: node}))
			return nil
		}
	}
	return mismatch(term, v.Type())
}
