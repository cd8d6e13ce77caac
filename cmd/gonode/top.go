package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gonode/cmd/gonode/internal/output"
	"gonode/cmd/gonode/internal/remote"
	"gonode/etf"
	"gonode/node"
)

// topFlags is what top can be told.
type topFlags struct {
	remoteFlags
	count    int
	lines    int
	interval time.Duration
	sort     string
}

// topLine is what a node does, in the output.
type topLine struct {
	Time      string        `json:"time"`
	Node      string        `json:"node"`
	Release   string        `json:"otp_release"`
	Uptime    float64       `json:"uptime_s"`
	Processes int64         `json:"processes"`
	Limit     int64         `json:"process_limit"`
	Ports     int64         `json:"ports"`
	RunQueue  int64         `json:"run_queue"`
	Memory    remote.Memory `json:"memory"`    // bytes
	In        int64         `json:"bytes_in"`  // of all ports since the start
	Out       int64         `json:"bytes_out"` //
	Watched   float64       `json:"watched_s"` // for how long reductions were counted
	Busiest   []workerLine  `json:"busiest"`
}

// workerLine is a process in the output.
type workerLine struct {
	PID        string `json:"pid"`
	Name       string `json:"name,omitempty"`
	Initial    string `json:"initial_call"`
	Current    string `json:"current_function"`
	Reductions int64  `json:"reductions"`
	Memory     int64  `json:"memory"`
	Messages   int64  `json:"messages"`
}

