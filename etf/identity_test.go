package etf

import (
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func own() *Identity { return &Identity{Node: "go@h", Creation: 7, Runtime: 1_700_000_000} }

func TestIdentityPID(t *testing.T) {
	id := own()
	tests := []struct {
		name                  string
		pid                   gen.PID
		num, serial, creation uint32
	}{
		{"core process", gen.PID{Node: "go@h", ID: 1, Creation: id.Runtime}, 1, 0, 7},
		{"first process", gen.PID{Node: "go@h", ID: 1000, Creation: id.Runtime}, 1000, 0, 7},
		{"last of a serial", gen.PID{Node: "go@h", ID: 32767, Creation: id.Runtime}, 32767, 0, 7},
		{"next serial", gen.PID{Node: "go@h", ID: 32768, Creation: id.Runtime}, 0, 1, 7},
		{"largest", gen.PID{Node: "go@h", ID: 1<<47 - 1, Creation: id.Runtime}, 32767, 1<<32 - 1, 7},
		{"our node, earlier life", gen.PID{Node: "go@h", ID: 3<<32 | 5, Creation: pastLife | 6}, 5, 3, 6},
		{"our node, invented id", gen.PID{Node: "go@h", ID: 3<<32 | 32768, Creation: pastLife | 7}, 32768, 3, 7},
		{"other node", gen.PID{Node: "b@h", ID: 3<<32 | 70000, Creation: 7}, 70000, 3, 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			num, serial, creation, err := id.pidToWire(tt.pid)
			require.NoError(t, err)
			require.Equal(t, []uint32{tt.num, tt.serial, tt.creation}, []uint32{num, serial, creation})
			require.Equal(t, tt.pid, id.pidFromWire(tt.pid.Node, num, serial, creation))
		})
	}
}

func TestIdentityRef(t *testing.T) {
	id := own()
	type words = [maxRefWords]uint32
	tests := []struct {
		name     string
		ref      gen.Ref
		words    words
		n        int
		creation uint32
	}{
		{"of Ergo", gen.Ref{Node: "go@h", Creation: id.Runtime, ID: [3]uint64{5, 6, 0}}, words{5, 6, 0}, 3, 7},
		{"of Ergo with deadline", gen.Ref{Node: "go@h", Creation: id.Runtime, ID: [3]uint64{5, 1<<18 - 1, 1_800_000_000}}, words{5, 1<<18 - 1, 1_800_000_000}, 3, 7},
		{"own, 3 words, large", gen.Ref{Node: "go@h", Creation: id.Runtime, ID: [3]uint64{5 | 1<<18<<32, 9, 3 << 32}}, words{5, 1 << 18, 9}, 3, 7},
		{"own, 5 words", gen.Ref{Node: "go@h", Creation: id.Runtime, ID: [3]uint64{1 | 2<<32, 3 | 4<<32, 5 | 5<<32}}, words{1, 2, 3, 4, 5}, 5, 7},
		{"own, 1 word", gen.Ref{Node: "go@h", Creation: id.Runtime, ID: [3]uint64{1, 0, 1 << 32}}, words{1}, 1, 7},
		{"own, earlier life", gen.Ref{Node: "go@h", Creation: pastLife | 6, ID: [3]uint64{1 | 2<<32, 3, 3 << 32}}, words{1, 2, 3}, 3, 6},
		{"other, 3 words", gen.Ref{Node: "b@h", Creation: 7, ID: [3]uint64{1 | 2<<32, 3, 3 << 32}}, words{1, 2, 3}, 3, 7},
		{"other, largest", gen.Ref{Node: "b@h", Creation: 1<<32 - 1, ID: [3]uint64{1<<64 - 1, 1<<64 - 1, 5<<32 | (1<<32 - 1)}},
			words{1<<32 - 1, 1<<32 - 1, 1<<32 - 1, 1<<32 - 1, 1<<32 - 1}, 5, 1<<32 - 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			words, n, creation, err := id.refToWire(tt.ref)
			require.NoError(t, err)
			require.Equal(t, tt.words, words)
			require.Equal(t, tt.n, n)
			require.Equal(t, tt.creation, creation)
			require.Equal(t, tt.ref, id.refFromWire(tt.ref.Node, words, n, creation))
		})
	}
}

