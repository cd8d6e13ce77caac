// Command mailbox echoes what Erlang processes send it, and says when one of them has ended:
//
//	GONODE_COOKIE=secret go run ./examples/mailbox
//
// Then, in erl -name a@127.0.0.1 -setcookie secret:
//
//	1> {echo, 'mailbox@127.0.0.1'} ! hello.
//	2> flush().
//	Shell got {<9000.1007.0>,hello}
//	3> gen_server:call({echo, 'mailbox@127.0.0.1'}, hello).
//	hello
//	4> halt().
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	n, err := node.Start(ctx, node.Config{
		Name:   cmp.Or(os.Getenv("GONODE_NAME"), "mailbox@127.0.0.1"),
		Cookie: os.Getenv("GONODE_COOKIE"), // empty: that of ~/.erlang.cookie
	})
	if err == nil {
		if err = echo(ctx, os.Stdout, n); errors.Is(err, context.Canceled) {
			err = nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Shutdown(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mailbox:", err)
		os.Exit(1)
	}
}

// echo answers what comes to the mailbox called echo, until ctx is done.
func echo(ctx context.Context, out io.Writer, n *node.Node) error {
	box, err := n.Mailbox("echo")
	if err != nil {
		return err
	}
	defer box.Close()
	fmt.Fprintf(out, "send to {echo, '%s'}\n", n.Name())
	known := make(map[gen.PID]bool)
	for {
		msg, err := box.Receive(ctx)
		if err != nil {
			return err
		}
		switch body := msg.Body.(type) {
		case *node.Request: // gen_server:call
			body.Reply(body.Body)
		case node.Down:
			delete(known, msg.From)
			fmt.Fprintf(out, "%s is gone: %v\n", etf.Format(body.Process), body.Reason)
		default:
			fmt.Fprintf(out, "%s says %s\n", etf.Format(msg.From), etf.Format(body))
			if err := box.Send(ctx, msg.From, etf.Tuple{box.PID(), body}); err != nil {
				return err
			}
			if !known[msg.From] {
				known[msg.From] = true
				if _, err := box.Monitor(ctx, msg.From); err != nil {
					return err
				}
			}
		}
	}
}
