package integration

import (
	"crypto/md5"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/etf"
)

const (
	recycleSenders = 4
	recycleEach    = 60
)

// TestRecycle: large binaries of several Erlang processes, whose fragments interleave, come whole while most of them are
// recycled, and those that are kept do not change.
func TestRecycle(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		m, err := g.Mailbox("recycler")
		require.NoError(t, err)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		eval(t, b, "ok", `begin To = {recycler, 'go@127.0.0.1'},
			[spawn(fun() -> [begin
				Bin = binary:copy(<<P:32, I:32, (I * P):32>>, 20000 + (I * 7919 + P * 104729) rem 160000),
				To ! {Bin, erlang:md5(Bin)}
			end || I <- lists:seq(1, %d)] end) || P <- lists:seq(1, %d)], ok end`, recycleEach, recycleSenders)
		var kept []etf.Tuple
		for i := range recycleSenders * recycleEach {
			got, err := m.Receive(ctxFor(t, 10*time.Second))
			require.NoError(t, err)
			pair := got.Body.(etf.Tuple)
			requireSum(t, pair)
			if i%10 == 0 {
				kept = append(kept, pair)
			} else {
				g.Recycle(pair[0].([]byte))
			}
		}
		for _, pair := range kept {
			requireSum(t, pair)
		}
		quiet(t, b)
	})
}

// requireSum checks a binary against the sum that came with it.
func requireSum(t *testing.T, pair etf.Tuple) {
	t.Helper()
	sum := md5.Sum(pair[0].([]byte))
	require.Equal(t, sum[:], pair[1])
}
