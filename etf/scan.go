package etf

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads the tokens of Erlang text.
type scanner struct {
	src string
	pos int
	err *SyntaxError
}

// failf records the first failure, at the present place.
func (s *scanner) failf(format string, args ...any) {
	if s.err == nil {
		s.err = &SyntaxError{Offset: s.pos, What: fmt.Sprintf(format, args...)}
	}
}

// peek returns the next byte, 0 at the end and after a failure.
func (s *scanner) peek() byte {
	if s.err != nil || s.pos >= len(s.src) {
		return 0
	}
	return s.src[s.pos]
}

// near quotes what comes next, for an error.
func (s *scanner) near() string {
	rest := []rune(s.src[s.pos:min(len(s.src), s.pos+64)])
	return strconv.Quote(string(rest[:min(len(rest), 12)]))
}

// space skips white space and comments.
func (s *scanner) space() {
	for {
		switch c := s.peek(); {
		case c == ' ', c >= '\t' && c <= '\r':
			s.pos++
		case c == '%':
			n := strings.IndexByte(s.src[s.pos:], '\n')
			if n < 0 {
				n = len(s.src) - s.pos
			}
			s.pos += n
		default:
			return
		}
	}
}

// skip reads token if it comes next.
func (s *scanner) skip(token string) bool {
	if s.err == nil && strings.HasPrefix(s.src[s.pos:], token) {
		s.pos += len(token)
		return true
	}
	return false
}

// expect reads the first of tokens, and fails, naming all of them, if it does not come next.
func (s *scanner) expect(tokens ...string) {
	if s.skip(tokens[0]) {
		return
	}
	want := strings.Join(tokens, " or ")
	if s.pos >= len(s.src) {
		s.failf("the text ends where %s is expected", want)
		return
	}
	s.failf("%s where %s is expected", s.near(), want)
}

// word returns the letters, digits, _ and @ that come next, without reading them.
func (s *scanner) word() string {
	if s.err != nil {
		return ""
	}
	rest := s.src[s.pos:]
	for i, r := range rest {
		if !isNameChar(r) {
			return rest[:i]
		}
	}
	return rest
}

// quoted reads characters up to the quote that ends them.
func (s *scanner) quoted(quote byte) []rune {
	start := s.pos
	s.pos++
	chars := []rune{}
	for s.pos < len(s.src) {
		if s.src[s.pos] == quote {
			s.pos++
			return chars
		}
		chars = append(chars, s.char())
		if s.err != nil {
			return nil
		}
	}
	s.pos = start
	s.failf("the text ends before the closing %c of %s", quote, s.near())
	return nil
}

// char reads a character or an escape sequence.
func (s *scanner) char() rune {
	r, n := utf8.DecodeRuneInString(s.src[s.pos:])
	if r == utf8.RuneError && n < 2 {
		s.failf("the text is not valid UTF-8, or ends too early")
		return 0
	}
	s.pos += n
	if r == '\\' {
		return s.escape()
	}
	return r
}

// escape reads what follows a backslash.
func (s *scanner) escape() rune {
	r, n := utf8.DecodeRuneInString(s.src[s.pos:])
	if r == utf8.RuneError && n < 2 {
		s.failf("the text ends after a backslash")
		return 0
	}
	if r >= '0' && r <= '7' {
		return s.code(s.digits(3, "01234567"), 8)
	}
	s.pos += n
	if i := strings.IndexRune("ntvbrfesd", r); i >= 0 {
		return rune("\n\t\v\b\r\f\x1b \x7f"[i])
	}
	switch r {
	case '^':
		c := s.char()
		if c < '@' || c > '_' && (c < 'a' || c > 'z') {
			s.failf("\\^ needs a letter")
		}
		return c & 31
	case 'x':
		if !s.skip("{") {
			hex := s.digits(2, hexDigits)
			if len(hex) < 2 {
				s.failf("\\x needs two hexadecimal digits, or any number of them between { and }")
			}
			return s.code(hex, 16)
		}
		hex := s.digits(8, hexDigits)
		s.expect("}")
		return s.code(hex, 16)
	}
	return r
}

const hexDigits = "0123456789abcdefABCDEF"

// digits reads at most max characters of those allowed.
func (s *scanner) digits(max int, allowed string) string {
	start := s.pos
	for s.pos-start < max && s.pos < len(s.src) && strings.IndexByte(allowed, s.src[s.pos]) >= 0 {
		s.pos++
	}
	return s.src[start:s.pos]
}

func (s *scanner) code(digits string, base int) rune {
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		s.failf("the escape sequence is no character")
		return 0
	}
	return rune(v)
}
