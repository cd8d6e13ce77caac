package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gonode/node"
)

// errInterrupted is why a command ended before it had done its work.
var errInterrupted = errors.New("interrupted")

// pingFlags is what ping can be told.
type pingFlags struct {
	probeFlags
	out      outputFlags
	count    int
	interval time.Duration
	timeout  time.Duration
}

// pingLine is one answer, or the lack of one.
type pingLine struct {
	V     int      `json:"v"`
	Node  string   `json:"node"`
	OK    bool     `json:"ok"`
	RTT   *float64 `json:"rtt_ms,omitempty"` // how long the question took, connecting not included
	Stage string   `json:"stage,omitempty"`  // how far connecting came: name, address, connect, handshake
	Error string   `json:"error,omitempty"`
	Exit  int      `json:"exit"` // the exit code that stands for it
}

func (a *app) pingCommand() *cobra.Command {
	f := &pingFlags{count: 1}
	cmd := &cobra.Command{
		Use:   "ping NODE",
		Short: "Ask a node whether it is there",
		Long: "Ping connects to a node as a hidden node, asks it what net_adm:ping/1 asks, and prints how long the\n" +
			"answer took. If there is none it says what failed, and what can be done about it. The exit code is that of\n" +
			"the first failure, 0 if there was none.",
		Example: "  gonode ping a@127.0.0.1\n  gonode ping -c 3 -o json a@db1.example.org",
		Args:    takes("NODE", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.ping(cmd.Context(), f, args[0]); err != nil {
				return fmt.Errorf("ping %s: %w", args[0], err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.probeFlags.add(fs)
	addValue(fs, &f.count, parseCount, "count", "c", "number", "1", "how often to ask")
	addPeriod(fs, &f.interval, "interval", time.Second, "how long to wait in between")
	addPeriod(fs, &f.timeout, "timeout", 8*time.Second, "how long one answer may take, connecting included")
	f.out.add(fs)
	return cmd
}

// ping asks target as often as f says. It returns the first failure, which it has told of.
func (a *app) ping(ctx context.Context, f *pingFlags, target string) error {
	if _, err := parseNodeName(target); err != nil {
		return err
	}
	n, err := f.start(ctx, a, target, func(cfg *node.Config) {
		cfg.SetupTime = min(node.DefaultSetupTime, f.timeout*7/8) // so that a step that hangs is what fails
	})
	if err != nil {
		return err
	}
	defer leave(n)
	var first error
	for i := range f.count {
		if i > 0 && !pause(ctx, f.interval) {
			break
		}
		rtt, err := askOnce(ctx, n, target, f.timeout)
		if ctx.Err() != nil {
			break
		}
		if err := a.printPing(target, rtt, err, f.out.json()); err != nil {
			return err
		}
		if err != nil && first == nil {
			first = &toldError{err}
		}
		if i == f.count-1 {
			return first
		}
	}
	if first == nil {
		first = errInterrupted
	}
	return first
}

// askOnce is one ping within timeout.
func askOnce(ctx context.Context, n *node.Node, target string, timeout time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	rtt, err := n.Ping(ctx, target)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		err = fmt.Errorf("no answer within %v: %w: the node is overloaded or stopped, or a firewall drops the packets", timeout, err)
	}
	return rtt, err
}

// printPing writes one answer, or what failed instead.
func (a *app) printPing(target string, rtt time.Duration, failed error, json bool) error {
	ms := float64(rtt.Microseconds()) / 1000
	line := pingLine{V: jsonVersion, Node: target, OK: failed == nil, Exit: exitCode(failed)}
	if failed == nil {
		line.RTT = &ms
	} else {
		a.notef("ping %s: %v", target, failed)
		line.Error = failed.Error()
		if e, ok := errors.AsType[*node.ConnectError](failed); ok {
			line.Stage = string(e.Stage)
		}
	}
	switch {
	case json:
		return writeJSON(a.stdout, line)
	case failed == nil:
		return writeText(a.stdout, "pong from %s: %.2f ms\n", target, ms)
	}
	return nil
}

// pause waits, and reports false if ctx is done first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
