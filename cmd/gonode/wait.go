package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/daemon"
	"gonode/cmd/gonode/internal/remote"
	"gonode/node"
)

// waitFlags is what wait can be told.
type waitFlags struct {
	probeFlags
	daemonFlags
	members  int
	nodes    []string
	timeout  time.Duration
	interval time.Duration
}

func (a *app) waitCommand() *cobra.Command {
	f := &waitFlags{}
	cmd := &cobra.Command{
		Use:   "wait [NODE]",
		Short: "Wait until a node and its cluster are there",
		Long: "Wait asks a node again and again until it answers and, if so told, has enough members or certain ones: the\n" +
			"node itself and its nodes(). A node that is not there is waited for; one that refuses ends the command. When\n" +
			"the time is up the exit code is 6, and what is missing is said.\n\n" +
			"With --http and no NODE it asks a running gonode run, and waits until that is ready as well.",
		Example: "  gonode wait --http 9140 --members 3\n  gonode wait --members 3 --timeout 60s a@127.0.0.1\n  gonode wait --nodes b@127.0.0.1,c@127.0.0.1 a@127.0.0.1",
		Args:    orTakes("NODE", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask, err := f.wanted("NODE", args)
			switch {
			case err != nil:
				return err
			case ask:
				if err := a.waitForDaemon(cmd.Context(), f); err != nil {
					return fmt.Errorf("wait for %s: %w", f.address, err)
				}
				return nil
			}
			if err := a.wait(cmd.Context(), f, args[0]); err != nil {
				return fmt.Errorf("wait for %s: %w", args[0], err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.probeFlags.add(fs)
	f.daemonFlags.add(fs)
	addValue(fs, &f.members, parseCount, "members", "m", "number", "", "how many members there must be at least, NODE included")
	fs.StringSliceVar(&f.nodes, "nodes", nil, "the nodes that must be among them")
	addPeriod(fs, &f.timeout, "timeout", time.Minute, "how long to wait")
	addPeriod(fs, &f.interval, "interval", 250*time.Millisecond, "how often to ask")
	return cmd
}

// askTime is how long a single question of wait may take.
const askTime = 5 * time.Second

// wait returns nil when all is there.
func (a *app) wait(ctx context.Context, f *waitFlags, target string) error {
	for _, name := range append([]string{target}, f.nodes...) {
		if _, err := parseNodeName(name); err != nil {
			return err
		}
	}
	n, err := f.start(ctx, a, target, func(cfg *node.Config) { cfg.SetupTime = setup(min(askTime, f.timeout)) })
	if err != nil {
		return err
	}
	defer leave(n)
	defer a.busy("waiting for %s", target)()
	return f.again(ctx, func(ctx context.Context) error { return f.ask(ctx, remote.Target{From: n, Name: target}) })
}

// waitForDaemon returns nil when a daemon is ready and all is there.
func (a *app) waitForDaemon(ctx context.Context, f *waitFlags) error {
	for _, name := range f.nodes {
		if _, err := parseNodeName(name); err != nil {
			return err
		}
	}
	c := daemon.New(f.address)
	defer c.Close()
	defer a.busy("waiting for %s", f.address)()
	return f.again(ctx, func(ctx context.Context) error {
		found, err := c.Members(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, m := range found.Members {
			if m.Status == "up" && m.Kind != "hidden" {
				names = append(names, m.Node)
			}
		}
		if err := f.missing(names); err != nil || found.Ready {
			return err
		}
		return errors.New("it is not ready: " + found.Missing)
	})
}

// again asks until there is no error, until the time is up, or until it makes no sense.
func (f *waitFlags) again(ctx context.Context, ask func(context.Context) error) error {
	timed, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	var missing error
	for {
		asking, over := context.WithTimeout(timed, askTime)
		err := ask(asking)
		over()
		if err == nil {
			return nil
		}
		if isFinal(err) {
			return err
		}
		if timed.Err() == nil || missing == nil {
			missing = err
		}
		if timed.Err() != nil || !pause(timed, f.interval) {
			break
		}
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return &conditionError{fmt.Sprintf("not there after %v: %v", f.timeout, missing)}
}

// ask returns what is missing.
func (f *waitFlags) ask(ctx context.Context, t remote.Target) error {
	names, err := t.Visible(ctx)
	if err != nil {
		return err
	}
	return f.missing(append(names, t.Name))
}

// missing returns what is not among names, the nodes that are there.
func (f *waitFlags) missing(names []string) error {
	var missing []string
	if len(names) < f.members {
		missing = append(missing, fmt.Sprintf("it has %d of %d members", len(names), f.members))
	}
	for _, name := range f.nodes {
		if !slices.Contains(names, name) {
			missing = append(missing, "it is not connected to "+name)
		}
	}
	if missing != nil {
		return errors.New(strings.Join(missing, ", "))
	}
	return nil
}
