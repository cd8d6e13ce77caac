package etf

import (
	"math"
	"math/big"
	"reflect"
	"time"

	"ergo.services/ergo/gen"
)

func (u *unmarshaler) int(term any, v reflect.Value) *ValueError {
	n, ok := term.(int64)
	if !ok {
		return numberMismatch(term, v.Type())
	}
	if v.Type() == durationType {
		if n > math.MaxInt64/int64(time.Millisecond) || n < math.MinInt64/int64(time.Millisecond) {
			return valueErrorf("%d milliseconds do not fit %v", n, v.Type())
		}
		n *= int64(time.Millisecond)
	}
	if v.OverflowInt(n) {
		return valueErrorf("%d does not fit %v", n, v.Type())
	}
	v.SetInt(n)
	return nil
}

func (u *unmarshaler) uint(term any, v reflect.Value) *ValueError {
	var n uint64
	switch x := term.(type) {
	case int64:
		if x < 0 {
			return valueErrorf("%d does not fit %v", x, v.Type())
		}
		n = uint64(x)
	case *big.Int:
		if !x.IsUint64() {
			return numberMismatch(term, v.Type())
		}
		n = x.Uint64()
	default:
		return numberMismatch(term, v.Type())
	}
	if v.OverflowUint(n) {
		return valueErrorf("%d does not fit %v", n, v.Type())
	}
	v.SetUint(n)
	return nil
}

// numberMismatch reports an integer that is too large, or another term.
func numberMismatch(term any, t reflect.Type) *ValueError {
	if _, ok := term.(*big.Int); ok {
		return valueErrorf("%s does not fit %v", FormatLimit(term, 80), t)
	}
	return mismatch(term, t)
}

func (u *unmarshaler) float(term any, v reflect.Value) *ValueError {
	var f float64
	switch x := term.(type) {
	case float64:
		f = x
	case int64:
		f = float64(x)
	case *big.Int:
		f, _ = new(big.Float).SetInt(x).Float64()
	default:
		return mismatch(term, v.Type())
	}
	if math.IsInf(f, 0) || v.OverflowFloat(f) {
		return numberMismatch(term, v.Type())
	}
	v.SetFloat(f)
	return nil
}

func (u *unmarshaler) string(term any, v reflect.Value) *ValueError {
	switch x := term.(type) {
	case gen.Atom:
		if v.Type() != reflect.TypeFor[gen.Atom]() {
			v.SetString(string(x))
			return nil
		}
	case []byte:
		if v.Type() != reflect.TypeFor[gen.Atom]() {
			v.SetString(string(x))
			return nil
		}
	case List, ImproperList:
		if s, ok := Text(term); ok && v.Type() != reflect.TypeFor[gen.Atom]() {
			v.SetString(s)
			return nil
		}
	}
	return mismatch(term, v.Type())
}
