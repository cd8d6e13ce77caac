package etf

import (
	"math"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// TestEncodeForPeer: what a peer would give a connection up for is an error.
func TestEncodeForPeer(t *testing.T) {
	record := Record{Module: "m", Name: "n"}
	for _, tt := range []struct {
		term any
		what string // empty: it is for the peer as well
	}{
		{gen.PID{Node: "p@h", ID: 1<<28 - 1, Creation: 1}, ""},
		{gen.PID{Node: "p@h", ID: 1 << 28, Creation: 1}, "28 bits"},
		{gen.PID{Node: "p@h", ID: 1 << 63, Creation: 1}, ""}, // a serial of OTP 26
		{Port{Node: "p@h", ID: 1<<28 - 1}, ""},
		{Port{Node: "p@h", ID: 1 << 28}, "28 bits"},
		{gen.Ref{Node: "p@h", ID: [3]uint64{1<<18 - 1, 0, 3 << 32}}, ""},
		{gen.Ref{Node: "p@h", ID: [3]uint64{1 << 18, 0, 3 << 32}}, "18 bits"},
		{gen.Alias{Node: "p@h", ID: [3]uint64{1 << 18, 0, 1 << 32}}, "18 bits"},
		{Map{{0.0, 1}, {1, math.Copysign(0, -1)}}, ""},
		{Map{{math.Copysign(0, -1), 1}, {Tuple{math.Copysign(0, -1)}, 1}}, ""},
		{Map{{0.0, 1}, {math.Copysign(0, -1), 2}}, "0.0 and -0.0"},
		{Map{{Tuple{1, List{0.0}}, 1}, {Tuple{1, List{math.Copysign(0, -1)}}, 2}}, "0.0 and -0.0"},
		{Map{{Map{{1, 0.0}}, 1}, {Map{{1, math.Copysign(0, -1)}}, 2}}, "0.0 and -0.0"},
		{Map{{ImproperList{[]any{1}, 0.0}, 1}, {ImproperList{[]any{1}, math.Copysign(0, -1)}, 2}}, "0.0 and -0.0"},
		{record, "native record"},
		{Fun{Module: "m", PID: gen.PID{Node: "x@h"}, Free: []any{record}}, "native record"},
	} {
		term := Tuple{tt.term}
		b, err := (&Encoder{Ports64: true}).AppendTerm(nil, term)
		require.NoError(t, err, "%v", tt.term)
		got, _, err := (&Decoder{}).Term(b)
		require.NoError(t, err)
		toPeer := &Encoder{Ports64: true, Peer: "p@h", NoRecords: true, OneZero: true}
		for _, term := range []any{term, got} {
			out, err := toPeer.AppendTerm([]byte("before"), term)
			if tt.what == "" {
				require.NoError(t, err, "%v", tt.term)
				require.Equal(t, string(b), string(out[6:]))
				continue
			}
			require.ErrorContains(t, err, tt.what)
			require.Equal(t, "before", string(out))
		}
		_, err = (&Encoder{Ports64: true, Peer: "other@h"}).AppendTerm(nil, term)
		require.NoError(t, err, "%v", tt.term)
	}
}
