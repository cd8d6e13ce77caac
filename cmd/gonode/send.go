package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ergo.services/ergo/gen"
	"github.com/spf13/cobra"

	"gonode/node"
)

// sendFlags is what send can be told.
type sendFlags struct {
	callFlags
	as        string
	unchecked bool
}

func (a *app) sendCommand() *cobra.Command {
	f := &sendFlags{}
	cmd := &cobra.Command{
		Use:   "send NAME@NODE TERM",
		Short: "Send a message to a process by its name",
		Long: "Send sends a term to the process that is registered as NAME on NODE, which may also be given as two\n" +
			"arguments. With --as cast it is one of gen_server:cast/2, with --as call one of gen_server:call/2, whose\n" +
			"answer is printed. A name that nobody has is exit code 3; --unchecked does not ask first. TERM is Erlang, or\n" +
			"JSON with -i json; - is standard input.",
		Example: "  gonode send worker@a@127.0.0.1 '{job, 1}'\n  gonode send --as call counter a@127.0.0.1 get",
		Args:    takes("NAME@NODE TERM", 2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := address(args[:len(args)-1])
			if err != nil {
				return err
			}
			term, err := f.terms.parse(a, "TERM", args[len(args)-1])
			if err != nil {
				return err
			}
			return a.send(cmd.Context(), f, to, term)
		},
	}
	f.add(cmd, 5*time.Second)
	addChoice(cmd.Flags(), &f.as, "as", "", "message", "what to send it as", "message", "cast", "call")
	cmd.Flags().BoolVar(&f.unchecked, "unchecked", false, "do not ask first whether there is such a process")
	return cmd
}

// address reads NAME@NODE, or NAME and NODE.
func address(words []string) (gen.ProcessID, error) {
	name, target, ok := strings.Cut(words[0], "@")
	if len(words) == 2 {
		name, target, ok = words[0], words[1], true
	}
	if !ok || name == "" {
		return gen.ProcessID{}, usagef("%q is no NAME@NODE, such as worker@a@127.0.0.1", strings.Join(words, " "))
	}
	if _, err := parseNodeName(target); err != nil {
		return gen.ProcessID{}, fmt.Errorf("NAME@NODE: %w", err)
	}
	return gen.ProcessID{Name: gen.Atom(name), Node: gen.Atom(target)}, nil
}

// send sends term to a process.
func (a *app) send(ctx context.Context, f *sendFlags, to gen.ProcessID, term any) error {
	target := string(to.Node)
	if f.as == "call" {
		return f.run(ctx, a, "send", target, func(ctx context.Context, n *node.Node) (any, error) {
			var reply any
			err := n.Call(ctx, to, term, &reply)
			return reply, notThere(err)
		})
	}
	err := f.with(ctx, a, target, func(ctx context.Context, n *node.Node) error {
		if !f.unchecked {
			if _, err := n.Whereis(ctx, target, string(to.Name)); err != nil {
				return notThere(err)
			}
		}
		if f.as == "cast" {
			return n.Cast(ctx, to, term)
		}
		return n.Send(ctx, to, term)
	})
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// notThere makes of a process that is not there an error with a code of its own, and advice.
func notThere(err error) error {
	if errors.Is(err, gen.ErrProcessUnknown) {
		return &unreachableError{fmt.Errorf("%w: no process has that name; gonode whereis lists those there are", err)}
	}
	return err
}
