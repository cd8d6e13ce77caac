package integration

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
	"gonode/strategy"
	strategyepmd "gonode/strategy/epmd"
)

// stamped is something that an actor got, and when.
type stamped struct {
	at      time.Time
	message any
}

// listener is an actor that monitors a node and subscribes to the events, and hands on what it gets.
type listener struct {
	act.Actor
	monitor gen.Atom
	got     chan stamped
	ready   chan error
}

func (l *listener) Init(...any) error { return l.Send(l.PID(), "begin") }

func (l *listener) HandleMessage(_ gen.PID, message any) error {
	if message == "begin" {
		if l.monitor != "" {
			if err := l.MonitorNode(l.monitor); err != nil {
				l.ready <- err
				return nil
			}
		}
		reply, err := l.Call(gen.Atom("Elixir.Cluster.Events"), gen.Atom("subscribe"))
		if err == nil && reply != gen.Atom("ok") {
			err = fmt.Errorf("subscribe: %v", reply)
		}
		l.ready <- err
		return nil
	}
	l.got <- stamped{time.Now(), message}
	return nil
}

func listen(t *testing.T, g *node.Node, monitor string) <-chan stamped {
	t.Helper()
	l := &listener{monitor: atom(monitor), got: make(chan stamped, 100), ready: make(chan error, 1)}
	_, err := g.Runtime().Spawn(func() gen.ProcessBehavior { return l }, gen.ProcessOptions{})
	require.NoError(t, err)
	require.NoError(t, <-l.ready)
	return l.got
}

// await returns when a message that ok accepts came.
func await(t *testing.T, got <-chan stamped, what string, ok func(message any) bool) time.Time {
	t.Helper()
	for {
		select {
		case m := <-got:
			if ok(m.message) {
				return m.at
			}
		case <-time.After(patience):
			require.FailNow(t, "did not come: "+what)
		}
	}
}

// subscribe starts a process on b that subscribes at g and writes down what it gets, with the time in microseconds.
func subscribe(t *testing.T, b *beam.Node, g *node.Node) {
	t.Helper()
	eval(t, b, "ok", "begin Self = self(), spawn(fun() -> "+
		"register(recorder, self()), {'Elixir.Cluster.Events', '%s'} ! {subscribe, self()}, Self ! {ready, self()}, "+
		"(fun Loop(Got) -> receive {get, From} -> From ! {got, lists:reverse(Got)}, Loop(Got); "+
		"M -> Loop([{erlang:system_time(microsecond), M} | Got]) end end)([]) end), "+
		"receive {ready, _} -> ok after 5000 -> timeout end end", g.Name())
	// The subscription is in force when the server answers a call that was sent after it.
	eval(t, b, "true", "is_list(gen_server:call({'Elixir.Cluster.Events', '%s'}, members))", g.Name())
}

// recorded returns when the subscriber on b got message first after since, in its own time; zero if it did not yet.
func recorded(t *testing.T, b *beam.Node, message string, since time.Time) time.Time {
	t.Helper()
	text := b.Eval(t, fmt.Sprintf("begin recorder ! {get, self()}, receive {got, L} -> "+
		"case [T || {T, M} <- L, M =:= %s, T > %d] of [] -> 0; [T | _] -> T end after 5000 -> timeout end end", message, since.UnixMicro()))
	us, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err, text)
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us)
}

// TestKill: after kill -9 of a BEAM a Go subscriber, an Ergo actor (by monitor and by subscription) and an Erlang process
// on another BEAM have the nodedown within 100 ms; when it is back they have the nodeup within 2 s, and messages to the
// pids of its first life go nowhere.
func TestKill(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		g := c.goNode("go", func(cfg *node.Config) {
			cfg.Strategies = []strategy.Strategy{&strategyepmd.Strategy{Nodes: []string{"a@127.0.0.1", "b@127.0.0.1"}}}
		})
		eventually(t, 2*time.Second, "both up", func() bool { return names(g.Nodes()) == "a@127.0.0.1 b@127.0.0.1" })
		w, actor := watchEvents(t, g), listen(t, g, "a@127.0.0.1")
		subscribe(t, b, g)
		old := pidOf(t, g, a)

		killed := time.Now()
		a.Kill()
		var at time.Time
		eventually(t, time.Second, "nodedown in Go", func() bool { at, _ = w.down("a@127.0.0.1", killed); return !at.IsZero() })
		_, reason := w.down("a@127.0.0.1", killed)
		require.Equal(t, "'connection_closed'", reason)
		within(t, "Go subscriber", killed, at, 100*time.Millisecond)
		within(t, "actor's monitor", killed, await(t, actor, "MessageDownNode", func(m any) bool {
			return m == gen.MessageDownNode{Name: "a@127.0.0.1"}
		}), 100*time.Millisecond)
		within(t, "actor's subscription", killed, await(t, actor, "nodedown", func(m any) bool {
			return etf.Equal(m, etf.Tuple{gen.Atom("nodedown"), gen.Atom("a@127.0.0.1")})
		}), 100*time.Millisecond)
		eventually(t, time.Second, "nodedown in Erlang", func() bool {
			at = recorded(t, b, "{nodedown, 'a@127.0.0.1'}", killed)
			return !at.IsZero()
		})
		within(t, "Erlang subscriber", killed, at, 100*time.Millisecond)

		again := c.beam(release, "a")
		back := time.Now()
		eventually(t, patience, "nodeup in Go", func() bool { at, _ = w.up("a@127.0.0.1", killed); return !at.IsZero() })
		within(t, "nodeup", back, at, 2*time.Second)
		eventually(t, time.Second, "nodeup in Erlang", func() bool {
			return !recorded(t, b, "{nodeup, 'a@127.0.0.1'}", killed).IsZero()
		})
		fresh := pidOf(t, g, again)
		require.NotEqual(t, old.Creation, fresh.Creation)
		require.NoError(t, g.Runtime().Send(old, gen.Atom("lost")))
		require.NoError(t, g.Runtime().Send(fresh, gen.Atom("found")))
		evalWithin(t, time.Second, again, "[found]", "begin echo ! {got, self()}, receive {echo, L} -> L after 1000 -> timeout end end")
		quiet(t, again)
	})
}

