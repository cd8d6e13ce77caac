package node

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/events"
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

func (f fed) say(names ...string) { f <- strategy.Set{Nodes: strategy.Nodes("test", names...)} }

// discovers makes a node get its peers from source and believe all it says.
func discovers(source strategy.Strategy, prune strategy.Prune) func(*Config) {
	return func(c *Config) {
		c.Topologies = []strategy.Source{{Name: "test", Strategy: source}}
		c.Prune = prune
		c.Engine.SuspectBelow = -1
		c.MeshInterval = -1
	}
}

// decision returns the next decision of a kind on a node.
func decision(t *testing.T, sub *events.Subscription, kind strategy.Kind, name string) events.Decision {
	t.Helper()
	for {
		if d := next[events.Decision](t, sub); d.Kind == string(kind) && d.Node == name {
			return d
		}
	}
}

func TestPruneBetweenNodes(t *testing.T) {
	port, source := freePort(t), make(fed)
	for _, name := range []string{"b@127.0.0.1", "c@127.0.0.1", "d@127.0.0.1", "e@127.0.0.1"} {
		n := start(t, name, port, func(c *Config) { c.MeshInterval = -1 })
		if name == "b@127.0.0.1" {
			defer func() { // b hears of the end of the link a moment after a has ended it
				require.Eventually(t, func() bool { return len(n.Nodes()) == 0 }, patience, time.Millisecond)
			}()
		}
	}
	a := start(t, "a@127.0.0.1", port, discovers(source, strategy.PruneNow))
	sub := a.Events().Subscribe(t.Context(), events.Discovery())
	defer sub.Close()

	// c is connected by hand, d by a message; then all of them are found, and e once more by hand.
	require.NoError(t, a.Connect(within(t), "c@127.0.0.1"))
	require.NoError(t, a.Send(within(t), gen.ProcessID{Name: "nobody", Node: "d@127.0.0.1"}, 1))
	require.NoError(t, a.WaitMembers(within(t), 2))
	source.say("b@127.0.0.1", "c@127.0.0.1", "d@127.0.0.1", "e@127.0.0.1")
	require.NoError(t, a.WaitMembers(within(t), 4))
	require.NoError(t, a.Connect(within(t), "e@127.0.0.1"))
	via := map[string]strategy.Via{}
	for _, p := range a.Nodes() {
		via[p.Name] = p.Via
	}
	require.Equal(t, map[string]strategy.Via{
		"b@127.0.0.1": strategy.ViaDiscovery, "c@127.0.0.1": strategy.ViaApplication,
		"d@127.0.0.1": strategy.ViaApplication, "e@127.0.0.1": strategy.ViaApplication,
	}, via)

	source.say()
	require.Equal(t, "test", decision(t, sub, strategy.KindPruned, "b@127.0.0.1").Source)
	for _, name := range []string{"c@127.0.0.1", "d@127.0.0.1", "e@127.0.0.1"} {
		require.Contains(t, a.Explain(name).Because, "the application connected to it")
	}
	require.Len(t, a.Nodes(), 3)
	require.EqualValues(t, 1, a.DiscoveryStats().Prunes)
	require.Contains(t, a.Explain("b@127.0.0.1").String(), "pruned b@127.0.0.1 (test)")
}

// Other topologies and rules while the node runs: the mesh goes on, and a link ends only if the new rule says so.
func TestReconfigure(t *testing.T) {
	port, one, two := freePort(t), make(fed), make(fed)
	for _, name := range []string{"b@127.0.0.1", "c@127.0.0.1"} {
		start(t, name, port, func(c *Config) { c.MeshInterval = -1 })
	}
	a := start(t, "a@127.0.0.1", port, discovers(one, strategy.PruneNever), func(c *Config) { c.MeshInterval = time.Hour })
	one.say("b@127.0.0.1")
	require.NoError(t, a.WaitMembers(within(t), 1))

	plan := strategy.Plan{Sources: []strategy.Source{{Name: "other", Strategy: two}}}
	require.NoError(t, a.Reconfigure(plan))
	two.say("c@127.0.0.1")
	require.NoError(t, a.WaitMembers(within(t), 2))
	var names []string
	for _, s := range a.Topologies() {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"mesh", "other"}, names)
	require.Contains(t, a.Explain("b@127.0.0.1").Because, "prune is never")

	sub := a.Events().Subscribe(t.Context(), events.Discovery())
	defer sub.Close()
	plan.Prune, plan.MinMembers = strategy.PruneNow, 5
	require.NoError(t, a.Reconfigure(plan))
	require.ErrorContains(t, a.Ready(), "2 of 5 members")
	plan.MinMembers = 1
	require.NoError(t, a.Reconfigure(plan))
	decision(t, sub, strategy.KindPruned, "b@127.0.0.1")
	require.NoError(t, a.Ready())

	require.NoError(t, a.Shutdown(within(t)))
	require.ErrorIs(t, a.Reconfigure(plan), strategy.ErrEnded)
}

