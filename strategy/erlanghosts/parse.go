package erlanghosts

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gonode/strategy"
)

// The limits of a file.
const (
	maxBytes = 1 << 20
	maxHosts = 1000
)

// parser reads atoms that end with full stops, as file:consult/1 does: white space and comments are free, a full stop is
// a period before white space, a comment or the end.
type parser struct {
	text string
	at   int
}

// parse returns the hosts of a file, each once, in their order.
func parse(text string) ([]string, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("the file is not UTF-8")
	}
	p := parser{text: strings.TrimPrefix(text, "\ufeff")}
	var hosts []string
	for p.skip(); p.at < len(p.text); p.skip() {
		host, err := p.host()
		if err != nil {
			return nil, err
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
		if len(hosts) > maxHosts {
			return nil, p.errorf("more than %d hosts", maxHosts)
		}
	}
	return hosts, nil
}

// errorf returns an error with the line.
func (p *parser) errorf(format string, args ...any) error {
	line := 1 + strings.Count(p.text[:min(p.at, len(p.text))], "\n")
	return fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
}

// skip goes on to what is neither white space nor comment.
func (p *parser) skip() {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c <= ' ':
			p.at++
		case c == '%':
			if end := strings.IndexByte(p.text[p.at:], '\n'); end >= 0 {
				p.at += end
			} else {
				p.at = len(p.text)
			}
		default:
			return
		}
	}
}

// host reads an atom and its full stop.
func (p *parser) host() (string, error) {
	host, err := p.atom()
	if err != nil {
		return "", err
	}
	if err := strategy.CheckName("a@" + host); err != nil {
		return "", p.errorf("%.60q is not a host", host)
	}
	end := p.at
	p.skip()
	if p.at == len(p.text) || p.text[p.at] != '.' {
		p.at = end
		return "", p.errorf("there is no full stop after '%s': write '%s'.", host, host)
	}
	p.at++
	if p.at < len(p.text) && p.text[p.at] > ' ' && p.text[p.at] != '%' {
		return "", p.errorf("a host with dots in it needs quotes: 'db1.example.org'.")
	}
	return host, nil
}

func (p *parser) atom() (string, error) {
	rest := p.text[p.at:]
	first, _ := utf8.DecodeRuneInString(rest)
	switch {
	case first == '\'':
		return p.quoted(rest[1:])
	case first == '"':
		return "", p.errorf("write the host in single quotes: 'db1.example.org'.")
	case !unicode.IsLower(first):
		return "", p.errorf("want a host in single quotes with a full stop: 'db1.example.org'.")
	}
	end := strings.IndexFunc(rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '@'
	})
	if end < 0 {
		end = len(rest)
	}
	p.at += end
	return rest[:end], nil
}

// quoted reads an atom after its opening quote. No host has a character that would need a backslash.
func (p *parser) quoted(rest string) (string, error) {
	end := strings.IndexAny(rest, "'\\\n")
	switch {
	case end < 0 || rest[end] == '\n':
		return "", p.errorf("the closing quote is missing")
	case rest[end] == '\\':
		return "", p.errorf("a host has no backslash in it")
	}
	p.at += end + 2
	return rest[:end], nil
}
