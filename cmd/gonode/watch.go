package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/dist"
	"gonode/events"
	"gonode/node"
	"gonode/strategy"
	epmdstrategy "gonode/strategy/epmd"
)

// watchMesh is how often a watcher asks for nodes that it has not heard of.
const watchMesh = time.Second

// watchFlags is what watch can be told.
type watchFlags struct {
	probeFlags
	daemonFlags
	since  string
	out    outputFlags
	length time.Duration
	until  *condition
}

func (a *app) watchCommand() *cobra.Command {
	f := &watchFlags{}
	cmd := &cobra.Command{
		Use:   "watch [NODE...]",
		Short: "Print who joins and who leaves a cluster",
		Long: "Watch connects to the given nodes and to all that they know, as a hidden node, and prints a line when a\n" +
			"node comes or goes, until it is interrupted. A node that is not there yet is waited for; one that refuses ends\n" +
			"the command. With --until it ends when the condition is met, and with exit code 6 if it is not within --for.\n\n" +
			"With --http and no NODE it joins nothing: it reads the events of a running gonode run, and connects again when\n" +
			"that was away, going on where it was. In JSON each event has an id; --since goes on after it. What the node does\n" +
			"not remember any more is said to be lost (reset), and the members come anew.",
		Example: "  gonode watch a@127.0.0.1\n  gonode watch --http 9140 --since 42 -o ndjson\n  gonode watch --for 1m -o json a@db1.example.org b@db2.example.org\n" +
			"  gonode watch --until 'members>=3' --for 30s a@127.0.0.1",
		Args: orTakes("NODE", 1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask, err := f.wanted("NODE", args)
			switch {
			case err != nil:
			case ask:
				err = a.watchDaemon(cmd.Context(), f)
			case f.since != "":
				err = usagef("--since goes with --http: a node that we join does not tell what was")
			default:
				err = a.watch(cmd.Context(), f, args)
			}
			if err != nil {
				return fmt.Errorf("watch: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.probeFlags.add(fs)
	f.daemonFlags.add(fs)
	addValue(fs, &f.since, parseSince, "since", "", "id", "", "with --http: go on after the event of this id or number; 0 is all that the node remembers")
	addPeriod(fs, &f.length, "for", 0, "how long to watch (default until interrupted)")
	addValue(fs, &f.until, parseCondition, "until", "", "condition", "",
		"when to end: members>=3 (or <=, >, <, =, !=), the nodes that are up; 'up NODE' or 'down NODE'")
	f.out.add(fs)
	return cmd
}

// watch prints events until ctx is done or a target refuses.
func (a *app) watch(ctx context.Context, f *watchFlags, targets []string) error {
	for _, target := range targets {
		if err := dist.CompareNames(targets[0], target); err != nil {
			return err
		}
	}
	if f.length > 0 {
		timed, cancel := context.WithTimeout(ctx, f.length)
		defer cancel()
		ctx = timed
	}
	n, err := f.start(ctx, a, targets[0], func(cfg *node.Config) {
		cfg.MeshInterval = watchMesh
		cfg.Strategies = []strategy.Strategy{&epmdstrategy.Strategy{Nodes: targets, Logger: cfg.Logger}}
	})
	if err != nil {
		return unlessDone(ctx, err)
	}
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	var first sync.WaitGroup // the first attempts; all end with ctx
	for _, target := range slices.Compact(slices.Sorted(slices.Values(targets))) {
		first.Go(func() { a.firstAttempt(ctx, n, target, refuse) })
	}
	var met atomic.Bool
	var enough func(events.Event) bool
	if f.until != nil {
		counter := newCounter(f.until)
		enough = func(ev events.Event) bool {
			met.Store(counter.met(ev))
			return met.Load()
		}
	}
	err = a.printEvents(ctx, n, f.out.printer(a), enough)
	why := context.Cause(ctx)
	refuse(nil)
	first.Wait()
	if err == nil && f.until != nil && !met.Load() {
		if !errors.Is(why, context.DeadlineExceeded) {
			return errInterrupted
		}
		return &conditionError{fmt.Sprintf("%s was not met within %v", f.until.text, f.length)}
	}
	return err
}

// refusal is what a context ends with when a node refuses us.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// firstAttempt connects to target, which the strategy does anyway, to tell the user how that went: a node that is not
// there may come yet, but one that refuses us will go on doing so.
func (a *app) firstAttempt(ctx context.Context, n *node.Node, target string, refuse context.CancelCauseFunc) {
	err := n.Connect(ctx, target)
	switch {
	case err == nil || ctx.Err() != nil:
	case isFinal(err):
		refuse(refusal{err})
	default:
		a.notef("waiting for %s: %v", target, err)
	}
}

// lastLineTime is how long a reader that hangs is waited for in the end.
const lastLineTime = time.Second

// printEvents prints what happens to n until ctx is done or the output fails, and shuts n down.
func (a *app) printEvents(ctx context.Context, n *node.Node, p output.Printer, enough func(events.Event) bool) error {
	sub := n.Events().Subscribe(ctx)
	printed := make(chan error, 1)
	printing, stop := context.WithCancel(ctx)
	go func() { // ends with the subscription, and that with ctx; or with the process, if the reader hangs
		defer stop()
		printed <- newEventPrinter(p).printAll(sub, enough)
	}()
	<-printing.Done()
	late := leave(n)
	var err error
	select {
	case err = <-printed:
	case <-time.After(lastLineTime):
	}
	refused, isRefused := errors.AsType[refusal](context.Cause(ctx))
	switch {
	case err != nil:
		return err
	case isRefused:
		return refused.error
	case late != nil:
		return fmt.Errorf("leave the cluster: %w: its processes or connections did not end within %v", late, shutdownTime)
	}
	return nil
}