func (a *app) topCommand() *cobra.Command {
	f := &topFlags{lines: 20}
	cmd := &cobra.Command{
		Use:   "top NODE",
		Short: "Show what a BEAM is doing",
		Long: "Top shows the memory, run queue and busiest processes of a node of the BEAM, again and again on a terminal,\n" +
			"once where a table goes elsewhere. As JSON it goes on too, one value a line. It takes the reductions of all\n" +
			"processes of the node twice for each sample, by erpc; nothing is installed there.",
		Example: "  gonode top a@127.0.0.1\n  gonode top -n 1 --sort memory a@127.0.0.1\n  gonode top --interval 10s -o ndjson a@127.0.0.1",
		Args:    takes("NODE", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.top(cmd.Context(), f, args[0]); err != nil {
				return fmt.Errorf("top %s: %w", args[0], err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	addValue(fs, &f.count, parseCount, "count", "n", "number", "", "how many samples to take (default until interrupted; 1 for a table in a pipe)")
	addValue(fs, &f.lines, parseCount, "lines", "l", "number", "20", "how many processes to show at most")
	addPeriod(fs, &f.interval, "interval", 2*time.Second, "how long to watch for each sample")
	addChoice(fs, &f.sort, "sort", "", "reductions", "which processes are the busiest", "reductions", "memory", "messages")
	f.remoteFlags.add(fs, 10*time.Second)
	fs.Lookup("timeout").Usage = "how long an answer may take, the interval not included"
	return cmd
}

// top takes samples and shows them.
func (a *app) top(ctx context.Context, f *topFlags, target string) error {
	p := f.out.printer(a)
	show, end := f.shower(a, p)
	defer end()
	return f.session(ctx, a, target, func(n *node.Node) error {
		var expr *remote.Expr
		for i := 0; f.count == 0 || i < f.count; i++ {
			var load remote.Load
			timed, cancel := context.WithTimeout(ctx, f.interval+f.timeout)
			err := n.Connect(timed, target)
			if err == nil && expr == nil {
				expr, err = remote.Target{From: n, Name: target}.ParseLoad(timed)
			}
			if err == nil {
				load, err = expr.SampleLoad(timed, f.interval, f.order(), f.lines)
			}
			err = f.explain(ctx, timed, err)
			cancel()
			if ctx.Err() != nil && f.count == 0 {
				return nil // interrupted is how it ends
			}
			if err != nil {
				return err
			}
			if err := show(f.line(target, load)); err != nil {
				return err
			}
		}
		return nil
	})
}

// order returns the item of process_info/2 to sort by.
func (f *topFlags) order() string {
	if f.sort == "messages" {
		return remote.ByMessages
	}
	return f.sort
}

// The sequences that draw on a terminal.
const (
	screenBegin = "\x1b[?1049h\x1b[?25l\x1b[?7l" // another screen, no cursor, long lines are cut
	screenEnd   = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	screenHome  = "\x1b[H"
	lineEnd     = "\x1b[K\n" // with the rest of the line empty
	screenRest  = "\x1b[J"
)

// shower returns what shows a sample, and what is to be called in the end.
func (f *topFlags) shower(a *app, p output.Printer) (show func(topLine) error, end func()) {
	stdout, isFile := a.stdout.(*os.File)
	if !p.Text() || !isFile || !isTerminal(a.stdout) || f.count == 1 {
		if p.Text() && f.count == 0 {
			f.count = 1
		}
		return topView().Stream(p).Write, func() {}
	}
	begun := false
	show = func(l topLine) error {
		_, height, err := term.GetSize(int(stdout.Fd()))
		if err != nil || height < 5 {
			height = 24
		}
		lines := strings.Split(l.text(p), "\n")
		lines = lines[:min(len(lines), height-1)]
		frame := screenHome + strings.Join(lines, lineEnd) + lineEnd + screenRest
		if !begun {
			begun, frame = true, screenBegin+frame
		}
		if _, err := fmt.Fprint(p.W, frame); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
		return nil
	}
	return show, func() {
		if begun {
			fmt.Fprint(p.W, screenEnd)
		}
	}
}

func (f *topFlags) line(target string, l remote.Load) topLine {
	line := topLine{
		Time: time.Now().UTC().Format(time.RFC3339Nano), Node: target, Release: l.Release, Uptime: float64(l.UptimeMS) / 1000,
		Processes: l.Processes, Limit: l.Limit, Ports: l.Ports, RunQueue: l.RunQueue, Memory: l.Memory,
		In: l.In, Out: l.Out, Watched: f.interval.Seconds(), Busiest: []workerLine{},
	}
	for _, w := range l.Busiest {
		one := workerLine{
			PID: etf.Format(w.PID), Initial: remote.MFA(w.Initial), Current: remote.MFA(w.Current),
			Reductions: w.Reductions, Memory: w.Memory, Messages: w.Messages,
		}
		if list, ok := w.Name.(etf.List); !ok || len(list) > 0 { // [] is no name
			one.Name = etf.Format(w.Name)
		}
		line.Busiest = append(line.Busiest, one)
	}
	return line
}

func topView() output.View[topLine] {
	return output.View[topLine]{
		Line: func(p output.Printer, l topLine) string { return l.text(p) },
		Name: func(l topLine) string { return l.Node },
	}
}

func (l topLine) text(p output.Printer) string {
	var b strings.Builder
	up := (time.Duration(l.Uptime) * time.Second).String()
	fmt.Fprintf(&b, "%s  OTP %s  up %s  run queue %d  processes %d of %d  ports %d\n",
		p.Paint(output.Strong, l.Node), l.Release, up, l.RunQueue, l.Processes, l.Limit, l.Ports)
	m := l.Memory
	fmt.Fprintf(&b, "memory %s: processes %s, binary %s, ets %s, code %s, atom %s  in %s  out %s\n\n", byteText(m.Total),
		byteText(m.Processes), byteText(m.Binary), byteText(m.ETS), byteText(m.Code), byteText(m.Atom), byteText(l.In), byteText(l.Out))
	p.W = &b
	_ = workerView().List(p, l.Busiest) // a builder takes everything
	return strings.TrimSuffix(b.String(), "\n")
}

func workerView() output.View[workerLine] {
	number := func(f func(workerLine) int64) func(workerLine) string {
		return func(w workerLine) string { return strconv.FormatInt(f(w), 10) }
	}
	return output.View[workerLine]{
		Kind: "processes",
		Columns: []output.Column[workerLine]{
			{Head: "PID", Cell: func(w workerLine) string { return w.PID }},
			{Head: "REDUCTIONS", Cell: number(func(w workerLine) int64 { return w.Reductions }), Right: true},
			{Head: "MEMORY", Cell: func(w workerLine) string { return byteText(w.Memory) }, Right: true},
			{Head: "MESSAGES", Cell: number(func(w workerLine) int64 { return w.Messages }), Right: true},
			{Head: "NAME", Cell: func(w workerLine) string {
				if w.Name != "" {
					return w.Name
				}
				return w.Initial
			}},
			{Head: "CURRENT", Cell: func(w workerLine) string { return w.Current }},
		},
	}
}
