package etf

import (
	"fmt"
	"math/big"
	"reflect"

	"ergo.services/ergo/gen"
)

// Unmarshaler is implemented by types that read their own term. It must not keep or change the term's memory unless it owns it.
type Unmarshaler interface{ UnmarshalETF(term any) error }

// Unmarshal stores a term in the Go value that v points to. What [Marshal] makes of a Go value goes back into its type, and:
//
//	bool            takes true and false
//	int, uint       take an integer; one that does not fit is an error
//	float32, 64     take a float or an integer
//	string types    take a binary, charlist or iodata, or an atom
//	gen.Atom        takes an atom
//	[]byte, [n]byte take iodata
//	slices          take a list; undefined, nil and null give a nil slice
//	arrays          take a list or tuple of their length
//	maps            take a map, and are made new; undefined, nil and null give a nil map
//	structs         take a map with atoms, binaries or charlists as keys, or what their blank field says
//	time.Duration   takes an integer of milliseconds
//	pointers        are set to nil by undefined, nil and null, else to a new value
//	any             takes the term as it is
//	term types      take a term of that type
//
// A key that a struct has no field for is ignored, and a field without a key is left alone. The Go value may share memory
// with the term. The error is a *ValueError, which says where: user.age: 300 does not fit uint8. After an error v holds what
// was stored until then.
func Unmarshal(term any, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return valueErrorf("Unmarshal needs a pointer to store in, not %T", v)
	}
	var u unmarshaler
	if err := u.value(canonical(term), target.Elem()); err != nil {
		return err
	}
	return nil
}

// unmarshaler is one call of Unmarshal.
type unmarshaler struct{ types types }

// value stores a canonical term in v.
func (u *unmarshaler) value(term any, v reflect.Value) *ValueError {
	t := v.Type()
	if v.CanAddr() && reflect.PointerTo(t).Implements(unmarshalerType) {
		if err := v.Addr().Interface().(Unmarshaler).UnmarshalETF(term); err != nil {
			return &ValueError{What: "UnmarshalETF of " + t.String(), Err: err}
		}
		return nil
	}
	if reflect.TypeOf(term) == t {
		v.Set(reflect.ValueOf(term))
		return nil
	}
	switch v.Kind() {
	case reflect.Interface:
		return u.intoInterface(term, v)
	case reflect.Pointer:
		return u.pointer(term, v)
	case reflect.Bool:
		if a, ok := term.(gen.Atom); ok && (a == "true" || a == "false") {
			v.SetBool(a == "true")
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return u.int(term, v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return u.uint(term, v)
	case reflect.Float32, reflect.Float64:
		return u.float(term, v)
	case reflect.String:
		return u.string(term, v)
	case reflect.Slice:
		return u.slice(term, v)
	case reflect.Array:
		return u.array(term, v)
	case reflect.Map:
		return u.goMap(term, v)
	case reflect.Struct:
		return u.structValue(term, v)
	}
	return mismatch(term, t)
}

func mismatch(term any, t reflect.Type) *ValueError {
	return valueErrorf("%s %s does not fit %v", kindOf(term), FormatLimit(term, 80), t)
}

// kindOf names the type of a term in Erlang's words.
func kindOf(term any) string {
	switch term.(type) {
	case gen.Atom:
		return "atom"
	case int64, *big.Int:
		return "integer"
	case float64:
		return "float"
	case []byte:
		return "binary"
	case BitString:
		return "bit string"
	case Tuple:
		return "tuple"
	case List, ImproperList:
		return "list"
	case Map:
		return "map"
	case gen.PID:
		return "pid"
	case gen.Ref:
		return "reference"
	case Port:
		return "port"
	case Fun, Export:
		return "fun"
	case Record:
		return "native record"
	}
	return fmt.Sprintf("%T", term)
}

// isAbsent tells the atoms that stand for no value.
func isAbsent(term any) bool {
	a, ok := term.(gen.Atom)
	return ok && (a == "undefined" || a == "nil" || a == "null")
}

func (u *unmarshaler) intoInterface(term any, v reflect.Value) *ValueError {
	if value := reflect.ValueOf(term); value.Type().AssignableTo(v.Type()) {
		v.Set(value)
		return nil
	}
	return mismatch(term, v.Type())
}

func (u *unmarshaler) pointer(term any, v reflect.Value) *ValueError {
	t := v.Type().Elem()
	if isAbsent(term) && t != reflect.TypeFor[any]() {
		v.SetZero()
		return nil
	}
	if v.IsNil() {
		p := reflect.New(t)
		if err := u.value(term, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	return u.value(term, v.Elem())
}
