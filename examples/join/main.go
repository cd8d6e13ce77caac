// Command join joins the cluster of the nodes it is given and says how far away they are:
//
//	GONODE_COOKIE=secret go run ./examples/join a@127.0.0.1
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"gonode/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := node.Config{
		Name:   cmp.Or(os.Getenv("GONODE_NAME"), "join@127.0.0.1"),
		Cookie: os.Getenv("GONODE_COOKIE"), // empty: that of ~/.erlang.cookie
	}
	if err := join(ctx, os.Stdout, cfg, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "join:", err)
		os.Exit(1)
	}
}

// join starts a node, connects it to peers, says how far away they are, and leaves.
func join(ctx context.Context, out io.Writer, cfg node.Config, peers []string) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Shutdown(ctx)
	}()
	for _, peer := range peers {
		rtt, err := n.Ping(ctx, peer)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s is %v away\n", peer, rtt)
	}
	for _, peer := range n.Nodes() {
		fmt.Fprintf(out, "connected to %s at %s\n", peer.Name, peer.Address)
	}
	return nil
}
