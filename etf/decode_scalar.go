package etf

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strconv"
)

// oldFloatBytes is the length of FLOAT_EXT: the output of "%.20e", padded with zeros.
const oldFloatBytes = 31

func (s *state) newFloat() any {
	f := math.Float64frombits(s.r.Uint64())
	if math.IsNaN(f) || math.IsInf(f, 0) {
		s.failAt(s.r.Offset()-8, ErrMalformed, "the float is not finite")
	}
	return f
}

func (s *state) oldFloat() any {
	b := s.r.Bytes(oldFloatBytes)
	if b == nil {
		return nil
	}
	text, _, _ := bytes.Cut(b, []byte{0})
	f, err := strconv.ParseFloat(string(text), 64)
	// ParseFloat also takes hexadecimal floats, underscores and names of what is not finite.
	if err != nil || bytes.ContainsAny(text, "xXpP_iInN") {
		s.failAt(s.r.Offset()-oldFloatBytes, ErrMalformed, "%.31q is no finite float", text)
	}
	return f
}

// integer reads the sign and the n digits of SMALL_BIG_EXT and LARGE_BIG_EXT, least significant first.
func (s *state) integer(n uint32) any {
	if uint64(n) > uint64(s.digits) && s.r.Err() == nil {
		s.fail(ErrLimit, "integer of %d bytes, but only %d are allowed (Limits.Digits)", n, s.digits)
		return nil
	}
	sign := s.r.Uint8()
	if sign > 1 {
		s.failAt(s.r.Offset()-1, ErrMalformed, "the sign of the integer is %d, not 0 or 1", sign)
	}
	b := bytes.TrimRight(s.r.Bytes(int(n)), "\x00")
	if len(b) > 8 {
		b = slices.Clone(b)
		slices.Reverse(b)
		v := new(big.Int).SetBytes(b)
		if sign == 1 {
			v.Neg(v)
		}
		return v
	}
	var u uint64
	for i, c := range b {
		u |= uint64(c) << (8 * i)
	}
	switch {
	case sign == 0 && u <= math.MaxInt64:
		return int64(u)
	case sign == 1 && u <= 1<<63:
		return -int64(u)
	}
	v := new(big.Int).SetUint64(u)
	if sign == 1 {
		v.Neg(v)
	}
	return v
}

// emptyBinary is shared by all binaries without bytes.
var emptyBinary any = []byte{}

func (s *state) binary() any {
	b := s.bytes(uint64(s.r.Uint32()))
	if len(b) == 0 {
		return emptyBinary
	}
	return b
}

// bytes returns the next n bytes, copied if they must be.
func (s *state) bytes(n uint64) []byte {
	if n > uint64(s.r.Len()) && s.r.Err() == nil {
		s.fail(ErrTruncated, "binary of %d bytes, but only %d are left", n, s.r.Len())
		return nil
	}
	b := s.r.Bytes(int(n))
	if s.shares(len(b)) {
		s.d.Aliased = true
		return b
	}
	return s.copied(b)
}

// shares reports whether a binary of n bytes shares memory with the input.
func (s *state) shares(n int) bool { return s.d.Alias && n >= s.d.AliasFrom }

func (s *state) bitString() any {
	n := s.r.Uint32()
	bits := s.r.Uint8()
	if bits > 8 || (bits == 0) != (n == 0) {
		s.failAt(s.r.Offset()-1, ErrMalformed, "bit string of %d bytes with %d bits in the last one", n, bits)
		return nil
	}
	b := s.bytes(uint64(n))
	if s.r.Err() != nil || n == 0 {
		return emptyBinary
	}
	if bits == 8 {
		return b
	}
	if unused := byte(0xff) >> bits; b[n-1]&unused != 0 {
		if s.shares(len(b)) {
			b = slices.Clone(b)
		}
		b[n-1] &^= unused
	}
	return BitString{Bytes: b, Bits: int(bits)}
}
