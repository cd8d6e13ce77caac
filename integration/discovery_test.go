package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
	"gonode/node"
	"gonode/strategy"
)

// fed is a strategy that sends what a test gives it.
type fed chan strategy.Set

func (f fed) Run(ctx context.Context, out chan<- strategy.Set) error {
	for {
		select {
		case set := <-f:
			if err := strategy.Send(ctx, out, set); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// say names nodes by the part before the @.
func (f fed) say(names ...string) { f <- setOf(names...) }

func setOf(names ...string) strategy.Set {
	for i := range names {
		names[i] += "@127.0.0.1"
	}
	return strategy.Set{Nodes: strategy.Nodes("test", names...)}
}

// discovers makes a node get its peers from source, and ask them often whom they know.
func discovers(source strategy.Strategy, prune strategy.Prune) func(*node.Config) {
	return func(cfg *node.Config) {
		cfg.Topologies = []strategy.Source{{Name: "test", Strategy: source}}
		cfg.Prune = prune
		cfg.MeshInterval = 100 * time.Millisecond
	}
}

// sees reports whether an Erlang node is connected to g.
func sees(t *testing.T, b *beam.Node, g *node.Node) bool {
	t.Helper()
	return b.Eval(t, fmt.Sprintf("lists:member('%s', nodes(connected))", g.Name())) == "true"
}

// greeted waits until b has sent what a BEAM sends to a node that is new to it. Who disconnects it earlier finds that b
// connects by itself, to send the rest.
func greeted(t *testing.T, b *beam.Node, g *node.Node) {
	t.Helper()
	eventually(t, patience, "connected", func() bool { return sees(t, b, g) })
	eval(t, b, "ok", "lists:foreach(fun sys:get_state/1, [net_kernel, rex, global_name_server])")
}

// holds asserts that something is true and stays so for d.
func holds(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < d; time.Sleep(20 * time.Millisecond) {
		require.True(t, ok(), what)
	}
}

// TestPrune: a node that a topology brought and none names any more is disconnected as Config.Prune says, and stays
// disconnected although the others know it. Those that came in, and those that are wanted, stay; nobody is disturbed by it.
func TestPrune(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a, b, x := c.beam(release, "a"), c.beam(release, "b"), c.beam(release, "x")
		eval(t, a, "[pong,pong]", "[net_adm:ping(N) || N <- ['b@127.0.0.1', 'x@127.0.0.1']]")
		evalWithin(t, patience, b, "['a@127.0.0.1','x@127.0.0.1']", "lists:sort(nodes())")
		for name, prune := range map[string]strategy.Prune{
			"never": strategy.PruneNever, "log-only": strategy.PruneLogOnly, "now": strategy.PruneNow,
			"after": strategy.PruneAfter(1500 * time.Millisecond),
		} {
			t.Run(name, func(t *testing.T) {
				source := make(fed)
				g := c.goNode("go_"+strings.ReplaceAll(name, "-", "_"), discovers(source, prune), func(cfg *node.Config) {
					cfg.MeshInterval = -1 // so that x is not found by it before it comes
				})
				eval(t, x, "true", "net_kernel:connect_node('%s')", g.Name())
				source.say("a", "b")
				require.NoError(t, g.WaitMembers(ctxFor(t, patience), 3))
				source.say("a", "b", "x")
				pruneOne(t, g, source, prune, a)
				require.True(t, sees(t, b, g))
				require.True(t, sees(t, x, g))
				require.Contains(t, g.Explain("x@127.0.0.1").Because, "it connected to us")
				eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
				require.NoError(t, shutdown(g))
			})
		}
		eval(t, b, "['a@127.0.0.1','x@127.0.0.1']", "lists:sort(nodes())")
	})
}

// pruneOne has the topology drop a and x, and watches what becomes of a.
func pruneOne(t *testing.T, g *node.Node, source fed, prune strategy.Prune, a *beam.Node) {
	t.Helper()
	source <- strategy.Set{Partial: errors.New("the API is down")}
	holds(t, 200*time.Millisecond, "an error prunes nobody", func() bool { return len(g.Nodes()) == 3 })
	dropped := time.Now()
	// b alone is less than half of three, so it has to be said three times.
	source.say("b")
	source.say("b")
	holds(t, 200*time.Millisecond, "a suspect answer prunes nobody", func() bool { return len(g.Nodes()) == 3 })
	source.say("b")
	if prune <= strategy.PruneNever {
		holds(t, time.Second, "it stays", func() bool { return sees(t, a, g) })
		require.Contains(t, g.Explain(a.Name()).Because, "missing from discovery: prune is")
		return
	}
	eventually(t, time.Duration(prune)+2*time.Second, "a is disconnected", func() bool { return !sees(t, a, g) })
	require.GreaterOrEqual(t, time.Since(dropped), time.Duration(prune))
	holds(t, time.Second, "and stays so", func() bool { return !sees(t, a, g) && len(g.Nodes()) == 2 })
	require.EqualValues(t, 1, g.DiscoveryStats().Prunes)
}

// TestPrunedThoughOthersKnowIt: the mesh does not bring back whom discovery let go; the node itself may come back.
func TestPrunedThoughOthersKnowIt(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		source := make(fed)
		g := c.goNode("go", discovers(source, strategy.PruneNow))
		source.say("a", "b")
		require.NoError(t, g.WaitMembers(ctxFor(t, patience), 2))
		greeted(t, a, g)
		source.say("b")
		eventually(t, 2*time.Second, "a is disconnected", func() bool { return !sees(t, a, g) })
		eventually(t, patience, "b says that it knows a", func() bool {
			for _, s := range g.Wanted() {
				if s.Node == a.Name() {
					return s.State == strategy.StatePruned
				}
			}
			return false
		})
		holds(t, time.Second, "and stays so", func() bool { return !sees(t, a, g) && sees(t, b, g) })
		eval(t, a, "true", "net_kernel:connect_node('%s')", g.Name())
		holds(t, time.Second, "it came by itself", func() bool { return sees(t, a, g) && sees(t, b, g) })
	})
}

