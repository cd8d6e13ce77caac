package strategy_test

import (
	"context"
	"fmt"

	"gonode/strategy"
)

func ExampleEngine() {
	ctx, cancel := context.WithCancel(context.Background())
	list := strategy.Func(func(ctx context.Context, out chan<- strategy.Set) error {
		return strategy.Send(ctx, out, strategy.Set{Nodes: strategy.Nodes("a list", "a@127.0.0.1")})
	})
	engine := strategy.New(strategy.Config{
		Self:    "go@127.0.0.1",
		Sources: []strategy.Source{{Name: "list", Strategy: list}},
		Connector: strategy.ConnectFunc(func(ctx context.Context, name strategy.Name) error {
			fmt.Println("connecting to", name)
			cancel() // seen enough
			return nil
		}),
	})
	fmt.Println(engine.Run(ctx))
	// Output:
	// connecting to a@127.0.0.1
	// context canceled
}
