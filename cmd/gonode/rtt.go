package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/node"
)

// rttFlags is what rtt can be told.
type rttFlags struct {
	remoteFlags
	count    int
	interval time.Duration
}

// rttLine is how long the answers of a node took, in milliseconds.
type rttLine struct {
	Node  string  `json:"node"`
	Count int     `json:"count"`
	Min   float64 `json:"min_ms"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

func (a *app) rttCommand() *cobra.Command {
	f := &rttFlags{count: 100}
	cmd := &cobra.Command{
		Use:   "rtt NODE",
		Short: "Measure the round trip to a node",
		Long: "Rtt asks a node the question of ping many times over one connection, and prints the least, the median,\n" +
			"the 99th percentile and the most of how long the answers took.",
		Example: "  gonode rtt a@127.0.0.1\n  gonode rtt -c 1000 --interval 1ms -o json a@db1.example.org",
		Args:    takes("NODE", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.rtt(cmd.Context(), f, args[0]); err != nil {
				return fmt.Errorf("rtt %s: %w", args[0], err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.remoteFlags.add(fs, 8*time.Second)
	fs.Lookup("timeout").Usage = "how long one answer may take"
	addValue(fs, &f.count, parseCount, "count", "c", "number", "100", "how often to ask")
	addPeriod(fs, &f.interval, "interval", 10*time.Millisecond, "how long to wait in between")
	return cmd
}

// rtt measures and prints. The first answer that fails ends it.
func (a *app) rtt(ctx context.Context, f *rttFlags, target string) error {
	var took []time.Duration
	defer a.busy("asking %s %d times", target, f.count)()
	err := f.session(ctx, a, target, func(n *node.Node) error {
		for i := range f.count {
			if i > 0 && !pause(ctx, f.interval) {
				return errInterrupted
			}
			timed, cancel := context.WithTimeout(ctx, f.timeout)
			d, err := n.Ping(timed, target)
			err = f.explain(ctx, timed, err)
			cancel()
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return rttView().One(f.out.printer(a), summary(target, took))
}

// summary sorts took, which is not empty.
func summary(target string, took []time.Duration) rttLine {
	slices.Sort(took)
	at := func(percent int) float64 { return millis(took[(len(took)*percent+99)/100-1]) } // the nearest rank
	return rttLine{
		Node: target, Count: len(took),
		Min: millis(took[0]), P50: at(50), P99: at(99), Max: millis(took[len(took)-1]),
	}
}

func rttView() output.View[rttLine] {
	return output.View[rttLine]{
		Line: func(_ output.Printer, l rttLine) string {
			return fmt.Sprintf("rtt to %s: %d answers, min %.2f, p50 %.2f, p99 %.2f, max %.2f ms", l.Node, l.Count, l.Min, l.P50, l.P99, l.Max)
		},
		Name: func(l rttLine) string { return l.Node },
	}
}