// TestStartWaits: with MinMembers and Wait the node has its members when Start returns, however late they come.
func TestStartWaits(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		c.beam(release, "a")
		started := make(chan *node.Node, 1)
		source := make(fed, 1)
		source.say("a", "b", "nobody")
		go func() { // ends when b is there
			g, err := c.tryGoNode("go", discovers(source, 0), func(cfg *node.Config) { cfg.MinMembers, cfg.Wait = 2, time.Minute })
			if err != nil {
				t.Error(err)
			}
			started <- g
		}()
		select {
		case <-started:
			t.Error("one of two members is there, and Start has returned")
		case <-time.After(time.Second):
		}
		b := c.beam(release, "b")
		g := <-started
		require.NotNil(t, g)
		t.Cleanup(func() { require.NoError(t, shutdown(g)) })
		require.Equal(t, "a@127.0.0.1 b@127.0.0.1", names(g.Nodes()))
		eventually(t, time.Second, "b knows it", func() bool { return sees(t, b, g) })
		require.NoError(t, g.Ready())
		eventually(t, time.Second, "nobody waits for the next dial", func() bool { // it may be the time for it just now
			return strings.Contains(g.Explain("nobody@127.0.0.1").Because, "dialled again in")
		})
	})
}

// TestLeaving: a node that says that it goes is not dialled when it is back under its name, for as long as is set, though
// a topology names it all the time.
func TestLeaving(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a := c.beam(release, "a")
		source := make(fed)
		g := c.goNode("go", discovers(source, 0), func(cfg *node.Config) { cfg.Engine.LeaveFor = 4 * time.Second })
		source.say("a")
		require.NoError(t, g.WaitMembers(ctxFor(t, patience), 1))
		g.Leaving(a.Name())
		a.Kill()
		killed := time.Now()
		eventually(t, patience, "a is gone", func() bool { return len(g.Nodes()) == 0 })
		again := c.beam(release, "a")
		holds(t, time.Until(killed.Add(3500*time.Millisecond)), "it is not dialled", func() bool { return !sees(t, again, g) })
		require.Contains(t, g.Explain(a.Name()).Because, "it is leaving")
		require.NoError(t, g.WaitMembers(ctxFor(t, patience), 1))
	})
}

// TestTopologies: of two topologies that prune at once each names another node, and neither disconnects what the other
// wants; one that fails is no reason either. The BEAM that both let go is disconnected.
func TestTopologies(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		one, two := make(fed), make(fed)
		g := c.goNode("go", discovers(one, strategy.PruneNow), func(cfg *node.Config) {
			cfg.Topologies = append(cfg.Topologies, strategy.Source{Name: "two", Strategy: two})
		})
		w := watchEvents(t, g)
		one.say("a", "b")
		two.say("b")
		require.NoError(t, g.WaitMembers(ctxFor(t, patience), 2))
		eventually(t, time.Second, "both know it", func() bool { return sees(t, a, g) && sees(t, b, g) })
		for range 5 {
			one.say("a")
			two <- strategy.Set{Partial: errors.New("403 forbidden")}
			two.say("b")
		}
		holds(t, 300*time.Millisecond, "both stay", func() bool { return sees(t, a, g) && sees(t, b, g) })
		one.say("a", "b")
		one.say("a")
		two.say()
		two.say()
		holds(t, 300*time.Millisecond, "nothing is not believed at once", func() bool { return sees(t, b, g) })
		two.say()
		eventually(t, 2*time.Second, "b is disconnected", func() bool { return !sees(t, b, g) })
		require.True(t, sees(t, a, g))
		require.Equal(t, 1, w.count(a.Name()))
		eventually(t, 2*time.Second, "and said to be", func() bool { _, reason := w.down(b.Name(), time.Time{}); return reason == "'disconnect'" })
	})
}

// TestAddressWithoutEPMD: a BEAM that is not in the epmd we ask is dialled where discovery says that it listens.
func TestAddressWithoutEPMD(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		theirs, ours := newCluster(t, release), newCluster(t, release)
		b := theirs.beam(release, "b")
		source := make(fed)
		g := ours.goNode("go", discovers(source, 0))
		w := watchEvents(t, g)
		require.Error(t, g.Connect(ctxFor(t, patience), b.Name()), "epmd does not know it")
		source <- strategy.Set{Nodes: []strategy.Node{{
			Name: b.Name(), Address: fmt.Sprintf("127.0.0.1:%d", b.DistPort(t)), Origin: "SRV record",
		}}}
		require.NoError(t, g.WaitMembers(ctxFor(t, patience), 1))
		eventually(t, time.Second, "b knows it", func() bool { return sees(t, b, g) })
		require.Contains(t, g.Explain(b.Name()).String(), "wanted by test (SRV record)")
		eval(t, b, "true", "erlang:disconnect_node('%s')", g.Name())
		eventually(t, 2*time.Second, "it is dialled again", func() bool { return w.count(b.Name()) == 2 })
	})
}
