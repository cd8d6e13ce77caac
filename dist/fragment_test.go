package dist

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// split cuts what was written into frames.
func split(b []byte) (frames [][]byte) {
	for len(b) > 0 {
		n := 4 + int(binary.BigEndian.Uint32(b))
		frames = append(frames, b[4:n])
		b = b[n:]
	}
	return frames
}

func blob(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n] }

func TestFragmentLayout(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	m := etf.Tuple{gen.Atom("data"), blob(1 << 20)}
	require.NoError(t, h.out.add(message(1, 2, m)))
	b := h.wire()
	frames := split(b)
	require.Len(t, frames, 17)
	for i, f := range frames[1:] {
		require.Equal(t, []byte{131, 70}, f[:2])
		require.Equal(t, uint64(1), binary.BigEndian.Uint64(f[2:]))
		require.Equal(t, uint64(16-i), binary.BigEndian.Uint64(f[10:]))
		if i < 15 {
			require.Len(t, f, 18+65536)
		}
	}
	require.Equal(t, []byte{131, 69}, frames[0][:2])
	require.Equal(t, uint64(17), binary.BigEndian.Uint64(frames[0][10:]))
	got, err := h.receive(b)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, m, got[0].Message)
	require.Zero(t, h.in.frags.bytes)
	require.Empty(t, h.in.frags.seqs)
}

func TestFragmentSizes(t *testing.T) {
	for _, f := range []Flags{Visible, Visible &^ FlagDistHdrAtomCache} {
		for n := range 400 {
			h := newHalf(t, f, Config{FragmentSize: 64})
			require.Equal(t, blob(n), h.pass(message(1, 2, blob(n))).Message)
			require.Zero(t, h.out.pending())
			require.Empty(t, h.out.lanes.of)
		}
	}
	for _, f := range []Flags{Visible &^ FlagFragments, Visible &^ (FlagFragments | FlagDistHdrAtomCache)} {
		h := newHalf(t, f, Config{FragmentSize: 64})
		require.NoError(t, h.out.add(message(1, 2, blob(1000))))
		require.Len(t, split(h.out.buf), 1)
	}
}

// Each sender's messages arrive in order, whatever their sizes, and the small ones of others pass the large ones.
func TestFragmentsInterleave(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	h := newHalf(t, Visible, Config{FragmentSize: 100})
	want := make(map[gen.PID][]any)
	got := make(map[gen.PID][]any)
	var wire []byte
	for i := range 2000 {
		from := uint64(rnd.IntN(5) + 1)
		m := etf.Tuple{gen.Atom(fmt.Sprintf("atom%d", rnd.IntN(3000))), int64(i), blob(rnd.IntN(2000) * rnd.IntN(2))}
		want[pidA(from)] = append(want[pidA(from)], m)
		require.NoError(t, h.out.add(message(from, 2, m)))
		if rnd.IntN(10) == 0 {
			wire = h.some(wire)
		}
	}
	wire = append(wire, h.wire()...)
	sigs, err := h.receive(wire)
	require.NoError(t, err)
	for _, s := range sigs {
		got[s.From] = append(got[s.From], s.Message)
	}
	require.Equal(t, want, got)
	require.Zero(t, h.out.pending())

	require.NoError(t, h.out.add(message(1, 2, blob(100_000))))
	require.NoError(t, h.out.add(message(1, 2, gen.Atom("behind"))))
	require.NoError(t, h.out.add(message(2, 2, gen.Atom("ahead"))))
	sigs, err = h.receive(h.wire())
	require.NoError(t, err)
	require.Equal(t, gen.Atom("ahead"), sigs[0].Message)
	require.Equal(t, gen.Atom("behind"), sigs[2].Message)
}

// The end of a process, though told by its name, comes after the large message it sent before.
func TestFragmentsBeforeDown(t *testing.T) {
	for _, f := range []Flags{Visible, Visible &^ FlagSendSender} {
		h := newHalf(t, f, Config{})
		require.NoError(t, h.out.add(message(1, 2, blob(200_000))))
		require.NoError(t, h.out.add(&Signal{Kind: KindDown, From: pidA(1), FromName: "x", To: pidB(2), Ref: refB(1), Message: reason}))
		got, err := h.receive(h.wire())
		require.NoError(t, err)
		require.Equal(t, []Kind{KindSend, KindDown}, []Kind{got[0].Kind, got[1].Kind})
		require.Equal(t, Signal{Kind: KindDown, FromName: "x", To: pidB(2), Ref: refB(1), Message: reason}, got[1])
	}
}

// A later fragment refers to the header of the first, though the cache has moved on.
func TestFragmentHeaderSnapshot(t *testing.T) {
	h := newHalf(t, Visible, Config{FragmentSize: 100})
	in := h.in
	m := etf.Tuple{blob(150), gen.Atom("last")}
	require.NoError(t, h.out.add(message(1, 2, m)))
	frames := split(h.wire())
	require.Greater(t, len(frames), 1)
	var s Signal
	_, err := in.frame(frames[0], &s)
	require.NoError(t, err)
	clear(in.atoms.slots[:])
	clear(in.atoms.table[:])
	for _, f := range frames[1:] {
		_, err = in.frame(f, &s)
		require.NoError(t, err)
	}
	require.Equal(t, m, s.Message)
}