func within(t *testing.T, who string, from, to time.Time, bound time.Duration) {
	t.Helper()
	d := to.Sub(from)
	t.Logf("%s: %v", who, d.Round(10*time.Microsecond))
	require.Less(t, d, bound, who)
}

// pidOf starts a process called echo on b, which keeps what it gets, and returns its pid as Go sees it.
func pidOf(t *testing.T, g *node.Node, b *beam.Node) gen.PID {
	t.Helper()
	got := make(chan stamped, 10)
	sink := &sink{got: got}
	name := gen.Atom("pids_" + strconv.FormatInt(time.Now().UnixNano(), 36))
	_, err := g.Runtime().SpawnRegister(name, func() gen.ProcessBehavior { return sink }, gen.ProcessOptions{})
	require.NoError(t, err)
	eval(t, b, "ok", "begin P = spawn(fun() -> register(echo, self()), "+
		"(fun Loop(Got) -> receive {got, From} -> From ! {echo, lists:reverse(Got)}, Loop(Got); M -> Loop([M | Got]) end end)([]) end), "+
		"{'%s', '%s'} ! P, ok end", string(name), g.Name())
	return (<-got).message.(gen.PID)
}

// sink is an actor that hands on what it gets.
type sink struct {
	act.Actor
	got chan stamped
}

func (s *sink) HandleMessage(_ gen.PID, message any) error {
	s.got <- stamped{time.Now(), message}
	return nil
}

// TestStop: a BEAM that is stopped (kill -STOP) is down with net_tick_timeout after 3 to 5 s at a tick time of 4 s, and
// nobody else is affected.
func TestStop(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		ticks := func(o *beam.Options) { o.Args = append(o.Args, "-kernel", "net_ticktime", "4") }
		a, b := c.beam(release, "a", ticks), c.beam(release, "b", ticks)
		g := c.goNode("go", func(cfg *node.Config) { cfg.TickTime = 4 * time.Second })
		for _, name := range []string{"a@127.0.0.1", "b@127.0.0.1"} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), name))
		}
		w := watchEvents(t, g)
		stopped := time.Now()
		require.NoError(t, a.Stop())
		defer a.Cont()
		var at time.Time
		var reason string
		for {
			eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
			if at, reason = w.down("a@127.0.0.1", stopped); !at.IsZero() || time.Since(stopped) > 7*time.Second {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		require.Equal(t, "'net_tick_timeout'", reason)
		within(t, "nodedown", stopped, at, 5*time.Second)
		require.Greater(t, at.Sub(stopped), 3*time.Second)
		require.Contains(t, names(g.Nodes()), "b@127.0.0.1")
		require.Equal(t, 1, w.count("b@127.0.0.1"))
	})
}

// TestIdle: a link on which nothing is said stays up for many tick times, on both sides.
func TestIdle(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel()
		c := newCluster(t, release)
		b := c.beam(release, "b", func(o *beam.Options) { o.Args = append(o.Args, "-kernel", "net_ticktime", "2") })
		visible := c.goNode("visible", func(cfg *node.Config) { cfg.TickTime = 2 * time.Second })
		hidden := c.goNode("hidden", func(cfg *node.Config) { cfg.TickTime = 2 * time.Second; cfg.Hidden = true })
		for _, g := range []*node.Node{visible, hidden} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		}
		time.Sleep(8 * time.Second)
		for _, g := range []*node.Node{visible, hidden} {
			peers := g.Nodes()
			require.Equal(t, "b@127.0.0.1", names(peers))
			require.Greater(t, time.Since(peers[0].Since), 8*time.Second)
		}
		quiet(t, b)
	})
}
