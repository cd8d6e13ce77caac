package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/cmd/gonode/internal/remote"
	"gonode/etf"
	"gonode/node"
)

// callFlags is what call, cast and eval can be told.
type callFlags struct {
	remoteFlags
	terms termFlags
}

// callLine is what came of a call.
type callLine struct {
	Node      string          `json:"node"`
	Result    json.RawMessage `json:"result,omitempty"`
	Exception *exceptionLine  `json:"exception,omitempty"` // the function did not return
	Millis    float64         `json:"ms"`
	Exit      int             `json:"exit"`
}

// exceptionLine is an exception on the other node.
type exceptionLine struct {
	Class  string          `json:"class"` // error, exit or throw
	Reason json.RawMessage `json:"reason"`
	Stack  json.RawMessage `json:"stack"`
	Text   string          `json:"text"` // class and reason as Erlang text
}

func (a *app) callCommand() *cobra.Command {
	f := &callFlags{}
	cmd := &cobra.Command{
		Use:   "call NODE MODULE FUNCTION [ARGS]",
		Short: "Call a function on a node",
		Long: "Call runs a function on a node, as erpc:call/4 does, and prints what it returns. ARGS is a list of Erlang\n" +
			"terms, or of JSON with -i json; - reads it from standard input. With -o json the result stands in an object\n" +
			"with the node and the time it took. An exception is told with its class, reason and stack, and has the exit\n" +
			"code 7.",
		Example: "  gonode call a@127.0.0.1 erlang nodes\n  gonode call a@127.0.0.1 lists seq '[1, 10]' -o json | jq .result\n" +
			"  gonode call a@127.0.0.1 string uppercase -i json '[\"shout\"]'",
		Args: takes("NODE MODULE FUNCTION", 3, 4),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := f.args(a, args[3:])
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), a, "call", args[0], func(ctx context.Context, n *node.Node) (any, error) {
				var result any
				err := n.RPC(ctx, args[0], args[1], args[2], &result, list...)
				return result, err
			})
		},
	}
	f.add(cmd, 5*time.Second)
	return cmd
}

func (f *callFlags) add(cmd *cobra.Command, timeout time.Duration) {
	f.remoteFlags.add(cmd.Flags(), timeout)
	f.terms.add(cmd.Flags())
}

// args reads the list of arguments; none is the empty list.
func (f *callFlags) args(a *app, given []string) ([]any, error) {
	if len(given) == 0 {
		return nil, nil
	}
	term, err := f.terms.parse(a, "ARGS", given[0])
	if err != nil {
		return nil, err
	}
	list, ok := term.(etf.List)
	if !ok {
		return nil, usagef("ARGS: %w", errNoList)
	}
	return list, nil
}

// run asks target and prints the term that do returns, or its exception.
func (f *callFlags) run(ctx context.Context, a *app, verb, target string, do func(context.Context, *node.Node) (any, error)) error {
	line := callLine{Node: target}
	var result any
	err := f.with(ctx, a, target, func(ctx context.Context, n *node.Node) error {
		began := time.Now()
		var err error
		result, err = do(ctx, n)
		line.Millis = millis(time.Since(began))
		return err
	})
	p := f.out.printer(a)
	if e, ok := errors.AsType[*node.Exception](err); ok {
		return f.exception(p, verb, line, e, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	if done, err := writeTerm(p, result); done {
		return err
	}
	line.Result = f.terms.json(result)
	return output.View[callLine]{}.One(p, line)
}

// exception tells of an exception: on standard output where that has a form for it, and in the error, with the stack.
func (f *callFlags) exception(p output.Printer, verb string, line callLine, e *node.Exception, err error) error {
	line.Exit = exitCode(err)
	line.Exception = &exceptionLine{
		Class: string(e.Class), Reason: f.terms.json(e.Reason), Stack: f.terms.json(e.Stack),
		Text: string(e.Class) + ": " + etf.Format(e.Reason),
	}
	if !p.Text() && p.Format != output.Name && p.Format != output.Erl {
		if err := (output.View[callLine]{}).One(p, line); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w%s", verb, err, remote.StackText(e.Stack))
}

func (a *app) castCommand() *cobra.Command {
	f := &callFlags{}
	cmd := &cobra.Command{
		Use:   "cast NODE MODULE FUNCTION [ARGS]",
		Short: "Start a function on a node and do not wait for it",
		Long: "Cast starts a process on a node that runs a function, as erpc:cast/4 does, and prints its pid. What becomes\n" +
			"of it is not told: a function that does not exist makes a process too. ARGS is as for call.",
		Example: "  gonode cast a@127.0.0.1 logger notice '[\"from the shell\"]'",
		Args:    takes("NODE MODULE FUNCTION", 3, 4),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := f.args(a, args[3:])
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), a, "cast", args[0], func(ctx context.Context, n *node.Node) (any, error) {
				made, err := n.Spawn(ctx, args[0], args[1], args[2], list)
				return made.PID, err
			})
		},
	}
	f.add(cmd, 5*time.Second)
	return cmd
}

func (a *app) evalCommand() *cobra.Command {
	f := &callFlags{}
	cmd := &cobra.Command{
		Use:   "eval NODE EXPRESSION",
		Short: "Evaluate Erlang expressions on a node",
		Long: "Eval has a node parse and evaluate Erlang expressions, and prints the value of the last one. - reads them from\n" +
			"standard input. What they print to their group leader (io:format/2) comes to standard error. An exception has\n" +
			"the exit code 7.",
		Example: "  gonode eval a@127.0.0.1 '[{N, erpc:call(N, os, getpid, [])} || N <- nodes()]'\n" +
			"  gonode eval a@127.0.0.1 'X = 6, X * 7'",
		Args: takes("NODE EXPRESSION", 2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.text(a, args[1])
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), a, "eval", args[0], func(ctx context.Context, n *node.Node) (any, error) {
				return a.eval(ctx, remote.Target{From: n, Name: args[0]}, text)
			})
		},
	}
	f.remoteFlags.add(cmd.Flags(), 5*time.Second)
	f.terms.addForm(cmd.Flags(), "plain")
	return cmd
}

// text returns the expression; - is standard input.
func (f *callFlags) text(a *app, given string) (string, error) {
	if given != "-" {
		return given, nil
	}
	return a.readText()
}

// leaderVar is the variable that holds the group leader of an evaluation.
const leaderVar = "__GonodeLeader"

// eval evaluates text on the target, which prints to standard error meanwhile.
func (a *app) eval(ctx context.Context, t remote.Target, text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, usagef("the expression is empty")
	}
	console, err := t.OpenConsole(a.stderr)
	if err != nil {
		return nil, err
	}
	defer console.Close()
	return t.Eval(ctx, "erlang:group_leader("+leaderVar+", self()),\n"+text, remote.Binding{Name: leaderVar, Value: console.PID()})
}
