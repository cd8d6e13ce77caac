package node

import (
	"context"

	"gonode/strategy"
)

// startEngine starts to look for the nodes that the strategies name.
func (n *Node) startEngine(context.Context) error {
	sources := strategy.Sources(n.cfg.Strategies...)
	if n.cfg.MeshInterval > 0 {
		sources = append(sources, strategy.Source{Name: "mesh", Strategy: n.mesh})
	}
	n.engine = strategy.New(strategy.Config{
		Self:      n.cfg.Name,
		Sources:   sources,
		Connector: strategy.ConnectFunc(n.Connect),
		Logger:    n.log,
	})
	var ctx context.Context
	ctx, n.stopEngine = context.WithCancel(n.ctx)
	n.wg.Add(1)
	go func() { // owned by the node: ends with stopEngine
		defer n.wg.Done()
		n.engine.Run(ctx)
	}()
	return nil
}

// Wanted returns what is known of every node that a strategy names: whether it is connected, and if not why, and when it
// will be tried again.
func (n *Node) Wanted() []strategy.Status { return n.engine.Status() }
