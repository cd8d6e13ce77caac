package gossip

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func numbered(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

func TestLimiter(t *testing.T) {
	l, now := newLimiter(10), time.Unix(1e9, 0)
	allowed := func(source, packets int) (n int) {
		for range packets {
			if l.allow(numbered(source), now) {
				n++
			}
		}
		return n
	}
	require.Equal(t, 20, allowed(1, 1000), "two seconds' worth at once")
	require.Equal(t, 5, allowed(2, 5), "another source is not touched")
	now = now.Add(time.Second)
	require.Equal(t, 10, allowed(1, 1000))
	now = now.Add(time.Hour)
	require.Equal(t, 20, allowed(1, 1000), "nothing is saved up beyond that")
}

// TestLimiterIsBounded: invented addresses cost no memory, and share one limit.
func TestLimiterIsBounded(t *testing.T) {
	l, now := newLimiter(10), time.Unix(1e9, 0)
	passed := 0
	for i := range 100_000 {
		if l.allow(numbered(i), now) {
			passed++
		}
	}
	require.Equal(t, maxSources+20, passed)
	require.Len(t, l.buckets, maxSources)
	require.True(t, l.allow(numbered(1), now), "who was here before is not crowded out")
	now = now.Add(forgetSource)
	require.True(t, l.allow(numbered(1<<20), now), "room is made")
	require.Len(t, l.buckets, 1)
}

func TestReplay(t *testing.T) {
	r, now := &replay{window: 30 * time.Second}, time.Unix(1e9, 0)
	at := func(after time.Duration, n byte) seen { return r.see([nonceSize]byte{n}, now.Add(after)) }
	require.Equal(t, seenNew, at(0, 1))
	require.Equal(t, seenBefore, at(0, 1))
	require.Equal(t, seenNew, at(59*time.Second, 2))
	require.Equal(t, seenBefore, at(61*time.Second, 2), "kept for two windows, whenever it came")
	require.Equal(t, seenBefore, at(119*time.Second, 2))
	require.Equal(t, seenNew, at(300*time.Second, 2), "and forgotten: by then it is stale")
	require.LessOrEqual(t, len(r.now)+len(r.old), 2)
}

// TestReplayIsBounded: it rather refuses than forgets.
func TestReplayIsBounded(t *testing.T) {
	r, now := &replay{window: 30 * time.Second}, time.Unix(1e9, 0)
	nonce := func(i int) [nonceSize]byte { return [nonceSize]byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	for i := range maxNonces {
		require.Equal(t, seenNew, r.see(nonce(i), now))
	}
	require.Equal(t, seenTooMany, r.see(nonce(maxNonces), now))
	require.Equal(t, seenBefore, r.see(nonce(0), now))
	require.Equal(t, seenNew, r.see(nonce(maxNonces), now.Add(time.Minute)))
}
