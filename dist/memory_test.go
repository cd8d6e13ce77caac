package dist

import (
	"runtime"
	"testing"
	"unsafe"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"gonode/etf"
)

// The pool of the standard library loses things at times, with the race detector even on purpose.
func TestMemoryIsLentAgain(t *testing.T) {
	var m Memory
	again := 0
	for range 100 {
		b := m.lend(1<<20, 1<<30)
		require.Empty(t, b)
		require.Equal(t, 1<<20, cap(b))
		m.Recycle(b[700_000:700_010]) // a piece will do
		less := m.lend(1<<20-5000, 1<<30)
		if unsafe.SliceData(less) == unsafe.SliceData(b) {
			again++
		}
		m.Recycle(less[:1])
	}
	require.Greater(t, again, 20)
}

func TestMemoryLeavesAloneWhatIsNotLent(t *testing.T) {
	var m Memory
	m.Recycle(nil)
	m.Recycle(make([]byte, 1<<20))
	small := m.lend(1000, 1<<30)
	m.Recycle(small[:1000])
	require.Empty(t, m.loans)

	b := m.lend(1<<20, 1<<30)[:1<<20]
	m.Recycle(b)
	m.Recycle(b) // is not lent now
	m.Recycle(b[:0])
	require.Empty(t, m.loans)
	one, two := m.lend(1<<20, 1<<30), m.lend(1<<20, 1<<30)
	require.NotSame(t, unsafe.SliceData(one), unsafe.SliceData(two))
}

// Memory that is too large for the limit, or too small, is not lent for it.
func TestMemoryHasTheSizeWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Memory
		sizes := rapid.SliceOf(rapid.IntRange(reuseFrom-10, 4*reuseFrom)).Draw(t, "sizes")
		for _, size := range sizes {
			most := size + rapid.IntRange(0, reuseFrom).Draw(t, "more")
			b := m.lend(size, most)
			require.LessOrEqual(t, size, cap(b))
			require.LessOrEqual(t, cap(b), most)
			m.Recycle(b[:1])
		}
	})
}

func TestMemoryForgetsLoans(t *testing.T) {
	var m Memory
	for range 3 * maxLoans {
		m.lend(reuseFrom, 1<<30)
		require.LessOrEqual(t, len(m.loans), maxLoans)
	}
	runtime.GC()
	kept := make([][]byte, maxLoans)
	for i := range kept {
		kept[i] = m.lend(reuseFrom, 1<<30)
	}
	require.Len(t, m.loans, maxLoans, "those whose memory is gone make room first")
	late := m.lend(reuseFrom, 1<<30)
	m.Recycle(late[:1])
	require.Len(t, m.loans, maxLoans, "what came when all places were taken was not remembered")
	for i := range kept {
		m.Recycle(kept[i][:1])
		require.Len(t, m.loans, maxLoans-1, "those that came first were")
		kept[i] = m.lend(reuseFrom, 1<<30)
	}
	runtime.KeepAlive(kept)
}

// What a process keeps of a message stays as it is, whatever comes later, and what it gives back is used again.
func TestBinariesThatAreKept(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	var kept []any
	starts := make(map[*byte]bool)
	again := 0
	for i := range 200 {
		b := blob(300_000)
		b[0], b[len(b)-1] = byte(i), byte(i)
		got := h.pass(message(1, 2, b)).Message.([]byte)
		require.Equal(t, b, got)
		if i%4 == 0 {
			kept = append(kept, got, b)
			continue
		}
		if starts[unsafe.SliceData(got)] {
			again++
		}
		starts[unsafe.SliceData(got)] = true
		h.in.frags.memory.Recycle(got)
	}
	for i := 0; i < len(kept); i += 2 {
		require.Equal(t, kept[i+1], kept[i])
	}
	require.Greater(t, again, 20)
}

// A large message without large binaries shares nothing with the memory it gathered in.
func TestMessagesWithoutLargeBinaries(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	var l etf.List
	for i := range 50_000 {
		l = append(l, etf.Tuple{gen.Atom("n"), int64(i), []byte("some words")})
	}
	first := h.pass(message(1, 2, l)).Message
	require.Empty(t, h.in.frags.memory.loans)
	h.pass(message(1, 2, blob(len(l)*20)))
	require.Len(t, h.in.frags.memory.loans, 1)
	require.True(t, etf.Equal(l, first))
}

func TestMemoryOfAnUnfinishedMessage(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	require.NoError(t, h.out.add(message(1, 2, blob(3<<20)))) // more than what it gets in advance
	frames := split(h.wire())
	for _, f := range frames {
		require.LessOrEqual(t, len(h.in.frags.memory.loans), 1, "what was too small is given back")
		var s Signal
		_, err := h.in.frame(f, &s)
		require.NoError(t, err)
	}
}
