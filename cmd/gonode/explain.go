package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gonode/admin"
	"gonode/cmd/gonode/internal/daemon"
	"gonode/cmd/gonode/internal/output"
)

// explainFlags is what explain can be told.
type explainFlags struct {
	daemonFlags
	out     outputFlags
	timeout time.Duration
}

func (a *app) explainCommand() *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain NODE",
		Short: "Say why a node is connected or is not",
		Long: "Explain asks a running gonode run why NODE is connected to it or is not: which sources of discovery name it,\n" +
			"how these are, and what was decided on it and when. For what is wrong on the way to a node see doctor.",
		Example: "  gonode explain --http 9140 a@127.0.0.1\n  GONODE_HTTP=unix:/run/gonode.sock gonode explain a@db1.example.org -o json",
		Args:    takes("NODE", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.address.IsZero() {
				return usagef("no --http given")
			}
			if err := a.explain(cmd.Context(), f, args[0]); err != nil {
				return fmt.Errorf("explain %s: %w", args[0], err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.daemonFlags.add(fs)
	addPeriod(fs, &f.timeout, "timeout", 10*time.Second, "how long the answer may take")
	f.out.add(fs)
	return cmd
}

// explain prints why name is connected to the daemon or is not.
func (a *app) explain(ctx context.Context, f *explainFlags, name string) error {
	if _, err := parseNodeName(name); err != nil {
		return err
	}
	p := f.out.printer(a)
	if p.Text() {
		text, err := answer(ctx, a, f.address, f.timeout, func(c *daemon.Client, ctx context.Context) (string, error) {
			return c.ExplainText(ctx, name)
		})
		if err != nil {
			return err
		}
		return output.Text(p, text)
	}
	e, err := answer(ctx, a, f.address, f.timeout, func(c *daemon.Client, ctx context.Context) (admin.Explanation, error) {
		return c.Explain(ctx, name)
	})
	if err != nil {
		return err
	}
	view := output.View[explanationLine]{Name: func(l explanationLine) string { return l.Node }}
	return view.One(p, explanationLine{e.Node, e.Because, e.Known, e.State, e.Wants, e.Sources, e.History})
}

// explanationLine is admin.Explanation without its version, which the output has itself.
type explanationLine struct {
	Node    string           `json:"node"`
	Because string           `json:"because"`
	Known   bool             `json:"known"`
	State   string           `json:"state,omitempty"`
	Wants   []admin.Want     `json:"wants"`
	Sources []admin.Source   `json:"sources"`
	History []admin.Decision `json:"history"`
}
