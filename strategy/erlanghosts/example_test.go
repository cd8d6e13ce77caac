package erlanghosts_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"gonode/epmd"
	"gonode/strategy"
	"gonode/strategy/erlanghosts"
)

// known is an epmd that knows one node.
type known struct{}

func (known) Names(context.Context, string) ([]epmd.Node, error) {
	return []epmd.Node{{Name: "a", Port: 9100}}, nil
}

func ExampleStrategy() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, ".hosts.erlang")
	if err := os.WriteFile(file, []byte("'db1.example.org'.\n'db2.example.org'.\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	done := make(chan error)
	s := &erlanghosts.Strategy{File: file, Client: known{}} // without Client: the epmd of each host
	go func() { done <- s.Run(ctx, out) }()
	set := <-out
	for set.Partial != nil { // not all hosts have answered
		set = <-out
	}
	for _, n := range set.Nodes {
		fmt.Println(n.Name)
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// a@db1.example.org
	// a@db2.example.org
	// context canceled
}
