package file_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"gonode/strategy"
	"gonode/strategy/file"
)

func ExampleStrategy() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "nodes")
	if err := os.WriteFile(path, []byte("a@10.0.0.1  10.0.0.1:9100  # no epmd there\nb@10.0.0.2  10.0.0.2:9100\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	done := make(chan error)
	go func() { done <- (&file.Strategy{Path: path}).Run(ctx, out) }()
	for _, n := range (<-out).Nodes {
		fmt.Println(n.Name, n.Address)
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// a@10.0.0.1 10.0.0.1:9100
	// b@10.0.0.2 10.0.0.2:9100
	// context canceled
}
