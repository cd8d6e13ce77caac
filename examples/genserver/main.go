// Command genserver runs a Go actor, a counter, that Erlang calls as a gen_server:
//
//	GONODE_COOKIE=secret go run ./examples/genserver
//
// Then, in erl -name a@127.0.0.1 -setcookie secret:
//
//	1> gen_server:call({counter, 'genserver@127.0.0.1'}, {add, 5}).
//	5
//	2> gen_server:cast({counter, 'genserver@127.0.0.1'}, reset).
//	ok
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// counter is the actor. Ergo runs its methods one at a time, so they need no lock.
type counter struct {
	act.Actor
	count int64
}

func newCounter() gen.ProcessBehavior { return &counter{} }

// add is the request {add, N}.
type add struct {
	_ struct{} `etf:"tuple=add"`
	N int64
}

// HandleCall answers gen_server:call/2.
func (c *counter) HandleCall(_ gen.PID, _ gen.Ref, request any) (any, error) {
	var sum add
	switch {
	case request == gen.Atom("get"):
	case etf.Unmarshal(request, &sum) == nil:
		c.count += sum.N
	default:
		return etf.Tuple{gen.Atom("error"), gen.Atom("unknown_request")}, nil
	}
	return c.count, nil
}

// HandleMessage takes gen_server:cast/2, and plain messages too. An error ends the actor, with the error as the reason that
// those who are linked to it or monitor it see.
func (c *counter) HandleMessage(_ gen.PID, message any) error {
	switch message {
	case gen.Atom("reset"):
		c.count = 0
	case gen.Atom("stop"):
		return &node.ExitReason{Term: etf.Tuple{gen.Atom("stopped_at"), c.count}}
	}
	return nil
}

// HandleInspect is what sys:get_state/1 and sys:get_status/1 show.
func (c *counter) HandleInspect(gen.PID, ...string) map[string]string {
	return map[string]string{"count": strconv.FormatInt(c.count, 10)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := node.Config{
		Name:   cmp.Or(os.Getenv("GONODE_NAME"), "genserver@127.0.0.1"),
		Cookie: os.Getenv("GONODE_COOKIE"), // empty: that of ~/.erlang.cookie
	}
	if err := serve(ctx, os.Stdout, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "genserver:", err)
		os.Exit(1)
	}
}

// serve runs a node with the counter on it until ctx is done.
func serve(ctx context.Context, out io.Writer, cfg node.Config) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Shutdown(ctx)
	}()
	if _, err := n.Runtime().SpawnRegister("counter", newCounter, gen.ProcessOptions{}); err != nil {
		return err
	}
	fmt.Fprintf(out, "call {counter, '%s'}\n", n.Name())
	<-ctx.Done()
	return nil
}
