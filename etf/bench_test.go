package etf

import (
	"strconv"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

func benchTerms() map[string]any {
	ints := make(List, 10_000)
	for i := range ints {
		ints[i] = int64(i * 1000)
	}
	m := make(Map, 1000)
	for i := range m {
		m[i] = Pair{[]byte{byte(i), byte(i >> 8)}, int64(i)}
	}
	pid := gen.PID{Node: "node@example.org", ID: 1000, Creation: 77}
	ref := gen.Ref{Node: "node@example.org", Creation: 77, ID: [3]uint64{1 | 2<<32, 3, 3 << 32}}
	return map[string]any{
		"call":   Tuple{gen.Atom("$gen_call"), Tuple{pid, ref}, Tuple{gen.Atom("get"), []byte("some key"), int64(5000)}},
		"ints":   ints,
		"map":    m,
		"small":  Map{{gen.Atom("id"), int64(1)}, {gen.Atom("name"), []byte("Ada")}, {gen.Atom("tags"), List{gen.Atom("a"), gen.Atom("b")}}},
		"maps":   benchMaps(),
		"binary": make([]byte, 64<<10),
	}
}

// benchMaps is a list of 50 maps as an application may send it.
func benchMaps() List {
	l := make(List, 50)
	for i := range l {
		l[i] = Map{
			{gen.Atom("id"), int64(i)}, {gen.Atom("name"), []byte("user " + strconv.Itoa(i))}, {gen.Atom("active"), gen.Atom("true")},
			{gen.Atom("score"), float64(i) * 1.5}, {gen.Atom("tags"), List{gen.Atom("admin"), gen.Atom("staff")}},
		}
	}
	return l
}

func BenchmarkDecode(b *testing.B) {
	for name, term := range benchTerms() {
		b.Run(name, func(b *testing.B) {
			in, err := Append(nil, term)
			require.NoError(b, err)
			d := Decoder{Intern: true}
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := d.Term(in[1:]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, term := range benchTerms() {
		b.Run(name, func(b *testing.B) {
			var e Encoder
			out, err := e.AppendTerm(nil, term)
			require.NoError(b, err)
			b.SetBytes(int64(len(out)))
			b.ReportAllocs()
			for b.Loop() {
				if out, err = e.AppendTerm(out[:0], term); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecodeCached decodes as from a link: the atoms are in the header.
func BenchmarkDecodeCached(b *testing.B) {
	atoms := table{max: 255}
	e := Encoder{Atoms: &atoms}
	in, err := e.AppendTerm(nil, benchMaps())
	require.NoError(b, err)
	d := Decoder{Atoms: atoms.boxed()}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Term(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshal(b *testing.B) {
	v := []user{{Name: "a", Boss: &user{}}, {Emails: []string{"a", "b"}, Limits: map[string]int{"x": 1}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	term, err := Marshal([]user{{Name: "a", Boss: &user{}}, {Emails: []string{"a", "b"}, Limits: map[string]int{"x": 1}}})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		var v []user
		if err := Unmarshal(term, &v); err != nil {
			b.Fatal(err)
		}
	}
}
