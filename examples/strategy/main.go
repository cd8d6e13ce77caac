// Command strategy shows a strategy of one's own: any Go value with a Run method. This one asks a function.
package main

import (
	"context"
	"fmt"
	"time"

	"gonode/strategy"
)

// Poll wants the nodes that a function returns, which it asks every so often. A real one would ask a database.
type Poll struct {
	Every time.Duration
	List  func(ctx context.Context) ([]strategy.Node, error)
}

// Run implements strategy.Strategy.
func (p Poll) Run(ctx context.Context, out chan<- strategy.Set) error {
	ticker := time.NewTicker(p.Every)
	defer ticker.Stop()
	for {
		nodes, err := p.List(ctx)
		if err != nil {
			return err // we are started again later, and the last set stays in force
		}
		if err := strategy.Send(ctx, out, strategy.Set{Nodes: nodes}); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	known := []strategy.Name{"a@127.0.0.1", "b@127.0.0.1"}
	poll := Poll{Every: time.Second, List: func(context.Context) ([]strategy.Node, error) {
		return strategy.Nodes("a list in the program", known...), nil
	}}

	// A node does this for the strategies in its Config. Here the connector only says what it would do.
	engine := strategy.New(strategy.Config{
		Self:    "go@127.0.0.1",
		Sources: []strategy.Source{{Name: "poll", Strategy: poll}},
		Knobs:   strategy.Knobs{MaxDials: 1},
		Connector: strategy.ConnectFunc(func(_ context.Context, node strategy.Node) error {
			fmt.Println("connect to", node.Name)
			if node.Name == known[len(known)-1] {
				cancel()
			}
			return nil
		}),
	})
	engine.Run(ctx)
}
