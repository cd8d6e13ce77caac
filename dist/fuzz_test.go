package dist

import (
	"bytes"
	"encoding/binary"
	"ergo.services/ergo/gen"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/internal/wire"
)

var fuzzFlags = []Flags{Visible, plain, Visible &^ FlagDistHdrAtomCache, Visible &^ FlagFragments}

// FuzzFrame feeds a stream to the receiving half of a link. What is understood must be sent and understood again.
func FuzzFrame(f *testing.F) {
	for i, flags := range fuzzFlags {
		h := newHalf(f, flags, Config{FragmentSize: 64})
		for _, tc := range signalCases {
			if tc.op(flags) != 0 {
				require.NoError(f, h.out.add(&tc.sig))
			}
		}
		f.Add(uint8(i), h.wire())
		require.NoError(f, h.out.add(message(1, 2, blob(300))))
		f.Add(uint8(i), h.wire())
	}
	f.Fuzz(func(t *testing.T, flags uint8, b []byte) {
		h := newHalf(t, fuzzFlags[int(flags)%len(fuzzFlags)], Config{MaxFrame: 1 << 20, ReadBuffer: 64})
		sigs, _ := h.receive(b)
		again := newHalf(t, Visible, Config{})
		again.out.peer.Name, again.out.peer.Creation, again.in.control.peer = "", 0, ""
		for i := range sigs {
			if again.out.add(&sigs[i]) != nil {
				continue // a term that only others may send
			}
			got, err := again.receive(again.wire())
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Equal(t, sigs[i].Kind, got[0].Kind)
			require.Equal(t, sigs[i].To, got[0].To)
		}
	})
}

// FuzzControl feeds one control tuple and message, as on a link without headers.
func FuzzControl(f *testing.F) {
	for _, tc := range received {
		f.Add(control(f, tc.tuple, tc.message...)[1:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		in := newHalf(t, plain, Config{}).in
		frame := append([]byte{passThrough}, b...)
		var first, second Signal
		_, err := in.frame(frame, &first)
		_, err2 := in.frame(frame, &second) // pids are known now
		require.Equal(t, err == nil, err2 == nil)
		if err == nil {
			require.Equal(t, first.From, second.From)
			require.Equal(t, first.To, second.To)
			require.NotEqual(t, KindInvalid, first.Kind)
		}
	})
}

// FuzzFragments feeds pieces of a stream of fragments in an order of the fuzzer's.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4})
	f.Add([]byte{0, 5, 1, 6, 2, 7, 3, 8, 4, 9})
	f.Add([]byte{0, 2, 1})
	h := newHalf(f, Visible, Config{FragmentSize: 64})
	var frames [][]byte
	for from := range uint64(3) {
		require.NoError(f, h.out.add(message(from+1, 2, blob(300))))
	}
	frames = append(frames, split(h.wire())...)
	f.Fuzz(func(t *testing.T, order []byte) {
		in := newHalf(t, Visible, Config{MaxFragments: 2}).in
		for _, o := range order {
			var s Signal
			whole, err := in.frame(frames[int(o)%len(frames)], &s)
			if err != nil {
				return
			}
			if whole {
				require.Equal(t, blob(300), s.Message)
			}
			total := 0
			for _, q := range in.frags.seqs {
				total += cap(q.data)
			}
			require.Equal(t, total, in.frags.bytes)
			require.LessOrEqual(t, len(in.frags.seqs), 2)
		}
	})
}

// FuzzHeader reads a header, and makes the same from what was read.
func FuzzHeader(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("\x03\xe8\x0c\x1d\x05b1@vm\x25\x06py2@vm\x59\x03rex"))
	f.Add([]byte("\x01\x18\x05\x00\x01a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.NewReader(b)
		var in atomsIn
		atoms := in.readHeader(&r)
		if r.Err() != nil || len(atoms) == 0 {
			return
		}
		refs := make([]headerRef, len(atoms))
		for i, a := range atoms {
			refs[i] = headerRef{uint16(i), true, a.(gen.Atom)}
		}
		again := wire.NewReader(appendHeader(nil, refs))
		got := new(atomsIn).readHeader(&again)
		require.NoError(t, again.Err())
		require.Equal(t, atoms, got)
	})
}

func TestFuzzSeedsAreFrames(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	require.NoError(t, h.out.add(message(1, 2, blob(10))))
	b := h.wire()
	require.Equal(t, len(b)-4, int(binary.BigEndian.Uint32(b)))
	require.True(t, bytes.HasPrefix(b[4:], []byte{131, 68}))
}
