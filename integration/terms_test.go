package integration

import (
	"crypto/md5"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

const (
	termBatches = 100
	termBatch   = 100
)

// TestTermsFromErlang: 10,000 random terms of every kind that Erlang sends to an actor come back as they were.
func TestTermsFromErlang(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		pids := etf.List{server(t, g, "echo"), server(t, g, "other")}
		got := make(chan any, 1)
		spawnEach(t, g, "report", gen.ProcessOptions{}, &each{message: func(_ *each, m any) error { got <- m; return nil }})
		begin := time.Now()
		sendTo(t, g, b, "terms", pids, "begin R = try gonode_terms:echo({echo, 'go@127.0.0.1'}, %d, %d, M) catch C:W:S -> {C, W, S} end, "+
			"{report, 'go@127.0.0.1'} ! R end", termBatches, termBatch)
		var answer etf.Tuple
		select {
		case m := <-got:
			answer = m.(etf.Tuple)
		case <-time.After(60 * time.Second):
			require.FailNow(t, "the echo hangs")
		}
		require.Equal(t, gen.Atom("ok"), answer[0], "%.2000v", answer)
		t.Logf("%v: %v", time.Since(begin).Round(time.Millisecond), answer[1])
		kinds := []any{atom("integer"), atom("big"), atom("float"), atom("atom"), atom("long_atom"), atom("binary"),
			atom("large_binary"), atom("bitstring"), atom("local_pid"), atom("pid"), atom("port"), atom("tuple"), atom("map"),
			atom("list"), atom("improper"), etf.Tuple{atom("fun"), atom("local")}, etf.Tuple{atom("fun"), atom("external")},
			etf.Tuple{atom("reference"), 3}}
		if n, _ := strconv.Atoi(release); n >= 25 {
			kinds = append(kinds, etf.Tuple{atom("reference"), 5})
		}
		for _, kind := range kinds {
			_, ok := answer[1].(etf.Map).Get(kind)
			require.True(t, ok, "no %v was among the terms: %v", kind, answer[1])
		}
		quiet(t, b)
	})
}

// TestTermsFromGo: 10,000 random terms of every kind that an actor sends to an Erlang process come back as they were.
func TestTermsFromGo(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		b.Eval(t, "gonode_terms:mirror(mirror)")
		own := []gen.PID{server(t, g, "echo"), pidOf(t, g, b)}
		seed := uint64(time.Now().UnixNano())
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), t: t, release: release, node: g.Runtime(), peer: atom(b.Name()), pids: own}
		begin := time.Now()
		for n := range termBatches {
			sent := m.batch(n)
			got := receive(t, inActor(t, g, func(p *caller) {
				require.NoError(t, p.Send(gen.ProcessID{Name: "mirror", Node: m.peer}, etf.Tuple{p.PID(), sent}))
			})).(etf.Tuple)
			back, ok := got[1].(etf.List)
			require.True(t, ok && len(back) == len(sent), "seed %d: %.1000v", seed, got)
			for i := range sent {
				require.True(t, etf.Equal(sent[i], back[i]), "seed %d: sent %.2000v, got %.2000v", seed, etf.Format(sent[i]), etf.Format(back[i]))
			}
		}
		t.Logf("%v", time.Since(begin).Round(time.Millisecond))
		quiet(t, b)
	})
}

// TestLargeStrings: strings that are written from where they lie, among what is copied, arrive whole, also when the fragments
// have grown with what the link takes.
func TestLargeStrings(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		rnd := rand.NewChaCha8([32]byte{})
		for round := range 5 {
			var parts etf.List
			sum := md5.New()
			for _, n := range []int{10, 64<<10 - 1, 64 << 10, 1<<20 + 17, 3, 5 << 20, 200 << 10} {
				part := make([]byte, n)
				_, _ = rnd.Read(part) // never fails
				sum.Write(part)
				sum.Write(part)
				parts = append(parts, string(part), part)
			}
			var got []byte
			require.NoError(t, g.RPC(ctxFor(t, patience), b.Name(), "erlang", "md5", &got, parts))
			require.Equal(t, sum.Sum(nil), got, "round %d", round)
		}
		quiet(t, b)
	})
}
