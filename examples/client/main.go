// Command client calls an Erlang gen_server, the one in stock.erl:
//
//	erlc examples/client/stock.erl && erl -name a@127.0.0.1 -setcookie secret -eval 'stock:start().'
//	GONODE_COOKIE=secret go run ./examples/client a@127.0.0.1 nut bolt screw
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// find is the request {find, Name}.
type find struct {
	_    struct{} `etf:"tuple=find"`
	Name string
}

// answer is {ok, Item} or {error, Reason}.
type answer struct {
	_     struct{} `etf:"tuple"`
	Tag   gen.Atom
	Value any
}

// item is #{name => Binary, count => Integer, tags => [Atom]}.
type item struct {
	Name  string
	Count int
	Tags  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: client NODE ITEM...")
		os.Exit(2)
	}
	cfg := node.Config{
		Name:   cmp.Or(os.Getenv("GONODE_NAME"), "client@127.0.0.1"),
		Cookie: os.Getenv("GONODE_COOKIE"), // empty: that of ~/.erlang.cookie
	}
	if err := client(ctx, os.Stdout, cfg, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// client starts a node, asks the stock on the node called server for items, prints what it says, and leaves.
func client(ctx context.Context, out io.Writer, cfg node.Config, server string, names []string) error {
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Shutdown(ctx)
	}()
	stock := gen.ProcessID{Name: "stock", Node: gen.Atom(server)}
	for _, name := range names {
		found, err := ask(ctx, n, stock, name)
		if err != nil {
			fmt.Fprintf(out, "%s: %s\n", name, explain(err))
			continue
		}
		fmt.Fprintf(out, "%s: %d, %s\n", found.Name, found.Count, strings.Join(found.Tags, " and "))
	}
	return nil
}

// errNotFound is the stock's {error, not_found}.
var errNotFound = errors.New("there is no such item")

// ask asks for one item.
func ask(ctx context.Context, n *node.Node, stock gen.ProcessID, name string) (item, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var a answer
	if err := n.Call(ctx, stock, find{Name: name}, &a); err != nil {
		return item{}, err
	}
	switch {
	case a.Tag == "ok":
		var found item
		err := etf.Unmarshal(a.Value, &found)
		return found, err
	case a.Value == gen.Atom("not_found"):
		return item{}, errNotFound
	}
	return item{}, fmt.Errorf("the stock says %s", etf.Format(a.Value))
}

// explain tells apart the ways in which a call fails.
func explain(err error) string {
	unreachable, isUnreachable := errors.AsType[*node.ConnectError](err)
	ended, hasEnded := errors.AsType[*node.ExitReason](err)
	switch {
	case errors.Is(err, gen.ErrProcessUnknown):
		return "nobody there is called stock"
	case errors.Is(err, gen.ErrNoConnection):
		return "the node went down meanwhile"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case isUnreachable:
		return "not connected: " + unreachable.Error()
	case hasEnded:
		return "the stock ended, because of " + etf.FormatLimit(ended.Term, 100)
	}
	return err.Error()
}
