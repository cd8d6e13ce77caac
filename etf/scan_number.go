package etf

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxNumber is how many characters a number may have. It bounds the time that conversion takes.
const maxNumber = 200_000

// number reads an integer, a float or a character after $, with any signs before it.
func (s *scanner) number() any {
	negative := false
	for s.peek() == '-' || s.peek() == '+' {
		negative = negative != (s.peek() == '-')
		s.pos++
		s.space()
	}
	if s.skip("$") {
		if s.pos >= len(s.src) {
			s.failf("the text ends after $")
			return nil
		}
		return signed(new(big.Int).SetInt64(int64(s.char())), negative)
	}
	start := s.pos
	whole := s.decimals()
	if s.peek() == '#' {
		return signed(s.based(start, whole), negative)
	}
	if s.peek() == '.' && s.pos+1 < len(s.src) && isDigit(s.src[s.pos+1]) {
		return s.float(start, negative)
	}
	return signed(s.integer(start, whole, 10), negative)
}

func signed(v *big.Int, negative bool) any {
	if negative {
		v.Neg(v)
	}
	return canonicalInt(v)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// run reads digits with single underscores between them and returns them without.
func (s *scanner) run(ok func(byte) bool) string {
	start := s.pos
	for s.pos < len(s.src) && (ok(s.src[s.pos]) ||
		s.src[s.pos] == '_' && s.pos > start && s.pos+1 < len(s.src) && ok(s.src[s.pos-1]) && ok(s.src[s.pos+1])) {
		s.pos++
	}
	return strings.ReplaceAll(s.src[start:s.pos], "_", "")
}

func (s *scanner) decimals() string {
	if !isDigit(s.peek()) {
		s.expect("a digit")
		return ""
	}
	return s.run(isDigit)
}

// based reads the # and the digits after the base.
func (s *scanner) based(start int, base string) *big.Int {
	b, err := strconv.Atoi(base)
	if err != nil || b < 2 || b > 36 {
		s.pos = start
		s.failf("the base of a number is 2 to 36")
		return new(big.Int)
	}
	s.pos++
	digits := s.run(func(c byte) bool {
		v := 99
		switch {
		case isDigit(c):
			v = int(c - '0')
		case c >= 'a' && c <= 'z':
			v = int(c-'a') + 10
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		return v < b
	})
	if digits == "" {
		s.failf("no digit of base %d after #", b)
	}
	return s.integer(start, digits, b)
}

func (s *scanner) integer(start int, digits string, base int) *big.Int {
	if len(digits) > maxNumber {
		s.pos = start
		s.failf("the number has more than %d digits", maxNumber)
	}
	if s.err != nil {
		return new(big.Int)
	}
	v, ok := new(big.Int).SetString(digits, base)
	if !ok || v.BitLen() > 8*defaultDigits {
		s.pos = start
		s.failf("the number has more than %d bytes", defaultDigits)
		return new(big.Int)
	}
	return v
}

// float reads from the point on; the digits before it were read from start.
func (s *scanner) float(start int, negative bool) any {
	s.pos++
	s.decimals()
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '-' || c == '+' {
			s.pos++
		}
		s.decimals()
	}
	if s.pos-start > maxNumber {
		s.failf("the number has more than %d digits", maxNumber)
	}
	if s.err != nil {
		return nil
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s.src[start:s.pos], "_", ""), 64)
	if err != nil || math.IsInf(f, 0) {
		s.pos = start
		s.failf("the float is too large")
		return nil
	}
	if negative {
		f = -f
	}
	return f
}
