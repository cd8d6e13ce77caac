package etf

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

func TestEncodeGoValues(t *testing.T) {
	tests := []struct {
		in   any
		want any
	}{
		{nil, gen.Atom("undefined")},
		{true, gen.Atom("true")},
		{false, gen.Atom("false")},
		{"text", []byte("text")},
		{int(-1), int64(-1)},
		{int8(-8), int64(-8)},
		{int16(-16), int64(-16)},
		{int32(-32), int64(-32)},
		{uint(1), int64(1)},
		{uint8(255), int64(255)},
		{uint16(65535), int64(65535)},
		{uint32(math.MaxUint32), int64(math.MaxUint32)},
		{uint64(math.MaxInt64), int64(math.MaxInt64)},
		{uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		{uint(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		{big.NewInt(5), int64(5)},
		{(*big.Int)(nil), gen.Atom("undefined")},
		{float32(0.5), 0.5},
		{[]any{1, 2}, List{int64(1), int64(2)}},
		{[]any{}, List{}},
		{List{uint8('a'), 'b'}, List{int64('a'), int64('b')}},
		{gen.ProcessID{Name: "n", Node: "a@h"}, Tuple{gen.Atom("n"), gen.Atom("a@h")}},
		{gen.Alias{Node: "a@h", ID: [3]uint64{1, 2, 3 << 32}}, gen.Ref{Node: "a@h", ID: [3]uint64{1, 2, 3 << 32}}},
		{BitString{Bytes: []byte("ab"), Bits: 8}, []byte("ab")},
		{BitString{Bytes: []byte("ab")}, []byte("ab")},
		{BitString{Bytes: []byte{0xff}, Bits: 1}, BitString{Bytes: []byte{0x80}, Bits: 1}},
		{ImproperList{Tail: gen.Atom("x")}, gen.Atom("x")},
		{ImproperList{Elems: []any{1}, Tail: List{2}}, List{int64(1), int64(2)}},
		{Map{{1, nil}}, Map{{int64(1), gen.Atom("undefined")}}},
		{map[string]int{"b": 1, "a": 2}, Map{{[]byte("a"), int64(2)}, {[]byte("b"), int64(1)}}},
		{Tuple{struct{ UserID int }{7}}, Tuple{Map{{gen.Atom("user_id"), int64(7)}}}},
	}
	for _, tt := range tests {
		b, err := Append([]byte("before"), tt.in)
		require.NoError(t, err, "%#v", tt.in)
		require.Equal(t, "before", string(b[:6]))
		got, err := Decode(b[6:])
		require.NoError(t, err, "%#v", tt.in)
		require.Equal(t, tt.want, got, "%#v", tt.in)
		marshalled, err := Marshal(tt.in)
		require.NoError(t, err)
		require.True(t, Equal(tt.want, marshalled), "%#v", tt.in)
	}
}

func TestEncodeErrors(t *testing.T) {
	self := make(List, 1)
	self[0] = Tuple{Map{{1, ImproperList{Elems: []any{1}, Tail: Record{Module: "m", Name: "n", Fields: []Field{{"f", self}}}}}}}
	for name, tt := range map[string]struct {
		in   any
		what string
	}{
		"NaN":              {math.NaN(), "finite"},
		"infinity":         {math.Inf(-1), "finite"},
		"atom not UTF-8":   {gen.Atom("\xff"), "UTF-8"},
		"atom too long":    {gen.Atom(strings.Repeat("ü", 256)), "255 characters"},
		"duplicate key":    {Map{{1, 2}, {int64(1), 3}}, "key 1 is there twice"},
		"duplicate keys":   {Map{{"a", 2}, {[]byte("a"), 3}}, `key <<"a">> is there twice`},
		"bits":             {BitString{[]byte{1}, 9}, "9 bits"},
		"export":           {Export{"m", "f", 256}, "arity 256"},
		"fun":              {Fun{Module: "m", Arity: -1, PID: gen.PID{Node: "n"}}, "arity -1"},
		"channel":          {make(chan int), "chan int has no term"},
		"contains itself":  {self, "10000 deep"},
		"record's module":  {Record{Module: "\xff"}, "UTF-8"},
		"record's name":    {Record{Name: "\xff"}, "UTF-8"},
		"record's field":   {Record{Fields: []Field{{Name: "\xff"}}}, "UTF-8"},
		"record's value":   {Record{Fields: []Field{{Value: "a"}, {Value: func() {}}}}, "func() has no term"},
		"map value":        {Map{{1, math.NaN()}}, "finite"},
		"map key":          {Map{{math.NaN(), 1}}, "finite"},
		"export function":  {Export{"m", "\xff", 1}, "UTF-8"},
		"pid's node":       {gen.PID{Node: "\xff"}, "UTF-8"},
		"ref's node":       {gen.Ref{Node: "\xff"}, "UTF-8"},
		"port's node":      {Port{Node: "\xff"}, "UTF-8"},
		"fun's pid":        {Fun{Module: "m"}, "node name is empty"},
		"tail":             {ImproperList{Elems: []any{1}, Tail: math.NaN()}, "finite"},
		"improper element": {ImproperList{Elems: []any{math.NaN()}, Tail: 1}, "finite"},
	} {
		t.Run(name, func(t *testing.T) {
			dst := append(make([]byte, 0, 1000), "abc"...)
			out, err := Append(dst, Tuple{1, tt.in})
			require.ErrorContains(t, err, tt.what)
			require.Equal(t, "abc", string(out))
		})
	}
}

// table enters the first atoms that it is asked for.
type table struct {
	atoms []gen.Atom
	max   int
}

// boxed returns the atoms as a Decoder takes them.
func (a *table) boxed() []any {
	boxed := make([]any, len(a.atoms))
	for i, atom := range a.atoms {
		boxed[i] = atom
	}
	return boxed
}

func (a *table) AtomRef(atom gen.Atom) (uint8, bool) {
	for i := range a.atoms {
		if a.atoms[i] == atom {
			return uint8(i), true
		}
	}
	if len(a.atoms) == a.max {
		return 0, false
	}
	a.atoms = append(a.atoms, atom)
	return uint8(len(a.atoms) - 1), true
}

func TestEncodeAtomTable(t *testing.T) {
	term := Tuple{
		gen.Atom("a"), gen.Atom("b"), true, gen.Atom("a"), gen.PID{Node: "n@h", ID: 1}, gen.PID{Node: "n@h", ID: 2},
		Fun{Module: "m", PID: gen.PID{Node: "n@h"}, Free: []any{gen.Atom("b")}},
	}
	atoms := &table{max: 4}
	b, err := (&Encoder{Atoms: atoms}).AppendTerm(nil, term)
	require.NoError(t, err)
	require.Equal(t, []gen.Atom{"a", "b", "true", "n@h"}, atoms.atoms)
	got, _, err := (&Decoder{Atoms: atoms.boxed()}).Term(b)
	require.NoError(t, err)
	require.True(t, Equal(term, got), "%v", got)
}

func TestEqual(t *testing.T) {
	large := Map{}
	reversed := Map{}
	for i := range 100 {
		large = append(large, Pair{Tuple{i}, []any{i}})
		reversed = append(reversed, Pair{Tuple{99 - i}, []any{99 - i}})
	}
	equal := [][2]any{
		{1, int64(1)}, {uint64(1), big.NewInt(1)}, {"a", []byte("a")}, {true, gen.Atom("true")}, {nil, gen.Atom("undefined")},
		{[]any{1}, List{uint8(1)}}, {float32(0.5), 0.5}, {Tuple{}, Tuple(nil)}, {List{}, List(nil)}, {[]byte{}, []byte(nil)},
		{uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		{BitString{[]byte{0xff}, 1}, BitString{[]byte{0x80}, 1}}, {BitString{[]byte("a"), 8}, "a"},
		{Map{{1, 2}, {3, 4}}, Map{{3, 4}, {1, 2}}}, {large, reversed}, {Map{{large, 1}}, Map{{reversed, 1}}},
		{ImproperList{[]any{1}, List{2}}, List{1, 2}}, {ImproperList{[]any{1}, ImproperList{[]any{2}, 3}}, ImproperList{[]any{1, 2}, 3}},
		{gen.Ref{Node: "n"}, gen.Alias{Node: "n"}}, {gen.ProcessID{Name: "a", Node: "b"}, Tuple{gen.Atom("a"), gen.Atom("b")}},
		{Record{"m", "n", true, []Field{{"a", 1}}}, Record{"m", "n", true, []Field{{"a", int64(1)}}}},
		{Fun{Module: "m", Free: []any{1}, Raw: []byte("x")}, Fun{Module: "m", Free: []any{int64(1)}}},
		{Export{"m", "f", 1}, Export{"m", "f", 1}}, {Port{"n", 1, 2}, Port{"n", 1, 2}},
	}
	for _, p := range equal {
		require.True(t, Equal(p[0], p[1]), "%v %v", p[0], p[1])
		require.True(t, Equal(p[1], p[0]), "%v %v", p[0], p[1])
		require.Equal(t, hashTerm(p[0]), hashTerm(p[1]), "%v %v", p[0], p[1])
	}
	different := []any{
		1, 1.0, 2, gen.Atom("1"), "1", List{1}, Tuple{1}, Tuple{1, 2}, Map{}, Map{{1, 1}}, Map{{1, 2}}, Map{{2, 1}}, Map{{1, 1}, {2, 2}}, List{},
		Tuple{}, "", 0.0, math.Copysign(0, -1), BitString{[]byte{0x80}, 1}, BitString{[]byte{0x80}, 2}, ImproperList{[]any{1}, 2},
		ImproperList{[]any{1}, 3}, gen.PID{Node: "n"}, gen.Ref{Node: "n"}, Port{Node: "n"}, Export{"m", "f", 1}, Export{"m", "f", 2},
		Fun{Module: "m"}, Fun{Module: "m", Free: []any{1}}, Record{Module: "m"}, Record{Module: "n"}, Record{"m", "", false, []Field{{"a", 1}}},
		Record{"m", "", false, []Field{{"a", 2}}}, new(big.Int).Lsh(big.NewInt(1), 70), new(big.Int).Lsh(big.NewInt(1), 71), large,
	}
	for i, a := range different {
		for j, b := range different {
			require.Equal(t, i == j, Equal(a, b), "%v %v", a, b)
		}
	}
	require.False(t, Equal(struct{}{}, struct{}{}))
}

func TestMap(t *testing.T) {
	m := Map{{gen.Atom("a"), 1}, {"b", 2}, {Tuple{1, 2.0}, 3}, {true, 4}}
	for _, tt := range []struct{ key, want any }{
		{gen.Atom("a"), 1}, {[]byte("b"), 2}, {Tuple{int64(1), 2.0}, 3}, {gen.Atom("true"), 4}, {gen.Atom("b"), nil}, {Tuple{1, 2}, nil},
	} {
		v, ok := m.Get(tt.key)
		require.Equal(t, tt.want, v)
		require.Equal(t, tt.want != nil, ok)
	}
	var keys []any
	for k := range m.All() {
		if keys = append(keys, k); len(keys) == 2 {
			break
		}
	}
	require.Equal(t, []any{gen.Atom("a"), "b"}, keys)
}

// Many keys, of which none are the same, must not take quadratic time; nor must keys in keys.
func TestManyKeys(t *testing.T) {
	m := make(Map, 200_000)
	for i := range m {
		m[i] = Pair{Tuple{int64(i), List{}}, int64(i)}
	}
	b, err := Append(nil, m)
	require.NoError(t, err)
	term, err := Decode(b)
	require.NoError(t, err)
	require.True(t, Equal(m, term))
	key := any(Map{})
	for range 12 {
		key = Map{{key, 1}, {Tuple{key}, 2}}
	}
	b, err = Append(nil, key)
	require.NoError(t, err)
	term, err = Decode(b)
	require.NoError(t, err)
	require.True(t, Equal(key, term))
}

// Strings from a given size on are left out, with the place where they belong.
func TestSplice(t *testing.T) {
	long, short := strings.Repeat("x", 100), strings.Repeat("y", 99)
	term := Tuple{short, long, []byte(long), Map{{Key: long, Value: int64(1)}}, long}
	e := Encoder{Splice: 100}
	parts, err := e.AppendTerm([]byte("before"), term)
	require.NoError(t, err)
	require.Len(t, e.Spliced, 3)
	var whole []byte
	at := 0
	for _, s := range e.Spliced {
		require.Equal(t, long, s.Text)
		whole = append(append(whole, parts[at:s.At]...), s.Text...)
		at = s.At
	}
	whole = append(whole, parts[at:]...)
	want, err := (&Encoder{}).AppendTerm([]byte("before"), term)
	require.NoError(t, err)
	require.Equal(t, want, whole)
}
