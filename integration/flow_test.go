package integration

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
)

// flowMemory is how much a node that is flooded, or whose peer takes nothing, may grow, in bytes.
const flowMemory = 64 << 20

// memory samples how much memory the Go heap takes beyond what it took at the start.
type memory struct {
	base, most uint64
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func newMemory() *memory {
	runtime.GC()
	return &memory{base: inUse()}
}

// check collects garbage, so that what is left is in use.
func (m *memory) check(t *testing.T) {
	t.Helper()
	runtime.GC()
	if now := inUse(); now > m.base {
		m.most = max(m.most, now-m.base)
	}
	require.Less(t, m.most, uint64(flowMemory), "bytes more than at the start")
}

// blob is a message of 64 KiB.
func blob(i, j int) etf.Tuple { return etf.Tuple{i, j, make([]byte, 64<<10)} }

// flooders are actors that send blobs without end, until a send fails.
type flooders struct {
	sent   []atomic.Int64
	ended  chan error
	halted atomic.Bool
}

// flood starts n actors that send to a registered process until a send fails or halt is called.
func flood(t *testing.T, g *node.Node, to gen.ProcessID, n int) *flooders {
	t.Helper()
	f := &flooders{sent: make([]atomic.Int64, n), ended: make(chan error, n)}
	for i := range n {
		pid := spawnEach(t, g, "", gen.ProcessOptions{}, &each{message: func(e *each, _ any) error {
			for j := 0; !f.halted.Load(); j++ {
				if err := e.Send(to, blob(i, j)); err != nil {
					f.ended <- err
					return gen.TerminateReasonNormal
				}
				f.sent[i].Add(1)
			}
			f.ended <- nil
			return gen.TerminateReasonNormal
		}})
		require.NoError(t, g.Runtime().Send(pid, "begin"))
	}
	return f
}

func (f *flooders) total() int64 {
	var n int64
	for i := range f.sent {
		n += f.sent[i].Load()
	}
	return n
}

// stuck waits until all wait.
func (f *flooders) stuck(t *testing.T) {
	t.Helper()
	last := int64(-1)
	eventually(t, patience, "the senders wait", func() bool {
		time.Sleep(100 * time.Millisecond)
		now := f.total()
		was := last
		last = now
		return now > 0 && now == was
	})
}

// counting starts a process on b, registered as name, that checks {I, J, _} as they come and answers counted.
func counting(t *testing.T, b *beam.Node, name string) {
	t.Helper()
	eval(t, b, "true", "register(%s, spawn(fun() -> (fun Loop(N, M) -> receive {count, From} -> From ! {counted, N}, Loop(N, M); "+
		"{I, J, _} -> case maps:get(I, M, 0) of J -> Loop(N + 1, M#{I => J + 1}); K -> exit({order, I, J, K}) end end end)(0, #{}) end))", name)
}

// count is an expression for how many a counting process has.
func count(name string) string {
	return "begin " + name + " ! {count, self()}, receive {counted, N} -> N after 5000 -> timeout end end"
}

// lively asserts that the rest of a node goes on, while one of its peers takes nothing: b calls an actor and is called,
// at once, and one that sends to b gets through.
func lively(t *testing.T, g *node.Node, b *beam.Node) {
	t.Helper()
	begin := time.Now()
	eval(t, b, "{echo,x}", "gen_server:call({echo, 'go@127.0.0.1'}, x)")
	eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
	_, err := g.Ping(ctxFor(t, time.Second), b.Name())
	require.NoError(t, err)
	require.Less(t, time.Since(begin), time.Second)
}

// withinContext asserts that Go code that sends to a peer which takes nothing waits, and no longer than its context says.
func withinContext(t *testing.T, g *node.Node, to gen.ProcessID) {
	t.Helper()
	for what, send := range map[string]func(ctx context.Context) error{
		"send": func(ctx context.Context) error { return g.Send(ctx, to, blob(0, 0)) },
		"cast": func(ctx context.Context) error { return g.Cast(ctx, to, blob(0, 0)) },
		"call": func(ctx context.Context) error { return g.Call(ctx, to, gen.Atom("x"), nil) },
		"rpc":  func(ctx context.Context) error { return g.RPC(ctx, string(to.Node), "erlang", "node", nil) },
	} {
		begin := time.Now()
		if err := send(ctxFor(t, 50*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, at its deadline: %v", what, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if err := send(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", what, err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s: %v", what, took)
		}
	}
}

// TestStoppedPeer: senders to a BEAM that is stopped wait; the node does not grow, and everything else goes on. When the
// BEAM goes on, so do they, and nothing is lost; when it does not they are told that it is gone.
func TestStoppedPeer(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		ticks := func(o *beam.Options) { o.Args = append(o.Args, "-kernel", "net_ticktime", "4") }
		a, b := c.beam(release, "a", ticks), c.beam(release, "b", ticks)
		g := c.goNode("go", quietly, func(cfg *node.Config) { cfg.TickTime = 4 * time.Second })
		for _, name := range []string{"a@127.0.0.1", "b@127.0.0.1"} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), name))
		}
		server(t, g, "echo")
		counting(t, a, "sink")
		counting(t, b, "sink")
		mem := newMemory()
		stopAndGoOn(t, g, a, b, mem)
		stopForGood(t, g, a, b, mem)
		require.NoError(t, a.Cont())
	})
}

