package etf

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"ergo.services/ergo/gen"
)

// Format prints term as Erlang text on one line, as io:format("~tp") would on an endless one: printable lists as strings,
// atoms quoted where they need to be, maps in the order they have. [ParseText] reads the text back.
//
// Five types have no literal in Erlang. They are printed with the name of their node, a reference with its words from the last to the
// first, as Erlang does:
//
//	<node.id.serial>            gen.PID
//	#Ref<node.3.2.1>            gen.Ref
//	#Port<node.5>               Port
//	#Fun<module.index.uniq>     Fun
//	#module:name{field = v}     Record
//
// A value that is no term is marshalled first; if that fails, the error stands between #Error< and >.
func Format(term any) string { return formatLimited(term, math.MaxInt) }

// FormatLimit is Format cut off after about max bytes, with "..." at the end: for logs.
func FormatLimit(term any, max int) string { return formatLimited(term, max) }

func formatLimited(term any, max int) string {
	if max < 0 {
		max = 0
	}
	p := printer{max: max}
	p.term(term, encodeDepth)
	if p.full() && len(p.buf) > max {
		for max > 0 && !utf8.RuneStart(p.buf[max]) {
			max--
		}
		return string(p.buf[:max]) + "..."
	}
	return string(p.buf)
}

// String returns [Format] of the term.
func (t Tuple) String() string { return Format(t) }

// String returns [Format] of the term.
func (l List) String() string { return Format(l) }

// String returns [Format] of the term.
func (l ImproperList) String() string { return Format(l) }

// String returns [Format] of the term.
func (m Map) String() string { return Format(m) }

// String returns [Format] of the term.
func (b BitString) String() string { return Format(b) }

// String returns [Format] of the term.
func (p Port) String() string { return Format(p) }

// String returns [Format] of the term.
func (f Fun) String() string { return Format(f) }

// String returns [Format] of the term.
func (x Export) String() string { return Format(x) }

// String returns [Format] of the term.
func (r Record) String() string { return Format(r) }

// printer appends text until it has more than max bytes.
type printer struct {
	buf []byte
	max int
}

func (p *printer) full() bool { return len(p.buf) > p.max }

func (p *printer) text(s ...string) {
	for _, s := range s {
		p.buf = append(p.buf, s...)
	}
}

func (p *printer) number(v uint64) { p.buf = strconv.AppendUint(p.buf, v, 10) }

func (p *printer) term(term any, depth int) {
	if depth == 0 || p.full() {
		p.text("...")
		return
	}
	switch v := canonical(term).(type) {
	case gen.Atom:
		p.atom(v)
	case int64:
		p.buf = strconv.AppendInt(p.buf, v, 10)
	case *big.Int:
		p.buf = v.Append(p.buf, 10)
	case float64:
		p.text(formatFloat(v))
	case []byte:
		p.binary(v)
	case BitString:
		p.bits(v)
	case Tuple:
		p.text("{")
		p.elements(v, depth)
		p.text("}")
	case List:
		p.list(v, depth)
	case ImproperList:
		p.text("[")
		p.elements(v.Elems, depth)
		p.text("|")
		p.term(v.Tail, depth-1)
		p.text("]")
	case Map:
		p.mapTerm(v, depth)
	default:
		p.rare(v, depth)
	}
}

func (p *printer) rare(term any, depth int) {
	switch v := term.(type) {
	case gen.PID:
		p.text("<", string(v.Node), ".")
		p.number(v.ID & math.MaxUint32)
		p.text(".")
		p.number(v.ID >> 32)
		p.text(">")
	case gen.Ref:
		p.ref(v)
	case Port:
		p.text("#Port<", string(v.Node), ".")
		p.number(v.ID)
		p.text(">")
	case Fun:
		p.text("#Fun<", string(v.Module), ".", strconv.FormatInt(v.OldIndex, 10), ".", strconv.FormatInt(v.OldUniq, 10), ">")
	case Export:
		p.text("fun ")
		p.atom(v.Module)
		p.text(":")
		p.atom(v.Function)
		p.text("/", strconv.Itoa(v.Arity))
	case Record:
		p.record(v, depth)
	default:
		plain, err := Marshal(term)
		if err != nil {
			p.text("#Error<", err.Error(), ">")
			return
		}
		p.term(plain, depth-1)
	}
}

func (p *printer) elements(elems []any, depth int) {
	for i, v := range elems {
		if i > 0 {
			p.text(",")
		}
		p.term(v, depth-1)
		if p.full() {
			return
		}
	}
}

func (p *printer) list(l List, depth int) {
	if s, ok := printable(l); ok {
		p.text(`"`)
		for _, r := range s {
			p.char(r, '"')
			if p.full() {
				return
			}
		}
		p.text(`"`)
		return
	}
	p.text("[")
	p.elements(l, depth)
	p.text("]")
}

func (p *printer) mapTerm(m Map, depth int) {
	p.text("#{")
	for i := range m {
		if i > 0 {
			p.text(",")
		}
		p.term(m[i].Key, depth-1)
		p.text(" => ")
		p.term(m[i].Value, depth-1)
		if p.full() {
			return
		}
	}
	p.text("}")
}

func (p *printer) record(r Record, depth int) {
	p.text("#")
	p.atom(r.Module)
	p.text(":")
	p.atom(r.Name)
	p.text("{")
	for i := range r.Fields {
		if i > 0 {
			p.text(",")
		}
		p.atom(r.Fields[i].Name)
		p.text(" = ")
		p.term(r.Fields[i].Value, depth-1)
		if p.full() {
			return
		}
	}
	p.text("}")
}

func (p *printer) ref(r gen.Ref) {
	p.text("#Ref<", string(r.Node))
	words, n := []uint64{r.ID[0], r.ID[1], r.ID[2]}, int(r.ID[2]>>32)
	if n > 0 { // packed
		words = []uint64{r.ID[0] & math.MaxUint32, r.ID[0] >> 32, r.ID[1] & math.MaxUint32, r.ID[1] >> 32, r.ID[2] & math.MaxUint32}
		words = words[:min(n, maxRefWords)]
	}
	for i := range words {
		p.text(".")
		p.number(words[len(words)-1-i])
	}
	p.text(">")
}