// TestPruneAsksTheLink: what came in, or was claimed after the engine had decided, is not cut.
func TestPruneAsksTheLink(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	require.NoError(t, a.Connect(within(t), "b@127.0.0.1"))
	require.NoError(t, b.WaitMembers(within(t), 1))
	require.ErrorIs(t, a.prune(within(t), "b@127.0.0.1"), errClaimed)
	require.ErrorIs(t, b.prune(within(t), "a@127.0.0.1"), errIncoming)
	require.NoError(t, a.prune(within(t), "x@127.0.0.1"))
	require.Equal(t, strategy.ViaPeer, b.Nodes()[0].Via)
	require.Len(t, a.Nodes(), 1)
}

// TestAddressOfDiscovery: a node that no epmd knows is dialled where discovery says, whoever wants it.
func TestAddressOfDiscovery(t *testing.T) {
	port := freePort(t)
	noEPMD := func(c *Config) { c.EPMD = epmd.None; c.MeshInterval = -1 }
	b := start(t, "b@127.0.0.1", port, noEPMD)
	_, listening, err := net.SplitHostPort(b.Addr().String())
	require.NoError(t, err)
	source := make(fed)
	a := start(t, "a@127.0.0.1", port, discovers(source, strategy.PruneNever))
	require.Error(t, a.Connect(within(t), "b@127.0.0.1"), "epmd does not know it")
	source <- strategy.Set{Nodes: []strategy.Node{{Name: "b@127.0.0.1", Address: "127.0.0.1:" + listening, Origin: "SRV"}}}
	require.NoError(t, a.WaitMembers(within(t), 1))
	require.Equal(t, "127.0.0.1:"+listening, a.Nodes()[0].Address)
	require.Equal(t, "SRV", a.Wanted()[0].Wants[0].Origin)

	require.True(t, a.Disconnect("b@127.0.0.1"))
	require.NoError(t, a.Connect(within(t), "b@127.0.0.1"))

	// An address where nobody listens: the error says where it is from.
	source <- strategy.Set{Nodes: []strategy.Node{{Name: "c@127.0.0.1", Address: "127.0.0.1:" + strconv.Itoa(freePort(t))}}}
	sub := a.Events().Subscribe(t.Context(), events.Discovery())
	defer sub.Close()
	require.ErrorContains(t, decision(t, sub, strategy.KindFailed, "c@127.0.0.1").Err, "discovery says that it listens there")
}

func TestStartWaitsForMembers(t *testing.T) {
	port := freePort(t)
	for _, name := range []string{"b@127.0.0.1", "c@127.0.0.1"} {
		start(t, name, port, func(c *Config) { c.MeshInterval = -1 })
	}
	source := make(fed, 1)
	source.say("b@127.0.0.1", "c@127.0.0.1", "dead@127.0.0.1")
	a := start(t, "a@127.0.0.1", port, discovers(source, 0), func(c *Config) { c.Wait, c.MinMembers = patience, 2 })
	require.Len(t, a.Nodes(), 2)

	// Without a number it is the first discovery that is waited for, dials that fail included.
	source = make(fed, 1)
	source.say("b@127.0.0.1", "c@127.0.0.1", "dead@127.0.0.1")
	d := start(t, "d@127.0.0.1", port, discovers(source, 0), func(c *Config) { c.Wait = patience })
	require.Len(t, d.Nodes(), 2)
	require.NoError(t, d.Ready())
	require.Equal(t, 1, d.Wanted()[2].Attempts)
	require.NoError(t, d.WaitFormed(within(t)))
}

// TestStartGivesUpWaiting: when Wait is over the node runs all the same; when the context is, it does not.
func TestStartGivesUpWaiting(t *testing.T) {
	port := freePort(t)
	wait := func(c *Config) { c.Wait, c.MinMembers = 10*time.Millisecond, 1 }
	a := start(t, "a@127.0.0.1", port, wait)
	require.ErrorContains(t, a.Ready(), "0 of 1 members")
	require.EqualValues(t, 1, a.DiscoveryStats().GaveUp)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Config{Name: "b@127.0.0.1", Cookie: "secret", EPMDPort: port, MinMembers: 1, Wait: -1})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	if failed, ok := errors.AsType[*strategy.WaitError](err); ok {
		require.Equal(t, 1, failed.Wanted)
	}
	require.NoError(t, shutdown(a))
	require.ErrorIs(t, a.WaitMembers(within(t), 1), strategy.ErrEnded)
}

// TestDiscoveryEvents: subscribers hear of a strategy that fails and recovers, and of dials that fail.
func TestDiscoveryEvents(t *testing.T) {
	source := make(fed)
	a := start(t, "a@127.0.0.1", freePort(t), discovers(source, 0))
	sub := a.Events().Subscribe(t.Context(), events.Discovery())
	defer sub.Close()
	broken := errors.New("the API is down")
	source.say("b@127.0.0.1")
	failed := decision(t, sub, strategy.KindFailed, "b@127.0.0.1")
	require.ErrorIs(t, failed.Err, epmd.ErrNotFound)
	require.Positive(t, failed.After)
	source <- strategy.Set{Partial: broken}
	down := next[events.StrategyFailed](t, sub)
	require.Equal(t, "test", down.Source)
	require.Equal(t, 1, down.Nodes)
	require.ErrorIs(t, down.Err, broken)
	require.ErrorIs(t, a.Topologies()[0].Err, broken)
	source.say("b@127.0.0.1")
	require.Equal(t, "test", next[events.StrategyRecovered](t, sub).Source)
}