func sinkOn(n *beam.Node) gen.ProcessID { return gen.ProcessID{Name: "sink", Node: atom(n.Name())} }

func stopAndGoOn(t *testing.T, g *node.Node, a, b *beam.Node, mem *memory) {
	t.Helper()
	require.NoError(t, a.Stop())
	f := flood(t, g, sinkOn(a), 16)
	f.stuck(t)
	mem.check(t)
	lively(t, g, b)
	require.NoError(t, a.Cont())
	at := f.total()
	eventually(t, patience, "the senders go on", func() bool { return f.total() > at+100 })
	f.halted.Store(true)
	for range f.sent {
		require.NoError(t, <-f.ended)
	}
	evalWithin(t, patience, a, fmt.Sprint(f.total()), "%s", count("sink"))
	require.Equal(t, "a@127.0.0.1 b@127.0.0.1", names(g.Nodes()), "nobody was lost")
}

func stopForGood(t *testing.T, g *node.Node, a, b *beam.Node, mem *memory) {
	t.Helper()
	w := watchEvents(t, g)
	stopped := time.Now()
	require.NoError(t, a.Stop())
	f := flood(t, g, sinkOn(a), 16)
	f.stuck(t)
	withinContext(t, g, sinkOn(a))
	other := flood(t, g, sinkOn(b), 1)
	var gone time.Time
	for gone.IsZero() {
		require.Less(t, time.Since(stopped), patience, "no nodedown")
		lively(t, g, b)
		mem.check(t)
		gone, _ = w.down("a@127.0.0.1", stopped)
		time.Sleep(50 * time.Millisecond)
	}
	for range f.sent {
		select {
		case err := <-f.ended:
			require.ErrorIs(t, err, gen.ErrNoConnection)
		case <-time.After(time.Second):
			require.FailNow(t, "a sender still waits")
		}
	}
	other.halted.Store(true)
	require.NoError(t, <-other.ended)
	require.Greater(t, other.total(), int64(100), "who sends to another is not held up")
	evalWithin(t, patience, b, fmt.Sprint(other.total()), "%s", count("sink"))
	t.Logf("at most %d KiB; down after %v; the other sent %d MiB", mem.most>>10, gone.Sub(stopped).Round(10*time.Millisecond), other.total()>>4)
}

// TestSlowActor: a flood of messages to an actor that is slow, with a limit to its mailbox, is counted and dropped beyond
// it; the node does not grow, and everything else goes on.
func TestSlowActor(t *testing.T) {
	const (
		senders = 8
		times   = 25_000
		limit   = 1000
	)
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		server(t, g, "echo")
		var handled atomic.Int64
		open := make(chan struct{})
		letGo := sync.OnceFunc(func() { close(open) })
		t.Cleanup(letGo)
		spawnEach(t, g, "slow", gen.ProcessOptions{MailboxSize: limit}, &each{message: func(*each, any) error {
			<-open
			handled.Add(1)
			return nil
		}})
		mem := newMemory()
		eval(t, b, "ok", "begin spawn(fun() -> register(flooder, self()), [spawn_link(fun() -> "+
			"[{slow, 'go@127.0.0.1'} ! {I, J, <<0:8000>>} || J <- lists:seq(1, %d)] end) || I <- lists:seq(1, %d)], receive stop -> ok end end), ok end", times, senders)
		const all = senders * times
		begin := time.Now()
		for g.Stats().MailboxFull < all-limit-1 {
			require.Less(t, time.Since(begin), 30*time.Second, "%d were dropped", g.Stats().MailboxFull)
			lively(t, g, b)
			mem.check(t)
		}
		letGo()
		eventually(t, patience, "all are handled or counted", func() bool { return handled.Load()+int64(g.Stats().MailboxFull) == all })
		require.LessOrEqual(t, handled.Load(), int64(limit+1))
		require.GreaterOrEqual(t, handled.Load(), int64(limit))
		require.Zero(t, g.Stats().Undelivered)
		t.Logf("at most %d KiB; %d handled, %d dropped; %v", mem.most>>10, handled.Load(), g.Stats().MailboxFull, time.Since(begin).Round(time.Millisecond))
		// It is as good as new.
		eval(t, b, "ok", "begin {slow, 'go@127.0.0.1'} ! again, ok end")
		eventually(t, time.Second, "one more is handled", func() bool { return handled.Load()+int64(g.Stats().MailboxFull) == all+1 })
		quiet(t, b)
	})
}
