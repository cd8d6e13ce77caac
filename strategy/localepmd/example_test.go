package localepmd_test

import (
	"context"
	"fmt"

	"gonode/epmd"
	"gonode/strategy"
	"gonode/strategy/localepmd"
)

// known is an epmd that knows two nodes.
type known struct{}

func (known) Names(context.Context, string) ([]epmd.Node, error) {
	return []epmd.Node{{Name: "go", Port: 9100}, {Name: "a", Port: 9101}}, nil
}

func ExampleStrategy() {
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	done := make(chan error)
	s := &localepmd.Strategy{Self: "go@db1.example.org", Client: known{}} // without Client: the real one
	go func() { done <- s.Run(ctx, out) }()
	for _, n := range (<-out).Nodes {
		fmt.Println(n.Name)
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// a@db1.example.org
	// go@db1.example.org
	// context canceled
}
