package integration

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// maker makes random terms of every kind that the release takes.
type maker struct {
	*rand.Rand
	t       *testing.T
	release string
	node    gen.Node
	peer    gen.Atom
	pids    []gen.PID
}

// batch makes some terms; now and then large ones are among them.
func (m *maker) batch(n int) etf.List {
	var list etf.List
	for range termBatch {
		list = append(list, m.term(3))
	}
	if m.release == "29" {
		list = append(list, m.record())
	}
	switch n % 25 {
	case 0:
		list = append(list, m.bytes(1<<20))
	case 1:
		long := etf.List{}
		for i := range 70_000 {
			long = append(long, i%256)
		}
		list = append(list, long, etf.Tuple(long[:300]))
	case 2:
		list = append(list, 0.0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, math.MaxFloat64)
		large := etf.Map{}
		for i := range 5000 {
			large = append(large, etf.Pair{Key: i, Value: i})
		}
		list = append(list, large, gen.Atom(strings.Repeat(string(rune(0x1F600+n)), 255)))
	}
	return list
}

func (m *maker) term(depth int) any {
	if depth == 0 {
		return m.leaf()
	}
	switch m.IntN(10) {
	case 0:
		return etf.Tuple(m.terms(5, depth-1))
	case 1:
		return etf.List(m.terms(5, depth-1))
	case 2:
		return m.improper(depth - 1)
	case 3:
		return m.table(depth - 1)
	case 4:
		return m.fun(depth - 1)
	}
	return m.leaf()
}

func (m *maker) terms(most, depth int) []any {
	list := []any{}
	for range m.IntN(most + 1) {
		list = append(list, m.term(depth))
	}
	return list
}

func (m *maker) improper(depth int) any {
	elems, tail := append(m.terms(3, depth), m.leaf()), m.term(depth)
	switch tail := tail.(type) {
	case etf.List:
		return etf.List(append(elems, tail...))
	case etf.ImproperList:
		return etf.ImproperList{Elems: append(elems, tail.Elems...), Tail: tail.Tail}
	}
	return etf.ImproperList{Elems: elems, Tail: tail}
}

func (m *maker) table(depth int) any {
	table := etf.Map{}
	for range m.IntN(40) {
		key := m.term(max(depth-1, 0))
		if _, ok := table.Get(key); !ok {
			table = append(table, etf.Pair{Key: key, Value: m.term(max(depth-1, 0))})
		}
	}
	return table
}

// fun is one that Erlang made, somewhere else.
func (m *maker) fun(depth int) any {
	f := etf.Fun{
		Arity: m.IntN(256), Index: m.Uint32N(1000), Module: m.atom(), OldIndex: int64(m.IntN(1000)), OldUniq: int64(m.IntN(1 << 26)),
		PID: m.pid(), Free: m.terms(3, depth),
	}
	copy(f.Uniq[:], m.bytes(16))
	return f
}

// record is a native record.
func (m *maker) record() any {
	r := etf.Record{Module: m.atom(), Name: m.atom(), Exported: m.IntN(2) == 0, Fields: []etf.Field{}}
	for i := range m.IntN(5) {
		r.Fields = append(r.Fields, etf.Field{Name: gen.Atom("field_" + strconv.Itoa(i)), Value: m.term(1)})
	}
	return r
}

func (m *maker) leaf() any {
	switch m.IntN(12) {
	case 0:
		return m.IntN(300) - 20
	case 1:
		return int64(m.Uint64())
	case 2:
		return m.big()
	case 3:
		return m.float()
	case 4:
		return m.atom()
	case 5:
		return m.bytes(m.IntN(100))
	case 6:
		bits := 1 + m.IntN(7)
		b := m.bytes(1 + m.IntN(9))
		b[len(b)-1] &= byte(0xFF << (8 - bits))
		return etf.BitString{Bytes: b, Bits: bits}
	case 7:
		return m.ref()
	case 8:
		return m.pid()
	case 9:
		return etf.Port{Node: m.somewhere(), ID: uint64(m.Uint32N(1 << 27)), Creation: 1 + m.Uint32N(100)}
	case 10:
		return etf.Export{Module: m.atom(), Function: m.atom(), Arity: m.IntN(256)}
	}
	all := []any{etf.List{}, etf.Tuple{}, etf.Map{}, []byte{}, gen.Atom(""), 0, true, nil, gen.Atom("nil"), "text", math.MaxInt64, math.MinInt64}
	return all[m.IntN(len(all))]
}

func (m *maker) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

func (m *maker) big() any {
	n := new(big.Int).SetBytes(append([]byte{1}, m.bytes(8+m.IntN(300))...))
	if m.IntN(2) == 0 {
		n.Neg(n)
	}
	return n
}

func (m *maker) float() float64 {
	for {
		if f := math.Float64frombits(m.Uint64()); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
}

// atom is one of more than the cache of a connection has places.
func (m *maker) atom() gen.Atom {
	i := m.IntN(3000)
	switch {
	case i%50 == 0:
		return gen.Atom(strings.Repeat(string(rune(0x4E00+i)), 255))
	case i%7 == 0:
		return gen.Atom("ä€ 'q\n" + strconv.Itoa(i))
	}
	return gen.Atom("atom_" + strconv.Itoa(i))
}

func (m *maker) somewhere() gen.Atom {
	return []gen.Atom{"x@nowhere", m.peer}[m.IntN(2)]
}

func (m *maker) pid() gen.PID {
	if i := m.IntN(2 * len(m.pids)); i < len(m.pids) {
		return m.pids[i]
	}
	return gen.PID{Node: m.somewhere(), ID: uint64(1 + m.Uint32N(32767)), Creation: int64(1 + m.IntN(100))}
}

// ref is one of ours, or one that was made elsewhere, with as many words as the release takes.
func (m *maker) ref() any {
	if m.IntN(2) == 0 {
		return m.node.MakeRef()
	}
	words := []byte{1, 3, 5}
	if m.release == "23" {
		words = words[:2]
	}
	n := words[m.IntN(len(words))]
	node := []byte(m.somewhere())
	b := append([]byte{131, 90, 0, n, 119, byte(len(node))}, node...)
	b = append(b, 0, 0, 0, byte(1+m.IntN(100)))                                  // creation
	b = append(b, 0, byte(m.IntN(3)), byte(m.IntN(256)), byte(m.IntN(256)))      // 18 bits
	b = append(b, bytes.Repeat([]byte{0, 1, 2, byte(m.IntN(256))}, int(n-1))...) // the other words
	ref, err := etf.Decode(b)
	require.NoError(m.t, err)
	return ref
}
