package etf

import (
	"math"
	"math/big"
	"testing"
	"unicode/utf8"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func atomGen() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "known") {
			return rapid.SampledFrom([]any{gen.Atom("ok"), gen.Atom("true"), gen.Atom("fun"), gen.Atom(""), gen.Atom("Ab c")}).Draw(t, "atom")
		}
		return gen.Atom(rapid.StringN(0, 255, 1020).Filter(utf8.ValidString).Draw(t, "atom"))
	})
}

func integerGen() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if rapid.Bool().Draw(t, "small") {
			return rapid.Int64().Draw(t, "int")
		}
		v := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "digits"))
		if rapid.Bool().Draw(t, "negative") {
			v.Neg(v)
		}
		return canonicalInt(v)
	})
}

// scalarGen makes terms that have a literal form.
func scalarGen() *rapid.Generator[any] {
	bits := rapid.Custom(func(t *rapid.T) any {
		return canonicalBits(BitString{Bytes: rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"), Bits: rapid.IntRange(0, 8).Draw(t, "bits")})
	})
	return rapid.OneOf(
		atomGen(), integerGen(), bits,
		rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }).AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(),
		rapid.Custom(func(t *rapid.T) any { return []byte(rapid.String().Draw(t, "text")) }),
		rapid.Custom(func(t *rapid.T) any {
			l := List{}
			for _, r := range rapid.String().Draw(t, "charlist") {
				l = append(l, int64(r))
			}
			return l
		}),
		rapid.Custom(func(t *rapid.T) any {
			return Export{atomGen().Draw(t, "m").(gen.Atom), atomGen().Draw(t, "f").(gen.Atom), rapid.IntRange(0, 255).Draw(t, "arity")}
		}),
	)
}

func nodeGen() *rapid.Generator[gen.Atom] {
	return rapid.SampledFrom([]gen.Atom{"go@h", "b@h", "é@h"})
}

func pidGen() *rapid.Generator[gen.PID] {
	return rapid.Custom(func(t *rapid.T) gen.PID {
		return gen.PID{Node: nodeGen().Draw(t, "node"), ID: rapid.Uint64().Draw(t, "id"), Creation: int64(rapid.Uint32().Draw(t, "creation"))}
	})
}

func identifierGen() *rapid.Generator[any] {
	return rapid.OneOf(
		pidGen().AsAny(),
		rapid.Custom(func(t *rapid.T) any {
			var words [maxRefWords]uint32
			n := rapid.IntRange(1, maxRefWords).Draw(t, "n")
			for i := range n {
				words[i] = rapid.Uint32().Draw(t, "word")
			}
			return (*Identity)(nil).refFromWire(nodeGen().Draw(t, "node"), words, n, rapid.Uint32().Draw(t, "creation"))
		}),
		rapid.Custom(func(t *rapid.T) any {
			return Port{nodeGen().Draw(t, "node"), rapid.Uint64().Draw(t, "id"), rapid.Uint32().Draw(t, "creation")}
		}),
	)
}

// termGen makes terms out of leaves.
func termGen(leaves *rapid.Generator[any], depth int) *rapid.Generator[any] {
	if depth == 0 {
		return leaves
	}
	term := rapid.Deferred(func() *rapid.Generator[any] { return termGen(leaves, depth-1) })
	elems := rapid.SliceOfN(term, 0, 5)
	return rapid.OneOf(
		leaves,
		rapid.Custom(func(t *rapid.T) any { return Tuple(elems.Draw(t, "tuple")) }),
		rapid.Custom(func(t *rapid.T) any { return List(elems.Draw(t, "list")) }),
		rapid.Custom(func(t *rapid.T) any {
			return canonicalImproper(ImproperList{elems.Draw(t, "elems"), term.Draw(t, "tail")})
		}),
		rapid.Custom(func(t *rapid.T) any {
			m := Map{}
			for _, k := range rapid.SliceOfN(term, 0, 12).Draw(t, "keys") {
				if _, ok := m.Get(k); !ok {
					m = append(m, Pair{k, term.Draw(t, "value")})
				}
			}
			return m
		}),
	)
}

