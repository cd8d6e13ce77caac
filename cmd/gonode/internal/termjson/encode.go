package termjson

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Form is how terms look in JSON.
type Form int

const (
	Plain Form = iota // for people: looks as one would write it, and can't be read back as the same term
	Exact             // can be read back
)

// An Encoder writes terms as JSON. The zero value writes Plain.
type Encoder struct {
	Form Form

	// Strings writes a list of printable characters, which is what Erlang calls a string, as a string. Whether a list
	// looks like one depends on what is in it, so the form of the output does then too. Plain only.
	Strings bool
}

// Append appends term, on one line, to dst. Any term has JSON.
func (e Encoder) Append(dst []byte, term any) []byte {
	switch t := term.(type) {
	case int64:
		return strconv.AppendInt(dst, t, 10)
	case *big.Int:
		return t.Append(dst, 10)
	case float64:
		return appendFloat(dst, t)
	case gen.Atom:
		return e.atom(dst, t)
	case []byte:
		if utf8.Valid(t) {
			return appendString(dst, string(t))
		}
		return tagged(dst, "$binary", appendString(nil, base64.StdEncoding.EncodeToString(t)))
	case etf.Tuple:
		if e.Form == Plain {
			return e.array(dst, t)
		}
		return tagged(dst, "$tuple", e.array(nil, t))
	case etf.List:
		return e.list(dst, t)
	case etf.ImproperList:
		all := e.array(nil, append(append([]any{}, t.Elems...), t.Tail))
		if e.Form == Plain {
			return append(dst, all...)
		}
		return tagged(dst, "$improper", all)
	case etf.Map:
		return e.object(dst, t)
	}
	return e.opaque(dst, term)
}

func appendFloat(dst []byte, f float64) []byte {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0" // a float stays one
	}
	return append(dst, text...)
}

func (e Encoder) atom(dst []byte, a gen.Atom) []byte {
	switch a {
	case "true", "false", "null":
		return append(dst, a...)
	}
	if e.Form == Plain {
		return appendString(dst, string(a))
	}
	return tagged(dst, "$atom", appendString(nil, string(a)))
}

func (e Encoder) list(dst []byte, l etf.List) []byte {
	if e.Strings && e.Form == Plain && len(l) > 0 {
		if text, ok := printable(l); ok {
			return appendString(dst, text)
		}
	}
	return e.array(dst, l)
}

// printable returns the text of a list of printable characters.
func printable(l etf.List) (string, bool) {
	for _, elem := range l {
		c, ok := elem.(int64)
		if !ok || c > utf8.MaxRune || !strconv.IsPrint(rune(c)) && c != '\n' && c != '\t' && c != '\r' {
			return "", false
		}
	}
	return etf.Text(l)
}

func (e Encoder) array(dst []byte, elems []any) []byte {
	dst = append(dst, '[')
	for i, elem := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.Append(dst, elem)
	}
	return append(dst, ']')
}

// object writes a map as an object if its keys allow it.
func (e Encoder) object(dst []byte, m etf.Map) []byte {
	keys := make([]string, len(m))
	seen := make(map[string]bool, len(m))
	for i, p := range m {
		key, ok := e.key(p.Key)
		if !ok || seen[key] {
			return e.pairs(dst, m)
		}
		keys[i], seen[key] = key, true
	}
	dst = append(dst, '{')
	for i, p := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, keys[i]), ':')
		dst = e.Append(dst, p.Value)
	}
	return append(dst, '}')
}

// key returns the name that a key of a map has in an object.
func (e Encoder) key(key any) (string, bool) {
	switch k := key.(type) {
	case []byte:
		return string(k), utf8.Valid(k) && !strings.HasPrefix(string(k), "$")
	case gen.Atom:
		return string(k), e.Form == Plain && !strings.HasPrefix(string(k), "$")
	}
	text := etf.Format(key)
	return text, e.Form == Plain && !strings.HasPrefix(text, "$")
}

func (e Encoder) pairs(dst []byte, m etf.Map) []byte {
	exact := Encoder{Form: Exact}
	all := []byte{'['}
	for i, p := range m {
		if i > 0 {
			all = append(all, ',')
		}
		all = exact.array(all, []any{p.Key, p.Value})
	}
	return tagged(dst, "$map", append(all, ']'))
}

// opaque writes what JSON has nothing like.
func (e Encoder) opaque(dst []byte, term any) []byte {
	text := etf.Format(term)
	if e.Form == Plain {
		return appendString(dst, text)
	}
	b, err := etf.Append(nil, term)
	if err != nil {
		return appendString(dst, text)
	}
	dst = append(dst, `{"$etf":`...)
	dst = appendString(dst, base64.StdEncoding.EncodeToString(b))
	dst = append(dst, `,"text":`...)
	return append(appendString(dst, text), '}')
}

func tagged(dst []byte, tag string, value []byte) []byte {
	return append(append(fmt.Appendf(dst, "{%q:", tag), value...), '}')
}

func appendString(dst []byte, s string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always has JSON
	return append(dst, strings.TrimSuffix(b.String(), "\n")...)
}