// Whatever comes from the wire goes back as it came, and whatever is sent comes back as it went.
func TestIdentityWireRoundTrip(t *testing.T) {
	id := own()
	rapid.Check(t, func(t *rapid.T) {
		node := rapid.SampledFrom([]gen.Atom{"go@h", "b@h"}).Draw(t, "node")
		creation := rapid.SampledFrom([]uint32{0, 6, 7, 1<<32 - 1}).Draw(t, "creation")
		num, serial := rapid.Uint32().Draw(t, "num"), rapid.Uint32().Draw(t, "serial")
		num2, serial2, creation2, err := id.pidToWire(id.pidFromWire(node, num, serial, creation))
		require.NoError(t, err)
		require.Equal(t, []uint32{num, serial, creation}, []uint32{num2, serial2, creation2})

		n := rapid.IntRange(1, maxRefWords).Draw(t, "n")
		var words [maxRefWords]uint32
		for i := range n {
			words[i] = rapid.OneOf(rapid.Uint32(), rapid.Uint32Max(1<<18)).Draw(t, "word")
		}
		words2, n2, creation2, err := id.refToWire(id.refFromWire(node, words, n, creation))
		require.NoError(t, err)
		require.Equal(t, n, n2)
		require.Equal(t, words, words2)
		require.Equal(t, creation, creation2)
	})
}

func TestIdentityErrors(t *testing.T) {
	id := own()
	e := Encoder{Local: id}
	for name, term := range map[string]any{
		"pid without node":       gen.PID{ID: 1},
		"pid of another runtime": gen.PID{Node: "b@h", ID: 1, Creation: 1 << 33},
		"pid creation negative":  gen.PID{Node: "b@h", ID: 1, Creation: -1},
		"own pid too large":      gen.PID{Node: "go@h", ID: 1 << 47, Creation: id.Runtime},
		"ref without node":       gen.Ref{},
		"own ref word 1":         gen.Ref{Node: "go@h", Creation: id.Runtime, ID: [3]uint64{1, 1 << 18, 0}},
		"ref word 0":             gen.Ref{Node: "b@h", ID: [3]uint64{1 << 32, 0, 0}},
		"ref of 6 words":         gen.Ref{Node: "b@h", ID: [3]uint64{0, 0, 6 << 32}},
	} {
		out, err := e.AppendTerm([]byte("x"), Tuple{int64(1), term})
		var ee *EncodeError
		require.ErrorAs(t, err, &ee, name)
		require.Equal(t, []byte("x"), out, name)
	}
}

func TestSmallIDs(t *testing.T) {
	small := Encoder{SmallIDs: true, Ports64: true}
	large := Encoder{Ports64: true}
	for name, term := range map[string]any{
		"id":     gen.PID{Node: "b@h", ID: 1 << 15},
		"serial": gen.PID{Node: "b@h", ID: 1 << 13 << 32},
		"ref":    gen.Ref{Node: "b@h", ID: [3]uint64{1, 2, 4 << 32}},
		"alias":  gen.Alias{Node: "b@h", ID: [3]uint64{1, 2, 5 << 32}},
		"port":   Port{Node: "b@h", ID: 1 << 28},
		"in fun": Fun{Module: "m", PID: gen.PID{Node: "b@h", ID: 1 << 15}, Raw: []byte("x")},
	} {
		_, err := small.AppendTerm(nil, term)
		require.ErrorContains(t, err, "OTP 2", name)
		_, err = large.AppendTerm(nil, term)
		require.NoError(t, err, name)
	}
	for name, term := range map[string]any{
		"pid":  gen.PID{Node: "b@h", ID: 8191<<32 | 32767},
		"ref":  gen.Ref{Node: "b@h", ID: [3]uint64{1, 2, 3 << 32}},
		"port": Port{Node: "b@h", ID: 1<<28 - 1},
	} {
		_, err := small.AppendTerm(nil, term)
		require.NoError(t, err, name)
	}
	_, err := (&Encoder{}).AppendTerm(nil, Port{Node: "b@h", ID: 1 << 28})
	require.Error(t, err)
}

// TestPastLife: an identifier of an earlier life of our node is not taken for one of this life, even if the creation that it
// had on the wire is the number that the runtime has now.
func TestPastLife(t *testing.T) {
	id := &Identity{Node: "go@h", Creation: 101, Runtime: 100}
	enc, dec := &Encoder{Local: id}, &Decoder{Local: id}
	plain := &Encoder{}
	for _, past := range []any{
		gen.PID{Node: "go@h", ID: 1005, Creation: 100},
		gen.Ref{Node: "go@h", ID: [3]uint64{1, 2, 3 << 32}, Creation: 100},
	} {
		wire, err := plain.AppendTerm(nil, past)
		require.NoError(t, err)
		term, _, err := dec.Term(wire)
		require.NoError(t, err)
		require.NotEqual(t, past, term, "it would be ours")
		back, err := enc.AppendTerm(nil, term)
		require.NoError(t, err)
		require.Equal(t, wire, back)
	}
	own := gen.PID{Node: "go@h", ID: 1005, Creation: 100}
	wire, err := enc.AppendTerm(nil, own)
	require.NoError(t, err)
	term, _, err := dec.Term(wire)
	require.NoError(t, err)
	require.Equal(t, own, term)
}
