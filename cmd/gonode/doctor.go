package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/doctor"
	"gonode/cmd/gonode/internal/output"
	"gonode/node"
)

// doctorFlags is what doctor can be told.
type doctorFlags struct {
	remoteFlags
	step time.Duration
}

// findingLine is a finding in the output.
type findingLine struct {
	Level   string `json:"level"` // ok, note, warn or bad
	Check   string `json:"check"`
	Subject string `json:"subject,omitempty"` // a node, or two; this host if it is missing
	Cause   string `json:"cause,omitempty"`   // one of the words of this command's reference
	Text    string `json:"text"`
	Fix     string `json:"fix,omitempty"`
	Error   string `json:"error,omitempty"`
	Exit    int    `json:"exit"`
}

func (a *app) doctorCommand() *cobra.Command {
	f := &doctorFlags{}
	cmd := &cobra.Command{
		Use:   "doctor [NODE...]",
		Short: "Find out why nodes do not meet",
		Long: "Doctor looks at this host, at each step of the way to the nodes (name, dns, epmd, tcp, handshake with flags and\n" +
			"cookie), and at what they and all that they are connected to say of themselves: whether each sees each, ticks,\n" +
			"partitions. Each finding that is not as it should be has a cause and says what to do. To learn why two nodes do not\n" +
			"meet, name both. What is well is shown whole with -o wide only.\n\n" +
			"The exit code is 0 if nothing is wrong, else that of the first finding that is bad: 3, 4 or 5 if a node can't be\n" +
			"reached or refuses, 1 for what is wrong between others. Causes: name_form, dns, host_loopback, no_epmd,\n" +
			"epmd_loopback, epmd_filtered, epmd, not_registered, port_closed, port_filtered, node_hangs, tls, not_erlang,\n" +
			"wrong_name, cookie, flags, not_allowed, name_in_use, handshake, hidden, no_beam, net_ticktime, mesh_hole, connect_all,\n" +
			"prevent_overlapping_partitions, multicast, unreachable.",
		Example: "  gonode doctor a@127.0.0.1\n  gonode doctor a@db1.example.org b@db2.example.org -o wide\n" +
			"  gonode doctor a@127.0.0.1 -o json | jq '.items[] | select(.level == \"bad\")'",
		Args: takes("NODE", 0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.doctor(cmd.Context(), f, args); err != nil {
				return fmt.Errorf("doctor: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.remoteFlags.add(fs, 20*time.Second)
	fs.Lookup("timeout").Usage = "how long the questions to the cluster may take"
	addPeriod(fs, &f.step, "step-timeout", 3*time.Second, "how long each step on the way to a node may take")
	return cmd
}

// doctor looks, prints, and returns the first thing that is wrong.
func (a *app) doctor(ctx context.Context, f *doctorFlags, targets []string) error {
	found, err := a.examine(ctx, f, targets)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	p := f.out.printer(a)
	var lines []findingLine
	var first error
	for _, finding := range found {
		line := findingOf(finding)
		if finding.Level == doctor.Bad && first == nil {
			first = &toldError{&diagnosis{line.Exit, finding.Text}}
		}
		if p.Format == output.Table && finding.Level == doctor.OK && !isSummary(finding) {
			continue
		}
		lines = append(lines, line)
	}
	if err := findingView().List(p, lines); err != nil {
		return err
	}
	return first
}

// diagnosis is what is wrong, with its exit code.
type diagnosis struct {
	code int
	text string
}

func (d *diagnosis) Error() string { return d.text }

// isSummary reports whether a finding that is well is shown to people who did not ask for all.
func isSummary(f doctor.Finding) bool {
	return f.Check == "ping" || f.Check == "mesh" || f.Check == "handshake"
}

// examine returns all findings: of this host, of the way to each node, and of those that can be reached together.
func (a *app) examine(ctx context.Context, f *doctorFlags, targets []string) ([]doctor.Finding, error) {
	d := &doctor.Doctor{Self: f.name, Step: f.step}
	var err error
	if d.EPMDPort, err = f.port.get(a); err != nil {
		return nil, err
	}
	if len(targets) > 0 {
		if d.Cookie, err = f.cookie.load(a); err != nil {
			return nil, err
		}
		if d.Self == "" {
			d.Self = probeName(ctx, targets[0], d.EPMDPort)
		}
	}
	over := a.busy("looking at this host")
	found := d.Host(ctx)
	over()
	var reached []string
	for _, target := range targets {
		over := a.busy("looking at the way to %s", target)
		path := d.Path(ctx, target)
		over()
		if found = append(found, path...); path[len(path)-1].Level != doctor.Bad {
			reached = append(reached, target)
		}
	}
	if len(reached) == 0 || ctx.Err() != nil {
		return found, nil
	}
	probe := *f
	probe.name = d.Self
	err = probe.session(ctx, a, reached[0], func(n *node.Node) error {
		timed, cancel := context.WithTimeout(ctx, f.timeout)
		defer cancel()
		defer a.busy("asking %s and all that it is connected to", reached[0])()
		found = append(found, d.Cluster(timed, n, reached)...)
		return nil
	})
	return found, err
}

func findingOf(f doctor.Finding) findingLine {
	line := findingLine{
		Level: string(f.Level), Check: f.Check, Subject: f.Subject, Cause: f.Cause, Text: f.Text, Fix: f.Fix,
	}
	if f.Err != nil {
		line.Error = f.Err.Error()
	}
	if f.Level == doctor.Bad {
		line.Exit = max(exitCode(f.Err), exitFailure)
	}
	return line
}

func findingView() output.View[findingLine] {
	return output.View[findingLine]{
		Kind: "doctor",
		Line: func(p output.Printer, l findingLine) string {
			style := map[string]output.Style{"ok": output.Good, "note": output.Plain, "warn": output.Warn, "bad": output.Bad}[l.Level]
			text := p.Paint(style, fmt.Sprintf("%-4s", l.Level)) + " " + l.Check
			if l.Subject != "" {
				text += " " + l.Subject
			}
			text += ": " + l.Text
			if l.Cause != "" {
				text += " [" + l.Cause + "]"
			}
			if l.Fix != "" {
				text += "\n     " + p.Paint(output.Strong, "fix: ") + l.Fix
			}
			return text
		},
		Name: func(l findingLine) string { return l.Cause },
	}
}
