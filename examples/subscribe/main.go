// Command subscribe keeps a node connected to the nodes it is given, and to all that they know, and prints who comes and
// who goes until it is interrupted:
//
//	GONODE_COOKIE=secret go run ./examples/subscribe a@127.0.0.1
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"gonode/etf"
	"gonode/events"
	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/epmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := node.Config{
		Name:       cmp.Or(os.Getenv("GONODE_NAME"), "subscribe@127.0.0.1"),
		Cookie:     os.Getenv("GONODE_COOKIE"), // empty: that of ~/.erlang.cookie
		Strategies: []strategy.Strategy{&epmd.Strategy{Nodes: os.Args[1:]}},
	}
	if err := subscribe(ctx, os.Stdout, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "subscribe:", err)
		os.Exit(1)
	}
}

// subscribe starts a node, prints its events until ctx is done, and leaves.
func subscribe(ctx context.Context, out io.Writer, cfg node.Config) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	for ev := range n.Events().Subscribe(ctx).All() {
		switch ev := ev.(type) {
		case events.NodeUp:
			fmt.Fprintln(out, "up  ", ev.Node)
		case events.NodeDown:
			fmt.Fprintln(out, "down", ev.Node, etf.Format(ev.Reason))
		case events.Synced:
			fmt.Fprintln(out, "who was there has been told")
		case events.Skipped:
			fmt.Fprintln(out, "too slow for", ev.Count, "events")
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return n.Shutdown(ctx)
}
