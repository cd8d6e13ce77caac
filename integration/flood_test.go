package integration

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/integration/beam"
	"gonode/node"
)

// TestSignalFlood: a BEAM that floods a Go node with monitors, links, calls and exits has so many of them there and no more:
// what is one too many is refused at once and counted, the node does not grow, and everything else goes on.
func TestSignalFlood(t *testing.T) {
	const (
		most  = 10_000
		flood = 100_000
		limit = 1000
	)
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		g := c.goNode("go", quietly, func(cfg *node.Config) { cfg.MaxRelations = most })
		for _, n := range []*beam.Node{a, b} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), n.Name()))
		}
		server(t, g, "echo")
		open := make(chan struct{})
		letGo := sync.OnceFunc(func() { close(open) })
		t.Cleanup(letGo)
		spawnEach(t, g, "slow", gen.ProcessOptions{MailboxSize: limit}, &each{
			init:    func(e *each) { e.SetTrapExit(true) },
			message: func(*each, any) error { <-open; return nil },
		})
		spawnEach(t, g, "quiet", gen.ProcessOptions{}, &each{}) // takes calls and does not answer
		whois(t, g)
		mem := newMemory()

		// Monitors: what is too many is down at once, for a reason that tells.
		worker(t, a)
		eval(t, a, "{system_limit,true}", "%s", asWorker("begin Rs = [monitor(process, {slow, 'go@127.0.0.1'}) || _ <- lists:seq(1, "+itoa(flood)+")], put(rs, Rs), "+
			"(fun Loop(N, W) when N =:= "+itoa(flood-most)+" -> {W, true}; Loop(N, _) -> receive {'DOWN', _, process, {slow, _}, W} -> Loop(N + 1, W) after 4000 -> {timeout, N} end end)(0, none) end"))
		require.EqualValues(t, flood-most, g.Stats().Refused)
		lively(t, g, b)
		mem.check(t)
		eval(t, a, "ok", "%s", asWorker("begin [demonitor(R) || R <- get(rs)], ok end"))

		// Links.
		eval(t, a, "{'EXIT',system_limit}", "%s", asWorker("begin S = gen_server:call({whois, 'go@127.0.0.1'}, slow), Me = self(), "+
			"put(ps, [spawn(fun() -> process_flag(trap_exit, true), link(S), receive {'EXIT', S, W} -> Me ! {'EXIT', W}; stop -> ok end end) || _ <- lists:seq(1, 2 * "+itoa(most)+")]), "+
			"(fun Loop("+itoa(most)+", E) -> E; Loop(N, _) -> receive {'EXIT', _} = E -> Loop(N + 1, E) after 4000 -> {timeout, N} end end)(0, none) end"))
		require.EqualValues(t, flood, g.Stats().Refused)
		lively(t, g, b)
		eval(t, a, "ok", "%s", asWorker("begin [P ! stop || P <- get(ps)], ok end"))

		// Calls to one that does not answer, without a monitor and so for ever.
		eval(t, a, "ok", "begin [{quiet, 'go@127.0.0.1'} ! {'$gen_call', {self(), make_ref()}, x} || _ <- lists:seq(1, %d)], ok end", 2*most)
		eval(t, a, "system_limit", "try gen_server:call({echo, 'go@127.0.0.1'}, x) catch exit:{W, _} -> W end")
		lively(t, g, b)
		require.GreaterOrEqual(t, g.Stats().Refused, uint64(flood+most))

		// Exits go where messages go.
		eval(t, a, "ok", "begin S = rpc:call('go@127.0.0.1', erlang, whereis, [slow]), [exit(S, {bad, N}) || N <- lists:seq(1, %d)], ok end", flood)
		eventually(t, patience, "they are dropped", func() bool { return g.Stats().MailboxFull >= flood-limit-1 })
		lively(t, g, b)
		mem.check(t)
		t.Logf("at most %d KiB", mem.most>>10)
		quiet(t, a)
	})
}

// TestOverload: what is sent to a BEAM that is stopped by those who can't wait, because a lock or a receive loop would wait
// with them, is kept up to a limit; then the connection is given up, which is counted, and its memory is free.
func TestOverload(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		g := c.goNode("go", quietly)
		for _, n := range []*beam.Node{a, b} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), n.Name()))
		}
		server(t, g, "echo")
		w := watchEvents(t, g)
		target := decodePIDs(t, g, a, "[whereis(init)]")[0]
		mem := newMemory()
		require.NoError(t, a.Stop())
		begin := time.Now()
		ended := make(chan error, 1)
		posting := spawnEach(t, g, "", gen.ProcessOptions{}, &each{message: func(e *each, _ any) error {
			for {
				if err := errors.Join(e.MonitorPID(target), e.DemonitorPID(target)); err != nil {
					ended <- err
					return gen.TerminateReasonNormal
				}
			}
		}})
		require.NoError(t, g.Runtime().Send(posting, "begin"))
		var gone time.Time
		for gone.IsZero() {
			require.Less(t, time.Since(begin), 30*time.Second, "it was not given up")
			lively(t, g, b)
			if now := inUse(); now > mem.base {
				mem.most = max(mem.most, now-mem.base)
			}
			gone, _ = w.down(a.Name(), begin)
			time.Sleep(20 * time.Millisecond)
		}
		require.ErrorIs(t, w.downs()[0], dist.ErrOverload)
		require.EqualValues(t, 1, g.Stats().Overloaded)
		require.Less(t, mem.most, uint64(4*dist.DefaultPostLimit))
		require.NoError(t, a.Cont())
		g.Runtime().Kill(posting)
		t.Logf("given up after %v, with at most %d MiB", gone.Sub(begin).Round(10*time.Millisecond), mem.most>>20)
		mem.most = 0
		eventually(t, patience, "the memory is free", func() bool {
			runtime.GC()
			return inUse() < mem.base+flowMemory
		})
		lively(t, g, b)
	})
}
