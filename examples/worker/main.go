// Command worker offers a Go function that an Erlang supervisor, the one in worker_sup.erl, starts as its worker, and starts
// again when it breaks:
//
//	GONODE_COOKIE=secret go run ./examples/worker
//	erlc examples/worker/worker_sup.erl && erl -name a@127.0.0.1 -setcookie secret
//
// Then, in erl:
//
//	1> worker_sup:start_link('worker@127.0.0.1', self(), 3).
//	{ok,<0.90.0>}
//	2> flush().
//	Shell got {round,1}
//	Shell got {round,2}
//	Shell got {round,3}
//	Shell got {round,1}
//	3> supervisor:terminate_child(worker_sup, worker).
//	ok
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// worker has what its function needs.
type worker struct {
	node  *node.Node
	out   io.Writer
	every time.Duration // how long a round takes
}

// run is worker:run(Report, Rounds): it works round after round, says so to the process Report, and breaks. Erlang's
// spawn_link makes a process of it with a pid and a link. Its context is done when that process is told to end: by the
// supervisor, by the end of another process it is linked to, or with the connection. A return ends the process with normal,
// a panic with what it says and the stack.
func (w *worker) run(ctx context.Context, report gen.PID, rounds int) error {
	boss, _ := node.Caller(ctx)
	fmt.Fprintf(w.out, "started by %s\n", etf.Format(boss))
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	for i := range rounds {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			fmt.Fprintln(w.out, "told to end")
			return ctx.Err()
		}
		if err := w.node.Send(ctx, report, etf.Tuple{gen.Atom("round"), i + 1}); err != nil {
			return err
		}
	}
	fmt.Fprintln(w.out, "worn out")
	panic("worn out")
}

func main() {
	every := flag.Duration("every", time.Second, "how long a round takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := node.Config{
		Name:   cmp.Or(os.Getenv("GONODE_NAME"), "worker@127.0.0.1"),
		Cookie: os.Getenv("GONODE_COOKIE"), // empty: that of ~/.erlang.cookie
		// Without permissions every node that knows the cookie may run everything that is exported.
		Permissions: []node.Permission{{Nodes: []string{"*@127.0.0.1"}, Functions: []string{"worker:run"}}},
	}
	if err := offer(ctx, os.Stdout, cfg, *every); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

// offer runs a node on which others start workers until ctx is done. out is written to by all workers.
func offer(ctx context.Context, out io.Writer, cfg node.Config, every time.Duration) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Shutdown(ctx) // ends the workers too
	}()
	w := &worker{node: n, out: out, every: every}
	if err := n.Export("worker", "run", w.run); err != nil {
		return err
	}
	fmt.Fprintf(out, "start workers on '%s'\n", n.Name())
	<-ctx.Done()
	return nil
}
