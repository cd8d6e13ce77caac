package strategy_test

import (
	"context"
	"errors"
	"fmt"

	"gonode/strategy"
)

func ExampleParsePrune() {
	prune, err := strategy.ParsePrune("after 30s")
	fmt.Println(prune, err)
	_, err = strategy.ParsePrune("sometimes")
	fmt.Println(err)
	// Output:
	// after 30s <nil>
	// strategy: prune is "sometimes": want never, log-only, now, or after a time, as in "after 30s"
}

func ExampleEngine_Explain() {
	list := strategy.Func(func(ctx context.Context, out chan<- strategy.Set) error {
		return strategy.Send(ctx, out, strategy.Set{Nodes: strategy.Nodes("line 1 of nodes.txt", "a@127.0.0.1")})
	})
	engine := strategy.New(strategy.Config{
		Self:    "go@127.0.0.1",
		Sources: []strategy.Source{{Name: "file", Strategy: list}},
		Connector: strategy.ConnectFunc(func(context.Context, strategy.Node) error {
			return errors.New("connection refused")
		}),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- engine.Run(ctx) }() // ends with ctx
	engine.WaitFormed(ctx)
	why := engine.Explain("a@127.0.0.1")
	fmt.Println(why.Status.Wants[0], "-", why.Status.LastError)
	fmt.Println(engine.Explain("b@127.0.0.1").Because)
	cancel()
	<-ended
	// Output:
	// file (line 1 of nodes.txt) - connection refused
	// no source names it
}

func ExampleEngine() {
	ctx, cancel := context.WithCancel(context.Background())
	list := strategy.Func(func(ctx context.Context, out chan<- strategy.Set) error {
		return strategy.Send(ctx, out, strategy.Set{Nodes: strategy.Nodes("a list", "a@127.0.0.1")})
	})
	engine := strategy.New(strategy.Config{
		Self:    "go@127.0.0.1",
		Sources: []strategy.Source{{Name: "list", Strategy: list}},
		Connector: strategy.ConnectFunc(func(ctx context.Context, node strategy.Node) error {
			fmt.Println("connecting to", node.Name)
			cancel() // seen enough
			return nil
		}),
	})
	fmt.Println(engine.Run(ctx))
	// Output:
	// connecting to a@127.0.0.1
	// context canceled
}
