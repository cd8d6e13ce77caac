package termjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// maxDepth is how deep arrays and objects may nest.
const maxDepth = 1024

// Parse reads one JSON value as a term: strings are binaries, objects maps with binaries as keys, and the $ forms of this
// package what they stand for.
func Parse(text []byte) (any, error) {
	return (&parser{}).parse(text)
}

// ParseAtoms is Parse, but the names in objects become atoms.
func ParseAtoms(text []byte) (any, error) {
	return (&parser{atoms: true}).parse(text)
}

// parser keeps the order of the members of objects, which is why it goes by tokens.
type parser struct {
	dec   *json.Decoder
	atoms bool
	depth int
}

func (p *parser) parse(text []byte) (any, error) {
	p.dec = json.NewDecoder(bytes.NewReader(text))
	p.dec.UseNumber()
	term, err := p.value()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("no JSON at byte %d: %w", p.dec.InputOffset(), err)
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("no JSON at byte %d: something follows the value", p.dec.InputOffset())
	}
	return term, nil
}

func (p *parser) value() (any, error) {
	tok, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case nil:
		return gen.Atom("null"), nil
	case bool:
		return gen.Atom(strconv.FormatBool(t)), nil
	case string:
		return []byte(t), nil
	case json.Number:
		return number(t)
	case json.Delim:
		if p.depth++; p.depth > maxDepth {
			return nil, fmt.Errorf("it nests deeper than %d", maxDepth)
		}
		defer func() { p.depth-- }()
		if t == '[' {
			return p.array()
		}
		return p.object()
	}
	return nil, fmt.Errorf("unexpected %v", tok)
}

// number reads an integer of any size, or a float.
func number(n json.Number) (any, error) {
	if strings.ContainsAny(n.String(), ".eE") {
		return n.Float64()
	}
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	big, ok := new(big.Int).SetString(n.String(), 10)
	if !ok {
		return nil, fmt.Errorf("%s is no number", n)
	}
	return big, nil
}

func (p *parser) array() (any, error) {
	list := etf.List{}
	for p.dec.More() {
		elem, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, elem)
	}
	_, err := p.dec.Token() // the bracket
	return list, err
}

func (p *parser) object() (any, error) {
	m := etf.Map{}
	seen := map[string]bool{}
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		name := tok.(string) // the decoder lets nothing else pass
		if seen[name] {
			return nil, fmt.Errorf("the name %q is there twice", name)
		}
		seen[name] = true
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		m = append(m, etf.Pair{Key: p.key(name), Value: value})
	}
	if _, err := p.dec.Token(); err != nil {
		return nil, err
	}
	return p.special(m)
}

func (p *parser) key(name string) any {
	if p.atoms {
		return gen.Atom(name)
	}
	return []byte(name)
}

// special turns an object with a $ form into what it stands for.
func (p *parser) special(m etf.Map) (any, error) {
	if len(m) == 0 {
		return m, nil
	}
	tag, _ := etf.Text(m[0].Key)
	if a, ok := m[0].Key.(gen.Atom); ok {
		tag = string(a)
	}
	if !strings.HasPrefix(tag, "$") {
		return m, nil
	}
	if len(m) > 1 && tag != "$etf" {
		return nil, fmt.Errorf("an object with %q has other members too", tag)
	}
	value := m[0].Value
	switch tag {
	case "$atom":
		return wantText(tag, value, func(s string) (any, error) { return gen.Atom(s), nil })
	case "$binary":
		return wantText(tag, value, func(s string) (any, error) { return base64.StdEncoding.DecodeString(s) })
	case "$etf":
		return wantText(tag, value, decodeETF)
	case "$tuple":
		return wantList(tag, value, 0, func(l etf.List) (any, error) { return etf.Tuple(l), nil })
	case "$improper":
		return wantList(tag, value, 2, func(l etf.List) (any, error) {
			return etf.ImproperList{Elems: l[:len(l)-1], Tail: l[len(l)-1]}, nil
		})
	case "$map":
		return wantList(tag, value, 0, mapOf)
	}
	return nil, fmt.Errorf("%q is none of $atom, $binary, $tuple, $improper, $map, $etf", tag)
}

func decodeETF(s string) (any, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	return etf.Decode(b)
}

func wantText(tag string, value any, f func(string) (any, error)) (any, error) {
	b, ok := value.([]byte)
	if !ok {
		return nil, fmt.Errorf("%s wants a string", tag)
	}
	term, err := f(string(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tag, err)
	}
	return term, nil
}

func wantList(tag string, value any, least int, f func(etf.List) (any, error)) (any, error) {
	l, ok := value.(etf.List)
	if !ok || len(l) < least {
		return nil, fmt.Errorf("%s wants an array of %d or more", tag, least)
	}
	return f(l)
}

func mapOf(pairs etf.List) (any, error) {
	m := make(etf.Map, 0, len(pairs))
	for _, elem := range pairs {
		pair, ok := elem.(etf.List)
		if !ok || len(pair) != 2 {
			return nil, errors.New("$map wants an array of [key, value]")
		}
		m = append(m, etf.Pair{Key: pair[0], Value: pair[1]})
	}
	return m, nil
}
