package dist

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gonode/etf"
	"gonode/internal/wire"
)

func fromHex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// TestHeaderGolden has headers that OTP 25 sent one after the other on one link.
func TestHeaderGolden(t *testing.T) {
	wide := gen.Atom(strings.Repeat("é", 200))
	b1, py2, rex := gen.Atom("b1@vm"), gen.Atom("py2@vm"), gen.Atom("rex")
	for _, tc := range []struct {
		hex  string
		refs []headerRef
	}{
		{"03 e80c 1d 05 6231 40766d 25 06 7079 3240766d 59 03 726578",
			[]headerRef{{0x01d, true, b1}, {0x625, true, py2}, {0x459, true, rex}}},
		{"03 6004 1d 25 59", []headerRef{{0x01d, false, b1}, {0x625, false, py2}, {0x459, false, rex}}},
		{"04 60e401 1d 25 59 53 0190" + hex.EncodeToString([]byte(wide)),
			[]headerRef{{0x01d, false, b1}, {0x625, false, py2}, {0x459, false, rex}, {0x653, true, wide}}},
		{"04 606401 1d 25 59 53",
			[]headerRef{{0x01d, false, b1}, {0x625, false, py2}, {0x459, false, rex}, {0x653, false, wide}}},
		{"00", nil},
	} {
		require.Equal(t, hex.EncodeToString(fromHex(t, tc.hex)), hex.EncodeToString(appendHeader(nil, tc.refs)))
	}
	var in atomsIn
	for _, h := range []string{
		"03 e80c 1d 05 6231 40766d 25 06 7079 3240766d 59 03 726578", "03 6004 1d 25 59",
		"04 60e401 1d 25 59 53 0190" + hex.EncodeToString([]byte(wide)),
	} {
		b := fromHex(t, h)
		for n := range b {
			cut := in
			r := wire.NewReader(b[:n])
			cut.readHeader(&r)
			require.Error(t, r.Err(), "%d bytes of %s", n, h)
		}
		r := wire.NewReader(b)
		atoms := in.readHeader(&r)
		require.NoError(t, r.Err())
		require.Zero(t, r.Len())
		require.Equal(t, []any{b1, py2, rex, wide}[:len(atoms)], atoms)
	}
}

func TestHeaderRefused(t *testing.T) {
	for name, h := range map[string]string{
		"unset slot":     "01 00 05",
		"not UTF-8":      "01 08 05 02 c328",
		"too many bytes": "01 18 05 03fd" + strings.Repeat("61", 1021),
		"too many chars": "01 18 05 0100" + strings.Repeat("61", 256),
	} {
		r := wire.NewReader(fromHex(t, h))
		new(atomsIn).readHeader(&r)
		require.Error(t, r.Err(), name)
	}
	r := wire.NewReader(fromHex(t, "01 08 05 00")) // the empty atom is one
	require.Equal(t, []any{gen.Atom("")}, new(atomsIn).readHeader(&r))
	require.NoError(t, r.Err())
}

func TestHeaderManyAtoms(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	var list etf.List
	for i := range 400 {
		list = append(list, gen.Atom(fmt.Sprintf("atom_%d", i)))
	}
	for range 3 {
		require.Equal(t, list, h.pass(message(1, 2, list)).Message)
		require.LessOrEqual(t, len(h.out.atoms.refs), maxHeaderRefs)
	}
	require.Len(t, h.out.atoms.refs, maxHeaderRefs)
	require.Equal(t, gen.Atom(strings.Repeat("é", 255)), h.pass(message(1, 2, gen.Atom(strings.Repeat("é", 255)))).Message)
	require.Equal(t, gen.Atom(""), h.pass(message(1, 2, gen.Atom(""))).Message)
	for _, bad := range []gen.Atom{"\xff", gen.Atom(strings.Repeat("x", 256))} {
		require.Error(t, h.out.add(message(1, 2, bad)))
	}
	require.Equal(t, list, h.pass(message(1, 2, list)).Message)
}

// Atoms which share a slot take turns in it, and in one message the first has it.
func TestSlotConflict(t *testing.T) {
	one := gen.Atom("one")
	var two gen.Atom
	for i := 0; two == ""; i++ {
		if a := gen.Atom(fmt.Sprintf("x%d", i)); atomSlot(a) == atomSlot(one) {
			two = a
		}
	}
	h := newHalf(t, Visible, Config{})
	for _, m := range []any{one, two, etf.List{one, two, one}, etf.List{two, one}, two, one, one} {
		require.Equal(t, m, h.pass(message(1, 2, m)).Message)
	}
}

// Atoms are told apart by what they spell, wherever their text lies: parts of one string, at the same place too, and copies.
func TestAtomsOfOneText(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	text := "abcabcabc" + strings.Repeat("x", 90)
	rapid.Check(t, func(t *rapid.T) {
		atom := rapid.Custom(func(t *rapid.T) gen.Atom {
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			part := text[from:rapid.IntRange(from, min(from+5, len(text))).Draw(t, "to")]
			if rapid.Bool().Draw(t, "copied") {
				part = strings.Clone(part)
			}
			return gen.Atom(part)
		})
		var list etf.List
		for _, a := range rapid.SliceOfN(atom, 1, 100).Draw(t, "atoms") {
			list = append(list, a)
		}
		require.Equal(t, list, h.pass(message(1, 2, list)).Message)
	})
}

// A frame with cached atoms is as short as it can be, and the same bytes each time.
func TestCachedFrame(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	h.pass(message(1, 2, gen.Atom("hello")))
	require.NoError(t, h.out.add(message(1, 2, gen.Atom("hello"))))
	first := h.wire()
	_, err := h.receive(first)
	require.NoError(t, err)
	require.NoError(t, h.out.add(message(1, 2, gen.Atom("hello"))))
	second := h.wire()
	require.True(t, bytes.Equal(first, second))
	require.Len(t, second, 4+2+1+2+3+4+2*15+2)
}

// TestFrameGolden has whole frames as the documentation of the protocol gives them.
func TestFrameGolden(t *testing.T) {
	plain := Visible &^ (FlagDistHdrAtomCache | FlagFragments)
	for _, tc := range []struct {
		name  string
		flags Flags
		hex   string
	}{
		{"pass through", plain, "70 83 68 03 61 02 77 00" + "58 77 03 624068 00000002 00000000 000007d2" + "83 77 02 6f6b"},
		{"no atoms", Visible &^ FlagDistHdrAtomCache, "83 44 00 68 03 61 02 77 00" + "58 77 03 624068 00000002 00000000 000007d2" + "77 02 6f6b"},
		{"cache", Visible, "83 44 02 88 00" + "26 03 624068" + "ff 02 6f6b" + "68 03 61 02 77 00" + "58 52 00 00000002 00000000 000007d2" + "52 01"},
	} {
		var s Signal
		whole, err := newHalf(t, tc.flags, Config{}).in.frame(fromHex(t, tc.hex), &s)
		require.NoError(t, err, tc.name)
		require.True(t, whole)
		require.Equal(t, Signal{Kind: KindSend, To: pidB(2), Message: gen.Atom("ok")}, s, tc.name)
		h := newHalf(t, tc.flags, Config{})
		require.NoError(t, h.out.add(&s))
		if tc.flags != Visible { // the slots are each sender's own choice
			require.Equal(t, hex.EncodeToString(fromHex(t, tc.hex)), hex.EncodeToString(h.wire()[4:]), tc.name)
		}
	}
}
