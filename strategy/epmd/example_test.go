package epmd_test

import (
	"context"
	"fmt"

	"gonode/strategy"
	"gonode/strategy/epmd"
)

func ExampleStrategy() {
	s := &epmd.Strategy{Nodes: []string{"a@127.0.0.1", "b@127.0.0.1"}}
	out := make(chan strategy.Set, 1)
	fmt.Println(s.Run(context.Background(), out))
	for _, n := range (<-out).Nodes {
		fmt.Println(n.Name)
	}
	// Output:
	// <nil>
	// a@127.0.0.1
	// b@127.0.0.1
}
