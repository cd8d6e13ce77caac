package etf

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"

	"ergo.services/ergo/gen"
)

func (e *Encoder) atom(dst []byte, a gen.Atom) ([]byte, error) {
	if e.Atoms != nil {
		if i, ok := e.Atoms.AtomRef(a); ok {
			return append(dst, tagAtomCacheRef, i), nil
		}
	}
	n := len(a)
	if !utf8.ValidString(string(a)) {
		return dst, encodeErrorf(a, "%.80q is not valid UTF-8", string(a))
	}
	if n <= maxAtomChars {
		dst = append(dst, tagSmallAtomUTF8, byte(n))
		return append(dst, a...), nil
	}
	if utf8.RuneCountInString(string(a)) > maxAtomChars {
		return dst, encodeErrorf(a, "an atom has at most %d characters; this one starts with %.80q", maxAtomChars, string(a))
	}
	dst = append(dst, tagAtomUTF8, byte(n>>8), byte(n))
	return append(dst, a...), nil
}

func appendInt(dst []byte, v int64) []byte {
	switch {
	case v >= 0 && v <= math.MaxUint8:
		return append(dst, tagSmallInteger, byte(v))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return binary.BigEndian.AppendUint32(append(dst, tagInteger), uint32(v))
	}
	u, sign := uint64(v), byte(0)
	if v < 0 {
		u, sign = -u, 1
	}
	at := len(dst) + 1
	dst = append(dst, tagSmallBig, 0, sign)
	for ; u > 0; u >>= 8 {
		dst = append(dst, byte(u))
		dst[at]++
	}
	return dst
}

func appendBig(dst []byte, v *big.Int) ([]byte, error) {
	if v.IsInt64() {
		return appendInt(dst, v.Int64()), nil
	}
	n := (v.BitLen() + 7) / 8
	sign := byte(0)
	if v.Sign() < 0 {
		sign = 1
	}
	switch {
	case n <= math.MaxUint8:
		dst = append(dst, tagSmallBig, byte(n), sign)
	case n <= math.MaxUint32:
		dst = binary.BigEndian.AppendUint32(append(dst, tagLargeBig), uint32(n))
		dst = append(dst, sign)
	default:
		return dst, encodeErrorf(v, "an integer of %d bytes has no external form", n)
	}
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	v.FillBytes(dst[at:])
	slices.Reverse(dst[at:])
	return dst, nil
}

func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, encodeErrorf(f, "%v is no Erlang float; they are finite", f)
	}
	return binary.BigEndian.AppendUint64(append(dst, tagNewFloat), math.Float64bits(f)), nil
}

func appendBinary[T []byte | string](dst []byte, b T) ([]byte, error) {
	dst, err := appendBinaryHead(dst, b)
	if err != nil {
		return dst, err
	}
	return append(dst, b...), nil
}

func appendBinaryHead[T []byte | string](dst []byte, b T) ([]byte, error) {
	if uint64(len(b)) > math.MaxUint32 {
		return dst, encodeErrorf(b, "%d bytes are more than a binary can have", len(b))
	}
	return binary.BigEndian.AppendUint32(append(dst, tagBinary), uint32(len(b))), nil
}

// splice appends a binary without its bytes.
func (e *Encoder) splice(dst []byte, s string) ([]byte, error) {
	dst, err := appendBinaryHead(dst, s)
	if err == nil {
		e.Spliced = append(e.Spliced, Splice{At: len(dst), Text: s})
	}
	return dst, err
}

func appendBits(dst []byte, b BitString) ([]byte, error) {
	n := len(b.Bytes)
	if n == 0 || b.Bits == 0 || b.Bits == 8 {
		return appendBinary(dst, b.Bytes)
	}
	if b.Bits < 0 || b.Bits > 8 {
		return dst, encodeErrorf(b, "%d bits in the last byte", b.Bits)
	}
	if uint64(n) > math.MaxUint32 {
		return dst, encodeErrorf(b, "%d bytes are more than a bit string can have", n)
	}
	dst = binary.BigEndian.AppendUint32(append(dst, tagBitBinary), uint32(n))
	dst = append(dst, byte(b.Bits))
	dst = append(dst, b.Bytes...)
	dst[len(dst)-1] &^= 0xff >> b.Bits
	return dst, nil
}

// intOf returns an integer of any Go type that int64 can hold.
func intOf(term any) (int64, bool) {
	switch v := term.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint:
		return int64(v), uint64(v) <= math.MaxInt64
	case uint64:
		return int64(v), v <= math.MaxInt64
	case uint32:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint8:
		return int64(v), true
	}
	return 0, false
}
