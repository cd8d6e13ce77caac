package exec_test

import (
	"context"
	"fmt"

	"gonode/strategy"
	"gonode/strategy/exec"
)

func ExampleStrategy() {
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	done := make(chan error)
	s := &exec.Strategy{Command: []string{"sh", "-c", "echo a@10.0.0.1; echo b@10.0.0.2"}}
	go func() { done <- s.Run(ctx, out) }()
	for _, n := range (<-out).Nodes {
		fmt.Println(n.Name)
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// a@10.0.0.1
	// b@10.0.0.2
	// context canceled
}
