package etf

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// printable returns the characters of l if Erlang takes it for a string: of Latin-1, as it does unless told otherwise.
func printable(l List) ([]rune, bool) {
	if len(l) == 0 {
		return nil, false
	}
	if v, ok := canonical(l[0]).(int64); !ok || !isPrintable(v) {
		return nil, false
	}
	s := make([]rune, len(l))
	for i, v := range l {
		c, ok := canonical(v).(int64)
		if !ok || !isPrintable(c) {
			return nil, false
		}
		s[i] = rune(c)
	}
	return s, true
}

func isPrintable(c int64) bool {
	return c >= ' ' && c <= '~' || c >= 0xa0 && c <= 0xff || c >= '\b' && c <= '\r' || c == 0x1b
}

func (p *printer) binary(b []byte) {
	ascii, text := true, true
	for rest := b; len(rest) > 0 && text; {
		r, n := utf8.DecodeRune(rest)
		text = r != utf8.RuneError && (isPrintable(int64(r)) || r > 0xff && unicode.IsPrint(r))
		ascii = ascii && r < utf8.RuneSelf
		rest = rest[n:]
	}
	if !text || len(b) == 0 {
		p.text("<<")
		p.bytes(b)
		p.text(">>")
		return
	}
	p.text(`<<"`)
	for len(b) > 0 && !p.full() {
		r, n := utf8.DecodeRune(b)
		p.char(r, '"')
		b = b[n:]
	}
	if ascii {
		p.text(`">>`)
	} else {
		p.text(`"/utf8>>`)
	}
}

func (p *printer) bytes(b []byte) {
	for i, c := range b {
		if i > 0 {
			p.text(",")
		}
		p.number(uint64(c))
		if p.full() {
			return
		}
	}
}

func (p *printer) bits(b BitString) {
	last := len(b.Bytes) - 1
	p.text("<<")
	p.bytes(b.Bytes[:last])
	if last > 0 {
		p.text(",")
	}
	p.number(uint64(b.Bytes[last] >> (8 - b.Bits)))
	p.text(":", strconv.Itoa(b.Bits), ">>")
}
