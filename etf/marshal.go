package etf

import (
	"math"
	"math/big"
	"reflect"
	"time"

	"ergo.services/ergo/gen"
)

// Marshaler is implemented by types that choose their own term. The result may hold any values that [Marshal] takes.
type Marshaler interface{ MarshalETF() (any, error) }

var (
	marshalerType   = reflect.TypeFor[Marshaler]()
	unmarshalerType = reflect.TypeFor[Unmarshaler]()
	bigIntType      = reflect.TypeFor[*big.Int]()
	durationType    = reflect.TypeFor[time.Duration]()
)

// Marshal returns the term for a Go value. Terms stay as they are, and so:
//
//	bool                      true or false
//	int and uint types        integer
//	float32, float64          float; NaN and infinity are errors
//	gen.Atom                  atom
//	string types              binary
//	[]byte, [n]byte types     binary
//	other slices and arrays   list
//	maps                      map; keys that are strings become binaries, and strings and numbers are sorted
//	structs                   see below
//	time.Duration             integer of milliseconds, rounded down towards 0
//	nil, a nil pointer        undefined
//	pointers, interfaces      what they point to or hold
//	Marshaler                 what its method returns
//
// A struct becomes a map with atoms as keys: the name in the tag of the field, else the name of the field as user_id for
// UserID. The tag `etf:"name,omitempty"` leaves the field out if it has its zero value, the tag "-" always. Fields of embedded structs
// count as fields of the outer one. A blank field says that the struct is something else than a map:
//
//	_ struct{} `etf:"tuple"`               {Value, ...}, all fields in their order
//	_ struct{} `etf:"tuple=user"`          {user, Value, ...}, what Erlang calls a record
//	_ struct{} `etf:"record=module:name"`  native record of OTP 29
//
// Functions, channels and complex numbers are errors, and so is a value that contains itself. The error is a *ValueError.
func Marshal(v any) (any, error) {
	var m marshaler
	term, err := m.any(v, encodeDepth)
	if err != nil {
		return nil, err
	}
	return term, nil
}

// marshaler is one call of Marshal.
type marshaler struct{ types types }

// any converts what needs no reflection. The term types come first.
func (m *marshaler) any(v any, depth int) (any, *ValueError) {
	if depth == 0 {
		return nil, valueErrorf(tooDeep)
	}
	switch v := v.(type) {
	case gen.Atom, int64, []byte, gen.PID, gen.Ref, Port, Export, BitString:
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, valueErrorf("%v is no Erlang float; they are finite", v)
		}
		return v, nil
	case nil:
		return atomUndefined, nil
	case string, bool, int, gen.Alias, gen.ProcessID, *big.Int:
		return canonical(v), nil
	case Tuple:
		l, err := m.all(v, depth)
		return Tuple(l), err
	case List:
		l, err := m.all(v, depth)
		return List(l), err
	case []any:
		l, err := m.all(v, depth)
		return List(l), err
	case Map, ImproperList, Record, Fun:
		return m.container(v, depth)
	}
	return m.reflect(reflect.ValueOf(v), depth)
}

func (m *marshaler) reflect(v reflect.Value, depth int) (any, *ValueError) {
	t := v.Type()
	if v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Interface && v.IsNil() {
		return atomUndefined, nil
	}
	if t.Implements(marshalerType) {
		return m.custom(v.Interface().(Marshaler), depth)
	}
	if v.CanAddr() && v.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(marshalerType) {
		return m.custom(v.Addr().Interface().(Marshaler), depth)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if t == bigIntType {
			return canonical(v.Interface()), nil
		}
		return m.value(v.Elem(), depth-1)
	case reflect.Bool:
		return canonical(v.Bool()), nil
	case reflect.String:
		return []byte(v.String()), nil
	case reflect.Float32, reflect.Float64:
		return m.any(v.Float(), depth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t == durationType {
			return time.Duration(v.Int()).Milliseconds(), nil
		}
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return canonicalInt(v.Uint()), nil
	case reflect.Slice, reflect.Array:
		return m.slice(v, depth)
	case reflect.Map:
		return m.goMap(v, depth)
	case reflect.Struct:
		return m.structTerm(v, depth)
	}
	return nil, valueErrorf("a %v has no term", t)
}

// value converts an element, which need not be inspected by reflection.
func (m *marshaler) value(v reflect.Value, depth int) (any, *ValueError) {
	if isTermType(v.Type()) || v.Kind() == reflect.Interface {
		return m.any(v.Interface(), depth)
	}
	if depth == 0 {
		return nil, valueErrorf(tooDeep)
	}
	return m.reflect(v, depth)
}

func (m *marshaler) custom(v Marshaler, depth int) (any, *ValueError) {
	plain, err := v.MarshalETF()
	if err != nil {
		return nil, &ValueError{What: "MarshalETF of " + reflect.TypeOf(v).String(), Err: err}
	}
	return m.any(plain, depth-1)
}
