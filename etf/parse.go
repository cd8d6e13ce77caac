package etf

import (
	"fmt"
	"strings"

	"ergo.services/ergo/gen"
)

// SyntaxError says why and where text is no term.
type SyntaxError struct {
	Offset int // bytes before the place
	What   string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("etf: syntax error at byte %d: %s", e.Offset, e.What)
}

// ParseText reads one term from Erlang text: {ok, [1, 2.5, <<"x">>, #{a => 'B c'}]}. It takes all literals of the language but
// records, triple-quoted strings and sigils; comments and white space between tokens; and a full stop at the end. A string is
// a List of code points, as in Erlang. What [Format] prints without a literal form, such as a pid, is an error. The error is
// a *SyntaxError.
func ParseText(s string) (any, error) {
	p := parser{scanner: scanner{src: s}, depth: defaultDepth, padding: maxPadding}
	term := p.term()
	p.space()
	if p.err == nil && p.skip(".") {
		p.space()
	}
	if p.err == nil && p.pos < len(p.src) {
		p.failf("%s is left over after the term", p.near())
	}
	if p.err != nil {
		return nil, p.err
	}
	return term, nil
}

// parser reads terms by recursive descent. Like the wire's reader it keeps its first failure, after which nothing moves.
type parser struct {
	scanner
	depth   int // levels that may still be opened
	padding int // bits that sizes in binaries may still ask for
}

// term reads a term and the white space before it. After a failure the result has no meaning.
func (p *parser) term() any {
	p.space()
	if p.depth == 0 {
		p.failf("the term is nested more than %d deep", defaultDepth)
		return nil
	}
	p.depth--
	defer func() { p.depth++ }()
	switch c := p.peek(); {
	case c == '{':
		p.pos++
		return Tuple(p.elements("}"))
	case c == '[':
		p.pos++
		return p.list()
	case c == '"':
		return p.charlist()
	case c == '#':
		return p.mapTerm()
	case p.skip("<<"):
		return p.binary()
	case c == '-' || c == '+' || c == '$' || c >= '0' && c <= '9':
		return p.number()
	}
	if p.word() == "fun" {
		p.pos += len("fun")
		return p.export()
	}
	return p.atom()
}

// elements reads terms with commas between them up to the end mark, for which it also reads.
func (p *parser) elements(end string) []any {
	elems := []any{}
	if p.space(); p.skip(end) {
		return elems
	}
	for p.err == nil {
		elems = append(elems, p.term())
		p.space()
		if p.skip(end) {
			return elems
		}
		p.expect(",", end)
	}
	return nil
}

func (p *parser) list() any {
	elems := List{}
	if p.space(); p.skip("]") {
		return elems
	}
	for p.err == nil {
		elems = append(elems, p.term())
		p.space()
		if p.skip("]") {
			return elems
		}
		if p.skip("|") {
			tail := p.term()
			p.space()
			p.expect("]")
			return canonical(ImproperList{Elems: elems, Tail: tail})
		}
		p.expect(",", "|", "]")
	}
	return nil
}

// charlist reads strings; those that follow one another are one.
func (p *parser) charlist() any {
	l := List{}
	for p.err == nil && p.peek() == '"' {
		for _, r := range p.quoted('"') {
			l = append(l, int64(r))
		}
		p.space()
	}
	return l
}

func (p *parser) mapTerm() any {
	start := p.pos
	p.pos++
	if p.space(); !p.skip("{") {
		p.pos = start
		p.failf("%s: only #{ starts a literal; pids, ports, references, funs and records have none", p.near())
		return nil
	}
	m := Map{}
	if p.space(); p.skip("}") {
		return m
	}
	for p.err == nil {
		key := p.term()
		p.space()
		p.expect("=>")
		m = append(m, Pair{Key: key, Value: p.term()})
		p.space()
		if p.skip("}") {
			break
		}
		p.expect(",", "}")
	}
	if p.err == nil {
		if i := duplicateKey(m); i >= 0 {
			p.pos = start
			p.failf("the map has the key %s twice", FormatLimit(m[i].Key, 64))
		}
	}
	return m
}

func (p *parser) atom() gen.Atom {
	start := p.pos
	p.space()
	if p.peek() == '\'' {
		r := p.quoted('\'')
		if len(r) > maxAtomChars {
			p.pos = start
			p.failf("an atom has at most %d characters", maxAtomChars)
		}
		return gen.Atom(string(r))
	}
	w := p.word()
	switch c := p.peek(); {
	case w == "" && p.pos == len(p.src):
		p.failf("the text ends where a term is expected")
	case w == "" && c == '<':
		p.failf("%s: pids have no literal; only << starts one", p.near())
	case w == "":
		p.failf("%s does not start a term", p.near())
	case c == '_' || !isLower([]rune(w)[0]):
		p.failf("%s looks like a variable; quote it if it is an atom: '%s'", w, w)
	case isReserved(w) && w != "maybe" && w != "else": // those two are words only where a feature is enabled
		p.failf("%s is a reserved word; quote it if it is an atom: '%s'", w, w)
	case len(w) > maxAtomChars && len([]rune(w)) > maxAtomChars:
		p.failf("an atom has at most %d characters", maxAtomChars)
	}
	p.pos += len(w)
	return gen.Atom(strings.Clone(w)) // the text may be large
}

// export reads what follows the word fun.
func (p *parser) export() any {
	x := Export{Module: p.atom()}
	p.space()
	p.expect(":")
	x.Function = p.atom()
	p.space()
	p.expect("/")
	p.space()
	start := p.pos
	arity, ok := p.number().(int64)
	if p.err == nil && (!ok || arity < 0 || arity > 255) {
		p.pos = start
		p.failf("the arity of a fun is 0 to 255")
	}
	x.Arity = int(arity)
	return x
}
