package dist

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// asText makes strings of the binaries of a term.
func asText(term any) any {
	switch v := term.(type) {
	case []byte:
		return string(v)
	case etf.Tuple:
		t := make(etf.Tuple, len(v))
		for i := range v {
			t[i] = asText(v[i])
		}
		return t
	}
	return term
}

// TestSplices: strings that go out from where they lie arrive as binaries that were copied do, wherever they stand.
func TestSplices(t *testing.T) {
	atom := gen.Atom("an_atom")
	for n := range 300 {
		for i, term := range []any{
			blob(n),
			etf.Tuple{blob(n), atom, blob(64)},
			etf.Tuple{atom, blob(n), blob(n)},
			etf.Tuple{blob(10), blob(n), atom, blob(200), int64(n), etf.Tuple{blob(n), blob(n + 1)}},
			etf.Tuple{blob(64), atom},
		} {
			h := newHalf(t, Visible, Config{FragmentSize: 64})
			require.Equal(t, term, h.pass(message(1, 2, asText(term))).Message, "%d of %d bytes", i, n)
			require.Zero(t, h.out.pending())
			require.Empty(t, h.out.lanes.of)
			require.Zero(t, h.in.frags.bytes)
		}
	}
	for _, f := range []Flags{Visible &^ FlagFragments, Visible &^ (FlagFragments | FlagDistHdrAtomCache)} {
		h := newHalf(t, f, Config{FragmentSize: 64})
		require.Equal(t, blob(1000), h.pass(message(1, 2, string(blob(1000)))).Message)
	}
}

// TestSpliceIsNoCopy: the bytes that are written are those of the string.
func TestSpliceIsNoCopy(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	text := strings.Repeat("0123456789abcdef", 1<<16)
	require.NoError(t, h.out.add(message(1, 2, etf.Tuple{gen.Atom("data"), text})))
	require.Less(t, len(h.out.buf), 200)
	require.Greater(t, h.out.pending(), 1<<20, "it counts as pending")
	var b batch
	h.out.take(&b)
	require.Len(t, b.pieces, gatherFragments)
	for i, p := range b.pieces {
		require.Len(t, p.data, DefaultFragmentSize)
		require.Equal(t, unsafe.StringData(text[i*DefaultFragmentSize:]), &p.data[0])
	}
}

// TestSpliceOnlyInMessages: a control tuple is never cut, whatever is in it.
func TestSpliceOnlyInMessages(t *testing.T) {
	long := string(blob(1000))
	h := newHalf(t, Visible, Config{FragmentSize: 64})
	s := message(1, 2, gen.Atom("small"))
	s.Token = etf.Tuple{int64(1), int64(2), int64(3), long, int64(4)}
	got := h.pass(s)
	require.Equal(t, gen.Atom("small"), got.Message)
	require.Equal(t, etf.Tuple{int64(1), int64(2), int64(3), []byte(long), int64(4)}, got.Token)
	s.Message = etf.Tuple{long, gen.Atom("both")}
	require.Equal(t, etf.Tuple{[]byte(long), gen.Atom("both")}, h.pass(s).Message)
}

// TestSpliceThenError: a message that can't be encoded leaves nothing behind of its strings.
func TestSpliceThenError(t *testing.T) {
	h := newHalf(t, Visible, Config{FragmentSize: 64})
	long := string(blob(1000))
	require.Error(t, h.out.add(message(1, 2, etf.Tuple{long, func() {}})))
	require.Zero(t, h.out.pending())
	require.Equal(t, gen.Atom("small"), h.pass(message(1, 2, gen.Atom("small"))).Message)
	for i := range 3 {
		require.Equal(t, []byte(long), h.pass(message(1, 2, long)).Message, fmt.Sprint(i))
	}
}
