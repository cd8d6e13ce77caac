package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/events"
	"gonode/strategy"
)

// startEngine starts to look for the nodes that the topologies name.
func (n *Node) startEngine(context.Context) error {
	n.engine = strategy.New(strategy.Config{
		Self:    n.cfg.Name,
		Sources: n.withMesh(slices.Concat(n.cfg.Topologies, strategy.Sources(n.cfg.Strategies...))),
		Connector: strategy.ConnectFunc(func(ctx context.Context, node strategy.Node) error {
			return n.connect(ctx, node, false)
		}),
		Disconnector: strategy.DisconnectFunc(n.prune),
		Prune:        n.cfg.Prune,
		MinMembers:   n.cfg.MinMembers,
		Knobs:        n.cfg.Engine,
		Observer:     n.decided,
		Logger:       n.log,
	})
	var ctx context.Context
	ctx, n.stopEngine = context.WithCancel(n.ctx)
	n.wg.Add(1)
	go func() { // owned by the node: ends with stopEngine
		defer n.wg.Done()
		deep[engineDepth](func() {
			suitStacks()
			n.engine.Run(ctx)
		})
	}()
	return nil
}

// withMesh returns sources, and what other members know unless that is not asked.
func (n *Node) withMesh(sources []strategy.Source) []strategy.Source {
	if n.cfg.MeshInterval > 0 {
		sources = append(slices.Clone(sources), strategy.Source{Name: "mesh", Strategy: n.mesh, Hearsay: true})
	}
	return sources
}

// Reconfigure puts other topologies and rules into force: plan's take the place of Topologies, Strategies, Prune,
// MinMembers and Engine of the Config. It never waits, and ends no connection but those that plan.Prune ends. A topology
// that has the same name and strategy as before goes on undisturbed; see strategy.Engine.Reconfigure. The error is
// strategy.ErrEnded, when the node is shutting down. The rest of a Config stays what it is for as long as the node runs.
func (n *Node) Reconfigure(plan strategy.Plan) error {
	plan.Sources = n.withMesh(plan.Sources)
	return n.engine.Reconfigure(plan)
}

// Why a connection is not pruned.
var (
	errIncoming = errors.New("the node has connected to us")
	errClaimed  = errors.New("the application has connected to the node")
)

// prune ends a connection that discovery made. The engine has decided that it goes, but somebody may have come to want it
// since; only the link itself knows for sure.
func (n *Node) prune(ctx context.Context, name string) error {
	l := n.linkOf(gen.Atom(name))
	switch {
	case l == nil:
		return nil
	case l.inbound:
		return errIncoming
	case l.claimed.Load():
		return errClaimed
	}
	l.conn.Close(dist.ErrDisconnect)
	select {
	case <-l.gone:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// decided tells subscribers of a decision; of who is up and who is down they know.
func (n *Node) decided(d strategy.Decision) {
	switch d.Kind {
	case strategy.KindConnected, strategy.KindLost:
	case strategy.KindTroubled:
		n.hub.Publish(events.StrategyFailed{Source: d.Source, Nodes: d.Have, Err: d.Err, Time: d.Time})
	case strategy.KindRecovered:
		n.hub.Publish(events.StrategyRecovered{Source: d.Source, Time: d.Time})
	default:
		n.hub.Publish(events.Decision{
			Kind: string(d.Kind), Node: d.Node, Source: d.Source, Origin: d.Origin, Address: d.Address, Reason: d.Reason,
			Err: d.Err, Have: d.Have, Got: d.Got, Times: d.Times, After: d.After, Text: d.String(), Time: d.Time,
		})
	}
}

// form waits as Config.Wait says. Only ctx makes it fail: a node that is alone looks on.
func (n *Node) form(ctx context.Context) error {
	if n.cfg.Wait == 0 {
		return nil
	}
	waiting := ctx
	if n.cfg.Wait > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, n.cfg.Wait)
		defer cancel()
	}
	err := n.formed(waiting)
	if err == nil || ctx.Err() == nil && waiting.Err() != nil {
		return nil // if the time is over, the engine has said so
	}
	return fmt.Errorf("start %s: %w", n.cfg.Name, err)
}

func (n *Node) formed(ctx context.Context) error {
	if n.cfg.MinMembers > 0 {
		return n.engine.WaitMembers(ctx, n.cfg.MinMembers)
	}
	return n.engine.WaitFormed(ctx)
}

// WaitMembers waits until count nodes, this one not counted, are connected at the same time, visible or hidden. The error
// is a *strategy.WaitError, which wraps the cause of ctx and says who is missing, or wraps strategy.ErrEnded when the node
// is shut down.
func (n *Node) WaitMembers(ctx context.Context, count int) error {
	return n.engine.WaitMembers(ctx, count)
}

// WaitFormed waits until the first discovery is over: each topology has answered or failed, and each node it names is
// connected or was tried once. The error is as with WaitMembers.
func (n *Node) WaitFormed(ctx context.Context) error { return n.engine.WaitFormed(ctx) }

// Ready returns nil if the first discovery is over and Config.MinMembers are connected, otherwise what is missing. It does
// not wait.
func (n *Node) Ready() error { return n.engine.Ready() }

// Wanted returns what is known of every node that a topology or another member names: whether it is connected, and if not
// why, and when it will be tried again.
func (n *Node) Wanted() []strategy.Status { return n.engine.Status() }

// Topologies returns where discovery is with each of its sources, sorted by name. "mesh" is what other members say.
func (n *Node) Topologies() []strategy.SourceStatus { return n.engine.Sources() }

// Explain says why the node called name is connected or why it is not, with the last decisions on it.
func (n *Node) Explain(name string) strategy.Explanation { return n.engine.Explain(name) }

// DiscoveryStats returns the counters of discovery as they are now.
func (n *Node) DiscoveryStats() strategy.Stats { return n.engine.Stats() }

// Leaving says that the node called name is about to end, for who learns of that by a way of his own: it is not dialled for
// Config.Engine.LeaveFor after it went down, unless it connects to us or a topology names it anew.
func (n *Node) Leaving(name string) { n.engine.Leaving(name) }
