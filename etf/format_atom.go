package etf

import (
	"math"
	"strconv"
	"strings"

	"ergo.services/ergo/gen"
)

func (p *printer) atom(a gen.Atom) {
	if isBareAtom(string(a)) {
		p.text(string(a))
		return
	}
	p.text("'")
	for _, r := range string(a) {
		p.char(r, '\'')
	}
	p.text("'")
}

// isBareAtom tells whether an atom needs no quotes.
func isBareAtom(s string) bool {
	for i, r := range s {
		if i == 0 && !isLower(r) || !isNameChar(r) {
			return false
		}
	}
	return s != "" && !isReserved(s)
}

// isLower tells whether r can start an atom: the small letters of Latin-1.
func isLower(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'ß' && r <= 'ÿ' && r != '÷' }

// isNameChar tells whether r can stand inside an atom.
func isNameChar(r rune) bool {
	return isLower(r) || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '@' || r >= 'À' && r <= 'Þ' && r != '×'
}

// isReserved tells the words that are no atoms without quotes, those of the maybe feature included.
func isReserved(s string) bool {
	switch s {
	case "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
		"else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor":
		return true
	}
	return false
}

// char appends a character of a string or atom that ends with quote.
func (p *printer) char(r, quote rune) {
	if r == quote || r == '\\' {
		p.buf = append(p.buf, '\\', byte(r))
		return
	}
	if i := strings.IndexRune("\n\t\v\b\r\f\x1b\x7f", r); i >= 0 {
		p.buf = append(p.buf, '\\', "ntvbrfed"[i])
		return
	}
	if r < ' ' || r >= 0x80 && r < 0xa0 {
		p.buf = append(p.buf, '\\', '0'+byte(r>>6), '0'+byte(r>>3&7), '0'+byte(r&7))
		return
	}
	p.buf = append(p.buf, string(r)...)
}

// formatFloat gives the shortest digits that read back as f, with or without an exponent, whichever is shorter: what
// float_to_list(F, [short]) gives.
func formatFloat(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "#Float<" + strconv.FormatFloat(f, 'g', -1, 64) + ">"
	}
	if f == 0 {
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	sci := strconv.FormatFloat(math.Abs(f), 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(sci, "e")
	exp, _ := strconv.Atoi(exponent)
	digits := strings.Replace(mantissa, ".", "", 1)
	sign := ""
	if f < 0 {
		sign = "-"
	}
	return sign + placePoint(digits, exp+1, math.Abs(f) >= 1<<53)
}

// placePoint puts the decimal point after place digits, or writes an exponent if that is shorter, or large is set.
func placePoint(digits string, place int, large bool) string {
	n := len(digits)
	exp := strconv.Itoa(place - 1)
	cost := len(exp) + 2
	if n == 1 {
		cost++
	}
	switch {
	case large:
	case place == 0:
		return "0." + digits
	case place > 0 && place < n:
		return digits[:place] + "." + digits[place:]
	case place < 0 && 2-place <= cost:
		return "0." + strings.Repeat("0", -place) + digits
	case place >= n && place-n+2 <= cost:
		return digits + strings.Repeat("0", place-n) + ".0"
	}
	if n == 1 {
		return digits + ".0e" + exp
	}
	return digits[:1] + "." + digits[1:] + "e" + exp
}