func TestFragmentsRefused(t *testing.T) {
	make3 := func() [][]byte {
		h := newHalf(t, Visible, Config{FragmentSize: 100})
		require.NoError(t, h.out.add(message(1, 2, blob(250))))
		return split(h.wire())
	}
	f := make3()
	require.Len(t, f, 3)
	zero := bytes.Clone(f[0])
	copy(zero[10:18], make([]byte, 8))
	for _, tc := range []struct {
		name   string
		frames [][]byte
		cfg    Config
		flags  Flags
		limit  bool
	}{
		{"second first", [][]byte{f[0], f[0]}, Config{}, Visible, false},
		{"out of order", [][]byte{f[0], f[2]}, Config{}, Visible, false},
		{"twice", [][]byte{f[0], f[1], f[1]}, Config{}, Visible, false},
		{"unknown sequence", [][]byte{f[1]}, Config{}, Visible, false},
		{"after the last", [][]byte{f[0], f[1], f[2], f[2]}, Config{}, Visible, false},
		{"fragment 0", [][]byte{zero}, Config{}, Visible, false},
		{"not agreed on", [][]byte{f[0]}, Config{}, Visible &^ FlagFragments, false},
		{"cut short", [][]byte{f[0][:12]}, Config{}, Visible, false},
		{"next cut short", [][]byte{f[0], f[1][:12]}, Config{}, Visible, false},
		{"bytes", [][]byte{f[0], f[1]}, Config{MaxFragmentBytes: 150}, Visible, true},
		{"bytes of the first", [][]byte{f[0]}, Config{MaxFragmentBytes: 50}, Visible, true},
	} {
		h := newHalf(t, tc.flags, tc.cfg)
		for i, b := range tc.frames {
			_, err := h.in.frame(b, new(Signal))
			if i < len(tc.frames)-1 {
				require.NoError(t, err, tc.name)
				continue
			}
			require.ErrorIs(t, err, ErrMalformedFrame, tc.name)
			require.Equal(t, tc.limit, bytes.Contains([]byte(err.Error()), []byte("over a limit")), tc.name)
		}
	}
	h := newHalf(t, Visible, Config{MaxFragments: 1})
	second := bytes.Clone(f[0])
	second[9] = 99
	_, err := h.in.frame(f[0], new(Signal))
	require.NoError(t, err)
	_, err = h.in.frame(second, new(Signal))
	require.ErrorIs(t, err, ErrLimit)

	require.NoError(t, h.in.frags.expire(time.Now()))
	require.ErrorIs(t, h.in.frags.expire(time.Now().Add(time.Hour)), ErrLimit)

	single := bytes.Clone(f[0]) // the only fragment of a message cut to what it has
	require.ErrorIs(t, func() error {
		single[17] = 1
		_, err := newHalf(t, Visible, Config{}).in.frame(single, new(Signal))
		return err
	}(), ErrMalformedFrame)
}

func TestSingleFragment(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	require.NoError(t, h.out.add(message(1, 2, gen.Atom("x"))))
	f := h.wire()[4:]
	one := append([]byte{131, 69, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1}, f[2:]...)
	var s Signal
	whole, err := h.in.frame(one, &s)
	require.NoError(t, err)
	require.True(t, whole)
	require.Equal(t, gen.Atom("x"), s.Message)
}

// A fragment is what the link takes in half a millisecond, and never less than Config.FragmentSize nor more than 16 times that.
func TestFragmentSizeFollowsTheLink(t *testing.T) {
	sizes := func(h *half, n int) (data []int) {
		require.NoError(t, h.out.add(message(1, 2, blob(n))))
		b := h.wire()
		got, err := h.receive(b)
		require.NoError(t, err)
		require.Equal(t, blob(n), got[0].Message)
		for _, f := range split(b)[1:] {
			data = append(data, len(f)-18)
		}
		return data
	}
	learn := func(h *half, bytesPerSecond float64) {
		for range 100 {
			h.out.learn(bytesPerSecond / 1e9)
		}
	}
	h := newHalf(t, Visible, Config{})
	require.Len(t, sizes(h, 1<<20), 16, "nothing is known yet")
	learn(h, 500e6)
	require.Equal(t, []int{250_000, 250_000, 250_000}, sizes(h, 1_000_000)[:3])
	learn(h, 100e9)
	require.Equal(t, []int{1 << 20, 1 << 20}, sizes(h, 3<<20)[:2])
	learn(h, 1e6)
	require.Equal(t, DefaultFragmentSize, sizes(h, 1<<20)[0])

	// A message keeps the size that it began with: its fragments were counted then.
	learn(h, 500e6)
	m := etf.Tuple{gen.Atom("data"), blob(1 << 20)}
	require.NoError(t, h.out.add(message(1, 2, m)))
	learn(h, 1e6)
	got, err := h.receive(h.wire())
	require.NoError(t, err)
	require.Equal(t, m, got[0].Message)
}
