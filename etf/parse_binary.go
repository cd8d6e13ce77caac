package etf

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

const (
	// maxSegment is how many bits one integer between << and >> may be told to take.
	maxSegment = 1 << 16
	// maxPadding is how many bits all that have a size may take in one text, which is no measure of them.
	maxPadding = 1 << 23
)

// binary reads the segments after <<.
func (p *parser) binary() any {
	var w bitWriter
	if p.space(); p.skip(">>") {
		return emptyBinary
	}
	for p.err == nil {
		p.segment(&w)
		p.space()
		if p.skip(">>") {
			break
		}
		p.expect(",", ">>")
	}
	return w.term()
}

// segment reads Value, Value:Size, Value/utf8 or Value:Size/integer, where Value is a number or a string.
func (p *parser) segment(w *bitWriter) {
	p.space()
	start := p.pos
	var values []any
	isString := p.peek() == '"'
	if isString {
		values = p.charlist().(List)
	} else {
		values = []any{p.number()}
	}
	size, sized := p.size()
	kind := ""
	if p.space(); p.skip("/") {
		p.space()
		kind = p.word()
		p.pos += len(kind)
	}
	if p.err != nil {
		return
	}
	if sized {
		p.padding -= size * len(values)
	}
	if p.padding < 0 {
		p.pos = start
		p.failf("the sizes of segments add up to more than %d bits", maxPadding)
		return
	}
	for _, v := range values {
		if what := w.segment(v, size, sized, kind, isString); what != "" {
			p.pos = start
			p.failf("%s", what)
			return
		}
	}
}

// size reads the size of a segment, if there is one.
func (p *parser) size() (bits int, ok bool) {
	p.space()
	if !p.skip(":") {
		return 0, false
	}
	p.space()
	start := p.pos
	digits := p.decimals()
	bits, err := strconv.Atoi(digits)
	if p.err == nil && (err != nil || bits > maxSegment) {
		p.pos = start
		p.failf("a segment has at most %d bits", maxSegment)
	}
	return bits, true
}

// bitWriter gathers bits.
type bitWriter struct {
	bytes []byte
	used  int // bits used in the last byte, 0 if all of them
}

// segment appends a value as a segment of this kind, and says what is wrong if it can't.
func (w *bitWriter) segment(v any, size int, sized bool, kind string, isString bool) string {
	switch f, isFloat := v.(float64); {
	case kind == "utf8":
		r, ok := v.(int64)
		if !ok || r < 0 || r > utf8.MaxRune || !utf8.ValidRune(rune(r)) || sized {
			return "a segment of type utf8 is a character without a size"
		}
		for _, b := range utf8.AppendRune(nil, rune(r)) {
			w.append(big.NewInt(int64(b)), 8)
		}
		return ""
	case kind == "float":
		if n, ok := v.(int64); ok {
			f, isFloat = float64(n), true
		}
		if !isFloat || sized && size != 64 {
			return "a segment of type float is a number of 64 bits"
		}
		w.append(new(big.Int).SetUint64(math.Float64bits(f)), 64)
		return ""
	case kind != "" && kind != "integer":
		return "a segment has the type integer, float or utf8"
	case isFloat:
		return "a float in a binary needs the type: /float"
	}
	if !sized {
		size = 8
	}
	n, ok := v.(*big.Int)
	if i, isSmall := v.(int64); isSmall {
		n, ok = big.NewInt(i), true
	}
	if !ok {
		return "a segment is a number or a string"
	}
	if isString && n.BitLen() > size {
		return "a character of the string takes more than " + strconv.Itoa(size) + " bits: add the type /utf8"
	}
	w.append(n, size)
	return ""
}

// append appends the low n bits of v, as two's complement if it is negative.
func (w *bitWriter) append(v *big.Int, n int) {
	if v.Sign() < 0 || v.BitLen() > n {
		mask := new(big.Int).Lsh(big.NewInt(1), uint(n))
		v = new(big.Int).And(v, mask.Sub(mask, big.NewInt(1)))
	}
	if w.used == 0 && n == 8 {
		w.bytes = append(w.bytes, byte(v.Uint64()))
		return
	}
	for i := n - 1; i >= 0; i-- {
		if w.used == 0 {
			w.bytes = append(w.bytes, 0)
		}
		w.bytes[len(w.bytes)-1] |= byte(v.Bit(i)) << (7 - w.used)
		w.used = (w.used + 1) % 8
	}
}

func (w *bitWriter) term() any {
	switch {
	case len(w.bytes) == 0:
		return emptyBinary
	case w.used == 0:
		return w.bytes
	}
	return BitString{Bytes: w.bytes, Bits: w.used}
}