func anyTermGen() *rapid.Generator[any] {
	leaves := rapid.OneOf(scalarGen(), identifierGen())
	inner := termGen(leaves, 2)
	atom := func(t *rapid.T) gen.Atom { return atomGen().Draw(t, "atom").(gen.Atom) }
	return termGen(rapid.OneOf(leaves,
		rapid.Custom(func(t *rapid.T) any {
			f := Fun{
				Arity: rapid.IntRange(0, 255).Draw(t, "arity"), Index: rapid.Uint32().Draw(t, "index"), Module: atom(t),
				OldIndex: rapid.Int64().Draw(t, "index"), OldUniq: rapid.Int64().Draw(t, "uniq"), PID: pidGen().Draw(t, "pid"),
				Free: rapid.SliceOfN(inner, 0, 3).Draw(t, "free"),
			}
			copy(f.Uniq[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uniq"))
			return f
		}),
		rapid.Custom(func(t *rapid.T) any {
			r := Record{Module: atom(t), Name: atom(t), Exported: rapid.Bool().Draw(t, "exported"), Fields: []Field{}}
			for range rapid.IntRange(0, 3).Draw(t, "fields") {
				r.Fields = append(r.Fields, Field{atom(t), inner.Draw(t, "value")})
			}
			return r
		}),
	), 2)
}

func TestRapidRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := anyTermGen().Draw(t, "term")
		b, err := Append(nil, term)
		require.NoError(t, err)
		got, err := Decode(b)
		require.NoError(t, err)
		require.True(t, Equal(term, got), "%v %v", term, got)
		require.Equal(t, hashTerm(term), hashTerm(got))
		again, err := Append(nil, got)
		require.NoError(t, err)
		require.Equal(t, b, again)

		atoms := &table{max: 3}
		local := &Identity{Node: "own@h", Creation: 3, Runtime: 1 << 40}
		cached, err := (&Encoder{Atoms: atoms, Local: local, Ports64: true}).AppendTerm(nil, term)
		require.NoError(t, err)
		d := Decoder{Atoms: atoms.boxed(), Local: local, Intern: true, Alias: true}
		got, n, err := d.Term(cached)
		require.NoError(t, err)
		require.Equal(t, len(cached), n)
		require.True(t, Equal(term, got))
		_, _, err = d.Term(cached[:rapid.IntRange(0, len(cached)-1).Draw(t, "cut")])
		require.ErrorIs(t, err, ErrTruncated)
		same, err := Marshal(got)
		require.NoError(t, err)
		require.True(t, Equal(got, same))
	})
}

func TestRapidText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := termGen(scalarGen(), 3).Draw(t, "term")
		text := Format(term)
		got, err := ParseText(text)
		require.NoError(t, err, text)
		require.True(t, Equal(term, got), text)
	})
}

func TestRapidUnmarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := map[string][]user{}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			u := user{
				base: base{ID: rapid.Uint64().Draw(t, "id"), Note: rapid.String().Draw(t, "note")},
				Name: rapid.String().Draw(t, "name"), Age: rapid.Byte().Draw(t, "age"),
				Level: level(rapid.IntRange(0, 2).Draw(t, "level")), Anything: gen.Atom("x"), Owner: gen.PID{Node: "a@h", ID: 1},
			}
			in[u.Name] = append(in[u.Name], u)
		}
		term, err := Marshal(in)
		require.NoError(t, err)
		b, err := Append(nil, in)
		require.NoError(t, err)
		decoded, err := Decode(b)
		require.NoError(t, err)
		require.True(t, Equal(term, decoded))
		out := map[string][]user{}
		require.NoError(t, Unmarshal(decoded, &out))
		require.Equal(t, in, out)
	})
}
