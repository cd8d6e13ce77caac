package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/node"
)

// pingFlags is what ping can be told.
type pingFlags struct {
	remoteFlags
	count    int
	interval time.Duration
}

// pingLine is one answer, or the lack of one.
type pingLine struct {
	Node  string   `json:"node"`
	OK    bool     `json:"ok"`
	RTT   *float64 `json:"rtt_ms,omitempty"` // how long the question took, connecting not included
	Step  string   `json:"step,omitempty"`   // which step failed
	Error string   `json:"error,omitempty"`
	Exit  int      `json:"exit"`            // the exit code that stands for it
	Steps []step   `json:"steps,omitempty"` // to the node, unless it was connected already
}

func (a *app) pingCommand() *cobra.Command {
	f := &pingFlags{count: 1}
	cmd := &cobra.Command{
		Use:   "ping NODE",
		Short: "Ask a node whether it is there",
		Long: "Ping connects to a node as a hidden node, asks it what net_adm:ping/1 asks, and prints how long the\n" +
			"answer took. If there is none it says which step failed (name, dns, epmd, tcp, handshake, flags, cookie, ping)\n" +
			"and what can be done about it; -o wide shows all steps. The exit code is that of the first failure, 0 if\n" +
			"there was none.",
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
	f.remoteFlags.add(fs, 8*time.Second)
	fs.Lookup("timeout").Usage = "how long one answer may take, connecting included"
	addValue(fs, &f.count, parseCount, "count", "c", "number", "1", "how often to ask")
	addPeriod(fs, &f.interval, "interval", time.Second, "how long to wait in between")
	return cmd
}

// ping asks target as often as f says. It returns the first failure, which it has told of.
func (a *app) ping(ctx context.Context, f *pingFlags, target string) error {
	if _, err := parseNodeName(target); err != nil {
		return err
	}
	t := &tracer{}
	n, err := f.start(ctx, a, target, func(cfg *node.Config) {
		cfg.SetupTime = setup(f.timeout)
		cfg.Resolve, t.port = t.resolve, cfg.EPMDPort
	})
	if err != nil {
		return err
	}
	defer leave(n)
	out := pingView().Stream(f.out.printer(a))
	var first error
	for i := range f.count {
		if i > 0 && !pause(ctx, f.interval) {
			break
		}
		line, err := f.askOnce(ctx, a, n, t, target)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			a.notef("ping %s: %v", target, err)
		}
		if err := out.Write(line); err != nil {
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

// askOnce is one ping within f.timeout.
func (f *pingFlags) askOnce(ctx context.Context, a *app, n *node.Node, t *tracer, target string) (pingLine, error) {
	timed, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	defer a.busy("waiting for %s", target)()
	t.reset()
	err := n.Connect(timed, target)
	fresh := !t.dialled().IsZero() || err != nil
	t.connected(err)
	var rtt time.Duration
	if err == nil {
		rtt, err = n.Ping(timed, target)
		if fresh {
			t.add(stepPing, "", rtt, err)
		}
	}
	err = f.explain(ctx, timed, err)
	line := pingLine{Node: target, OK: err == nil, Exit: exitCode(err), Steps: t.all()}
	if err == nil {
		ms := millis(rtt)
		line.RTT = &ms
	} else {
		line.Step, line.Error = t.failed(), err.Error()
	}
	return line, err
}

func pingView() output.View[pingLine] {
	return output.View[pingLine]{
		Line: func(p output.Printer, l pingLine) string { return l.text(p) },
		Name: func(l pingLine) string {
			if !l.OK {
				return ""
			}
			return l.Node
		},
	}
}

// text returns the line of an answer, and with -o wide a line for each step before it.
func (l pingLine) text(p output.Printer) string {
	var lines []string
	if p.Format == output.Wide {
		for _, s := range l.Steps {
			lines = append(lines, s.text(p))
		}
	}
	if l.OK {
		lines = append(lines, fmt.Sprintf("%s from %s: %.2f ms", p.Paint(output.Good, "pong"), l.Node, *l.RTT))
	}
	return strings.Join(lines, "\n")
}

func (s step) text(p output.Printer) string {
	mark := p.Paint(output.Good, "ok    ")
	if !s.OK {
		mark = p.Paint(output.Bad, "failed")
	}
	text := fmt.Sprintf("%s %-9s", mark, s.Step)
	if s.Millis > 0 {
		text += fmt.Sprintf(" %8.2f ms", s.Millis)
	} else if s.Detail != "" {
		text += strings.Repeat(" ", 12)
	}
	if s.Detail != "" {
		text += "  " + s.Detail
	}
	return strings.TrimRight(text, " ")
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
