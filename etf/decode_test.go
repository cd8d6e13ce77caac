package etf

import (
	"bytes"
	"hash/maphash"
	"math"
	"math/big"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// Forms that no modern release writes, or that no golden file has.
func TestDecodeOther(t *testing.T) {
	tests := []struct {
		name  string
		bytes string
		want  any
	}{
		{"old pid", "gw\x03a@h\x00\x00\x00\x05\x00\x00\x00\x06\x03", gen.PID{Node: "a@h", ID: 6<<32 | 5, Creation: 3}},
		{"old port", "fw\x03a@h\x00\x00\x00\x05\x03", Port{Node: "a@h", ID: 5, Creation: 3}},
		{"new port", "Yw\x03a@h\x00\x00\x00\x05\x00\x00\x01\x03", Port{Node: "a@h", ID: 5, Creation: 259}},
		{"V4 port", "xw\x03a@h\x80\x00\x00\x00\x00\x00\x00\x05\x00\x00\x01\x03", Port{Node: "a@h", ID: 1<<63 | 5, Creation: 259}},
		{"oldest ref", "ew\x03a@h\x00\x00\x00\x05\x03", gen.Ref{Node: "a@h", Creation: 3, ID: [3]uint64{5, 0, 1 << 32}}},
		{"old ref", "r\x00\x02w\x03a@h\x03\x00\x00\x00\x05\x00\x00\x00\x06", gen.Ref{Node: "a@h", Creation: 3, ID: [3]uint64{5 | 6<<32, 0, 2 << 32}}},
		{"Latin-1 atom", "s\x01\xe9", gen.Atom("é")},
		{"Latin-1 atom, long", "d\x00\x02ab", gen.Atom("ab")},
		{"text float", "c1.50000000000000000000e+01\x00\x00\x00\x00\x00", 15.0},
		{"zero big", "n\x00\x00", int64(0)},
		{"negative zero big", "n\x02\x01\x00\x00", int64(0)},
		{"padded big", "o\x00\x00\x00\x0a\x01\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00", int64(-5)},
		{"uint64 big", "n\x08\x00\xff\xff\xff\xff\xff\xff\xff\xff", new(big.Int).SetUint64(math.MaxUint64)},
		{"bits, all of the last byte", "M\x00\x00\x00\x01\x08A", []byte("A")},
		{"no bits", "M\x00\x00\x00\x00\x00", []byte{}},
		{"dirty padding", "M\x00\x00\x00\x01\x03\xff", BitString{Bytes: []byte{0xe0}, Bits: 3}},
		{"empty string", "k\x00\x00", List{}},
		{"list of nothing", "l\x00\x00\x00\x00a\x01", int64(1)},
		{"list in the tail", "l\x00\x00\x00\x01a\x01l\x00\x00\x00\x01a\x02k\x00\x01\x03", List{int64(1), int64(2), int64(3)}},
		{"large tuple", "i\x00\x00\x00\x01a\x01", Tuple{int64(1)}},
		{"export with a wide arity", "qw\x01aw\x01bb\x00\x00\x00\xff", Export{"a", "b", 255}},
		{"exported record", "C\x00\x00\x00\x00\x01w\x01mw\x01r", Record{Module: "m", Name: "r", Exported: true, Fields: []Field{}}},
		{"cached atom", "R\x01", gen.Atom("second")},
		{"pid with cached node", "XR\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03", gen.PID{Node: "first", ID: 2<<32 | 1, Creation: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, alias := range []bool{false, true} {
				d := Decoder{Atoms: []any{gen.Atom("first"), gen.Atom("second")}, Alias: alias, Intern: alias}
				in := []byte(tt.bytes + "rest")
				got, n, err := d.Term(in)
				require.NoError(t, err)
				require.Equal(t, tt.want, got)
				require.Equal(t, len(tt.bytes), n)
				require.Equal(t, tt.bytes+"rest", string(in), "the input is not changed")
				for n := range len(tt.bytes) {
					_, _, err := d.Term(in[:n:n])
					require.ErrorIs(t, err, ErrTruncated, "%d bytes", n)
				}
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct {
		name   string
		bytes  string
		kind   error
		offset int
		what   string
	}{
		{"unknown tag", "h\x02a\x01\x01", ErrMalformed, 4, "tag 1 is unknown"},
		{"LOCAL_EXT", "yxxxx", ErrUnsupported, 0, "tag 121"},
		{"FUN_EXT", "h\x01u", ErrUnsupported, 2, "tag 117"},
		{"internal tag", "l\x00\x00\x00\x01Kj", ErrUnsupported, 5, "tag 75"},
		{"header tag", "D", ErrUnsupported, 0, "tag 68"},
		{"fragment tag", "E", ErrUnsupported, 0, "tag 69"},
		{"version inside", "\x83a\x01", ErrMalformed, 0, "131"},
		{"compressed inside", "h\x01P\x00\x00\x00\x05", ErrUnsupported, 2, "Decoder.Compressed"},
		{"NaN", "F\x7f\xf8\x00\x00\x00\x00\x00\x01", ErrMalformed, 1, "not finite"},
		{"infinity", "F\x7f\xf0\x00\x00\x00\x00\x00\x00", ErrMalformed, 1, "not finite"},
		{"text float NaN", "c" + "nan" + strings.Repeat("\x00", 28), ErrMalformed, 1, "no finite float"},
		{"text float too large", "c" + "1.0e+999" + strings.Repeat("\x00", 23), ErrMalformed, 1, "no finite float"},
		{"text float hex", "c" + "0x1p4" + strings.Repeat("\x00", 26), ErrMalformed, 1, "no finite float"},
		{"sign", "n\x01\x02\x05", ErrMalformed, 2, "sign"},
		{"atom not UTF-8", "w\x01\xff", ErrMalformed, 2, "UTF-8"},
		{"atom too long", "v\x01\x00" + strings.Repeat("a", 256), ErrMalformed, 3, "255 characters"},
		{"Latin-1 atom too long", "d\x01\x00" + strings.Repeat("a", 256), ErrMalformed, 3, "more than 255"},
		{"cache reference", "R\x00", ErrMalformed, 1, "atom 0"},
		{"bits without bytes", "M\x00\x00\x00\x00\x01", ErrMalformed, 5, "bit string"},
		{"bytes without bits", "M\x00\x00\x00\x01\x00a", ErrMalformed, 5, "bit string"},
		{"nine bits", "M\x00\x00\x00\x01\x09a", ErrMalformed, 5, "bit string"},
		{"duplicate key", "t\x00\x00\x00\x02a\x01a\x01a\x01a\x02", ErrMalformed, 0, "key 1 twice"},
		{"duplicate key, atoms", "t\x00\x00\x00\x03w\x03axbj" + "w\x03aybj" + "w\x03axbj", ErrMalformed, 0, "key axb twice"},
		{"duplicate key, two forms", "t\x00\x00\x00\x02a\x01jb\x00\x00\x00\x01j", ErrMalformed, 0, "key 1 twice"},
		{"node is no atom", "Xa\x01", ErrMalformed, 1, "an atom must stand here, not tag 97"},
		{"no words", "Z\x00\x00w\x01a\x00\x00\x00\x01", ErrMalformed, 1, "reference of 0 words"},
		{"six words", "Z\x00\x06w\x01a\x00\x00\x00\x01", ErrMalformed, 1, "reference of 6 words"},
		{"arity", "qw\x01aw\x01bb\x00\x00\x01\x00", ErrMalformed, 7, "arity 256"},
		{"record flags", "C\x00\x00\x00\x00\x02w\x01mw\x01r", ErrMalformed, 5, "flags"},
		{"field is no atom", "C\x00\x00\x00\x01\x00w\x01mw\x01ra\x01a\x01", ErrMalformed, 12, "an atom must stand here"},
		{"fun's pid", "p\x00\x00\x00\x00\x00" + strings.Repeat("u", 16) + "\x00\x00\x00\x00\x00\x00\x00\x00w\x01ma\x00a\x00j", ErrMalformed, 37, "a pid must stand here, not tag 106"},
		{"fun's index", "p\x00\x00\x00\x00\x00" + strings.Repeat("u", 16) + "\x00\x00\x00\x00\x00\x00\x00\x00w\x01mj", ErrMalformed, 33, "an integer of at most 64 bits"},
		{"tail", "l\x00\x00\x00\x01a\x01K", ErrUnsupported, 7, "tag 75"},
		{"tuple too large", "i\x01\x00\x00\x00", ErrMalformed, 5, "tuple of 16777216"},
		{"many free variables", "p\x00\x00\x00\x00\x00" + strings.Repeat("u", 16) + "\x00\x00\x00\x00\x00\x00\x01\x00", ErrMalformed, 26, "256 free"},
		{"list larger than input", "l\xff\xff\xff\xff", ErrTruncated, 5, "4294967295 elements"},
		{"binary larger than input", "m\xff\xff\xff\xff", ErrTruncated, 5, "4294967295 bytes"},
		{"nothing", "", ErrTruncated, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			_, _, err := d.Term([]byte(tt.bytes))
			var de *DecodeError
			require.ErrorAs(t, err, &de)
			require.ErrorIs(t, err, tt.kind)
			require.Equal(t, tt.offset, de.Offset, err)
			require.ErrorContains(t, err, tt.what)
			_, err = Decode([]byte("\x83" + tt.bytes))
			require.ErrorAs(t, err, &de)
			require.Equal(t, tt.offset+1, de.Offset, err)
		})
	}
	_, err := Decode(nil)
	require.ErrorIs(t, err, ErrTruncated)
	_, err = Decode([]byte("a\x01"))
	require.ErrorContains(t, err, "not the version 131")
	_, err = Decode([]byte("\x83P\x00\x00\x00\x01"))
	require.ErrorIs(t, err, ErrUnsupported)
}

func TestDecodeLimits(t *testing.T) {
	list := append([]byte("l\x00\x00\x00\x0a"), bytes.Repeat([]byte("j"), 11)...)
	nested := append(bytes.Repeat([]byte("h\x01"), 9), 'j')
	tests := []struct {
		name   string
		limits Limits
		ok     []byte
		bad    []byte
	}{
		{"Depth", Limits{Depth: 9}, nested, append([]byte("h\x01"), nested...)},
		{"Elements", Limits{Elements: 12}, list, append([]byte("h\x02a\x01"), list...)},
		{"Elements of strings", Limits{Elements: 3}, []byte("k\x00\x03abc"), []byte("k\x00\x04abcd")},
		{"Size", Limits{Size: 16}, list, append([]byte("h\x01"), list...)},
		{"Digits", Limits{Digits: 9}, []byte("n\x09\x00123456789"), []byte("n\x0a\x001234567890")},
		{"depth of improper lists", Limits{Depth: 2}, []byte("l\x00\x00\x00\x01a\x01h\x01j"), []byte("l\x00\x00\x00\x01a\x01h\x01h\x01j")},
	}
	for _, tt := range tests {
		d := Decoder{Limits: tt.limits}
		_, n, err := d.Term(tt.ok)
		require.NoError(t, err, tt.name)
		require.Equal(t, len(tt.ok), n)
		_, _, err = d.Term(tt.bad)
		require.ErrorIs(t, err, ErrLimit, tt.name)
	}
	// A long chain of tails is a list, not depth.
	chain := append(bytes.Repeat([]byte("l\x00\x00\x00\x01a\x01"), 100_000), 'j')
	term, _, err := new(Decoder).Term(chain)
	require.NoError(t, err)
	require.Len(t, term, 100_000)
	// Defaults hold, and the depth that is allowed does not exhaust the stack.
	deep := bytes.Repeat([]byte("h\x01"), 2000)
	_, _, err = new(Decoder).Term(append(deep, 'j'))
	require.ErrorIs(t, err, ErrLimit)
	d := Decoder{Limits: Limits{Depth: 1 << 20}}
	_, _, err = d.Term(append(bytes.Repeat([]byte("h\x01"), 100_000), 'j'))
	require.NoError(t, err)
	keys := append(bytes.Repeat([]byte("t\x00\x00\x00\x01"), 30), bytes.Repeat([]byte("j"), 31)...)
	_, _, err = new(Decoder).Term(keys)
	require.ErrorIs(t, err, ErrLimit)
}

// Counts in the input are never believed before the bytes are there.
func TestDecodeMemory(t *testing.T) {
	filler := strings.Repeat("j", 1000)
	for name, in := range map[string]string{
		"list":          "l\xff\xff\xff\xff" + filler,
		"tuple":         "i\x00\xff\xff\xff" + filler,
		"map":           "t\x7f\xff\xff\xff" + filler,
		"record":        "C\xff\xff\xff\xff\x00w\x01mw\x01r" + filler,
		"binary":        "m\xff\xff\xff\xff" + filler,
		"bits":          "M\xff\xff\xff\xff\x01" + filler,
		"big":           "o\xff\xff\xff\xff\x00" + filler,
		"string":        "k\xff\xff" + filler,
		"reference":     "Z\xff\xffw\x01a" + filler,
		"nested lists":  strings.Repeat("l\x00\x00\x03\xe8", 500) + filler,
		"nested tuples": strings.Repeat("i\x00\x00\x03\xe8", 500) + filler,
		"nested maps":   strings.Repeat("h\x02jt\x00\x00\x01\xf4j", 250) + filler,
		"compressed":    "P\xff\xff\xff\xff\x78\x9c" + filler,
	} {
		d := Decoder{Compressed: true}
		b := []byte(in)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := d.Term(b)
		runtime.ReadMemStats(&after)
		require.Error(t, err, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40*len(b)+100_000), name)
	}
}

func TestDecodeCompressed(t *testing.T) {
	for _, g := range readGolden(t, "otp27") {
		if g.name != "raw_compressed" {
			continue
		}
		d := Decoder{Compressed: true, Intern: true}
		term, n, err := d.Term(append(g.bytes[1:], "rest"...))
		require.NoError(t, err)
		require.Equal(t, len(g.bytes)-1, n, "nothing behind the term is read")
		require.Len(t, term, 1000)

		d.Limits.Size = 4000
		_, err = d.Decode(g.bytes)
		require.ErrorIs(t, err, ErrLimit)
		d.Limits.Size = 0
		wrong := bytes.Clone(g.bytes)
		for _, size := range []byte{0x8d, 0x8f} {
			wrong[5] = size
			_, err = d.Decode(wrong)
			require.ErrorContains(t, err, "another length")
		}
		_, err = new(Decoder).Decode(g.bytes)
		require.ErrorIs(t, err, ErrUnsupported)
	}
}

func TestDecodeCopies(t *testing.T) {
	in := []byte("h\x03m\x00\x00\x00\x03abcw\x03xyzM\x00\x00\x00\x01\x07\x02")
	term, _, err := new(Decoder).Term(in)
	require.NoError(t, err)
	d := Decoder{Alias: true, AliasFrom: 4}
	_, _, err = d.Term(in)
	require.NoError(t, err)
	require.False(t, d.Aliased)
	d.AliasFrom = 3
	_, _, err = d.Term(in)
	require.NoError(t, err)
	require.True(t, d.Aliased)
	aliased, _, err := (&Decoder{Alias: true}).Term(in)
	require.NoError(t, err)
	clear(in)
	require.Equal(t, Tuple{[]byte("abc"), gen.Atom("xyz"), BitString{[]byte{2}, 7}}, term)
	require.Equal(t, Tuple{[]byte{0, 0, 0}, gen.Atom("xyz"), BitString{[]byte{0}, 7}}, aliased)
}

func TestFunWithCachedAtoms(t *testing.T) {
	for _, g := range readGolden(t, "otp27") {
		if g.name != "funnested" {
			continue
		}
		cached := bytes.ReplaceAll(g.bytes[1:], []byte("w\x06golden"), []byte("R\x00"))
		d := Decoder{Atoms: []any{gen.Atom("golden")}}
		term, n, err := d.Term(cached)
		require.NoError(t, err)
		require.Equal(t, len(cached), n)
		require.Nil(t, term.(Fun).Raw)
		again, err := Append(nil, term)
		require.NoError(t, err)
		require.Equal(t, g.bytes, again)

		wrong := bytes.Clone(g.bytes)
		copy(wrong[2:6], "\x00\x00\x00\x01") // Size is not believed
		term, err = Decode(wrong)
		require.NoError(t, err)
		again, err = Append(nil, term)
		require.NoError(t, err)
		require.Equal(t, wrong, again)
	}
}

func TestDecodeAllocations(t *testing.T) {
	b, err := Append(nil, Tuple{gen.Atom("ok"), gen.Atom("some_atom"), int64(7), List{}, []byte{}})
	require.NoError(t, err)
	d := Decoder{Intern: true, Alias: true, Atoms: []any{gen.Atom("x")}}
	allocs := testing.AllocsPerRun(100, func() {
		_, _, err = d.Term(b[1:])
	})
	require.NoError(t, err)
	require.LessOrEqual(t, allocs, 2.0, "the tuple and its header")
}

func TestKnownAtoms(t *testing.T) {
	for _, name := range []string{"ok", "error", "true", "false", "undefined", "nil", "normal", "alias", "$gen_call", "$gen_cast", "other"} {
		term, err := Decode(append([]byte{Version, tagSmallAtomUTF8, byte(len(name))}, name...))
		require.NoError(t, err)
		require.Equal(t, gen.Atom(name), term)
	}
}

// Two atoms that come in turn are not allocated again, though their hashes may be the same.
func TestInternTwo(t *testing.T) {
	d := Decoder{Intern: true}
	set := func(name string) uint64 { return maphash.Bytes(seed, []byte(name)) % internSets }
	names := []string{"a", "b"}
	for i := 0; set(names[0]) != set(names[1]); i++ {
		names[1] = "b" + strconv.Itoa(i)
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, name := range names {
			if d.atom([]byte(name)) != any(gen.Atom(name)) {
				t.Error(name)
			}
		}
	}))
}

// An interned atom is the one that was read, whatever shared its place before.
func TestIntern(t *testing.T) {
	d := Decoder{Intern: true}
	for range 2 {
		for i := range 5000 {
			name := strings.Repeat("x", i%80) + string(rune('a'+i%26))
			term, _, err := d.Term(append([]byte{tagSmallAtomUTF8, byte(len(name))}, name...))
			require.NoError(t, err)
			require.Equal(t, gen.Atom(name), term)
			d.Atoms = []any{gen.Atom(name)}
			term, _, err = d.Term([]byte{tagAtomCacheRef, 0})
			require.NoError(t, err)
			require.Equal(t, gen.Atom(name), term)
		}
	}
}
