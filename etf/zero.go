package etf

import "math"

// Before OTP 27, 0.0 and -0.0 were the same term, and so the same key of a map.

// sameZero returns m with every -0.0 in its keys as 0.0, and whether there was one. Values may be nil then.
func sameZero(m Map) (Map, bool) {
	var out Map
	for i := range m {
		key, changed := zeroless(m[i].Key, encodeDepth)
		if changed && out == nil {
			out = append(out, m...)
		}
		if changed {
			out[i] = Pair{Key: key}
		}
	}
	return out, out != nil
}

// zeroless returns the term with every -0.0 as 0.0, and whether there was one.
func zeroless(term any, depth int) (any, bool) {
	if depth == 0 {
		return term, false
	}
	switch v := term.(type) {
	case float64:
		if v == 0 && math.Signbit(v) {
			return 0.0, true
		}
	case float32:
		return zeroless(float64(v), depth)
	case Tuple:
		out, changed := zerolessAll(v, depth)
		return Tuple(out), changed
	case List:
		out, changed := zerolessAll(v, depth)
		return List(out), changed
	case []any:
		return zerolessAll(v, depth)
	case ImproperList:
		elems, first := zerolessAll(v.Elems, depth)
		tail, second := zeroless(v.Tail, depth-1)
		return ImproperList{Elems: elems, Tail: tail}, first || second
	case Map:
		return zerolessMap(v, depth)
	}
	return term, false
}

func zerolessAll(elems []any, depth int) ([]any, bool) {
	var out []any
	for i := range elems {
		if e, changed := zeroless(elems[i], depth-1); changed {
			if out == nil {
				out = append(out, elems...)
			}
			out[i] = e
		}
	}
	if out == nil {
		return elems, false
	}
	return out, true
}

func zerolessMap(m Map, depth int) (Map, bool) {
	var out Map
	for i := range m {
		key, first := zeroless(m[i].Key, depth-1)
		value, second := zeroless(m[i].Value, depth-1)
		if !first && !second {
			continue
		}
		if out == nil {
			out = append(out, m...)
		}
		out[i] = Pair{Key: key, Value: value}
	}
	if out == nil {
		return m, false
	}
	return out, true
}
