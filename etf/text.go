package etf

import (
	"math"
	"unicode/utf8"
)

// Text returns the text of a binary in UTF-8, a charlist (a list of code points), or any nesting of the two in lists: what
// Erlang calls chardata. It returns false for anything else, and if the text is not valid UTF-8.
func Text(term any) (string, bool) {
	b, ok := flatten(nil, term, encodeDepth, func(dst []byte, c int64) ([]byte, bool) {
		if c < 0 || c > math.MaxInt32 || !utf8.ValidRune(rune(c)) {
			return dst, false
		}
		return utf8.AppendRune(dst, rune(c)), true
	})
	if !ok || !utf8.Valid(b) {
		return "", false
	}
	return string(b), true
}

// IOData returns the bytes of a binary, a list of bytes, or any nesting of the two in lists: what iolist_to_binary takes.
// It returns false for anything else. The bytes of a single binary are not copied.
func IOData(term any) ([]byte, bool) {
	if b, ok := term.([]byte); ok {
		return b, true
	}
	return flatten([]byte{}, term, encodeDepth, func(dst []byte, c int64) ([]byte, bool) {
		return append(dst, byte(c)), c >= 0 && c <= math.MaxUint8
	})
}

// flatten appends the binaries of a nested list, and its integers as char does.
func flatten(dst []byte, term any, depth int, char func([]byte, int64) ([]byte, bool)) ([]byte, bool) {
	if depth == 0 {
		return dst, false
	}
	var elems []any
	var tail any = emptyBinary
	switch v := canonical(term).(type) {
	case []byte:
		return append(dst, v...), true
	case List:
		elems = v
	case ImproperList: // the tail of an iolist may be a binary
		if _, ok := canonical(v.Tail).([]byte); !ok {
			return dst, false
		}
		elems, tail = v.Elems, v.Tail
	default:
		return dst, false
	}
	for _, e := range elems {
		var ok bool
		if c, isInt := canonical(e).(int64); isInt {
			dst, ok = char(dst, c)
		} else {
			dst, ok = flatten(dst, e, depth-1, char)
		}
		if !ok {
			return dst, false
		}
	}
	return flatten(dst, tail, depth-1, char)
}
