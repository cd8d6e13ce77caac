package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/cmd/gonode/internal/remote"
	"gonode/node"
)

// membersFlags is what members can be told.
type membersFlags struct {
	remoteFlags
	daemonFlags
	node     string
	watch    bool
	interval time.Duration
}

// memberLine is a member in the output.
type memberLine struct {
	Node    string   `json:"node"`
	Status  string   `json:"status"` // up, or down for one that has gone while we watched; of a daemon more, see admin.Member
	Kind    string   `json:"kind"`   // self, visible or hidden
	Address string   `json:"address,omitempty"`
	Release string   `json:"otp_release,omitempty"`
	RTT     *float64 `json:"rtt_ms,omitempty"`

	// What only a daemon knows; see admin.Member.
	Since        string   `json:"since,omitempty"`
	Via          string   `json:"via,omitempty"`
	Sources      []string `json:"sources,omitempty"`
	Connects     uint64   `json:"connects,omitempty"`
	ConnectionID uint64   `json:"connection_id,omitempty"`
	LastDown     string   `json:"last_down,omitempty"`
	LastReason   string   `json:"last_reason,omitempty"`
	LastError    string   `json:"last_error,omitempty"`
}

func (a *app) membersCommand() *cobra.Command {
	f := &membersFlags{}
	cmd := &cobra.Command{
		Use:   "members --http ADDRESS | --node NODE",
		Short: "List the nodes that a node is connected to",
		Long: "Members lists who a node is connected to, visible and hidden, with the OTP release and round trip of each, as\n" +
			"seen from there.\n\n" +
			"With --http it asks a running gonode run, which also knows since when a member is up, which source of discovery\n" +
			"brought it (or that the peer or the application did), and why it went down the last time; and the nodes that are\n" +
			"wanted and not up. With --node it asks any node of the BEAM: it connects to that node alone, as a hidden node\n" +
			"which it leaves out.\n\n" +
			"With -w it goes on and prints a line for each that comes, goes or changes.",
		Example: "  gonode members --http 9140\n  gonode members -w --http unix:/run/gonode.sock -o ndjson\n" +
			"  gonode members --node a@127.0.0.1",
		Args: takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.node == "" && f.address.IsZero():
				return usagef("no --http and no --node given")
			case f.node == "":
				if err := a.membersOfDaemon(cmd.Context(), f); err != nil {
					return fmt.Errorf("members: %w", err)
				}
				return nil
			}
			if err := a.members(cmd.Context(), f); err != nil {
				return fmt.Errorf("members of %s: %w", f.node, err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.daemonFlags.add(fs)
	addValue(fs, &f.node, parseNodeName, "node", "n", "name@host", "", "ask this node")
	annotate(fs, "http", exclusive, "node")
	annotate(fs, "node", exclusive, "http")
	fs.BoolVarP(&f.watch, "watch", "w", false, "go on, and print who comes and goes")
	addPeriod(fs, &f.interval, "interval", time.Second, "how often to ask with -w")
	f.remoteFlags.add(fs, 10*time.Second)
	return cmd
}

// members prints the members once, or again and again.
func (a *app) members(ctx context.Context, f *membersFlags) error {
	p := f.out.printer(a)
	if !f.watch {
		return f.with(ctx, a, f.node, func(ctx context.Context, n *node.Node) error {
			found, err := remote.Target{From: n, Name: f.node}.Members(ctx)
			if err != nil {
				return err
			}
			return memberView().List(p, memberLines(found))
		})
	}
	return f.session(ctx, a, f.node, func(n *node.Node) error {
		w := &memberWatch{out: memberView().Stream(p), known: map[string]memberLine{}}
		for {
			timed, cancel := context.WithTimeout(ctx, f.timeout)
			found, err := remote.Target{From: n, Name: f.node}.Members(timed)
			err = f.explain(ctx, timed, err)
			cancel()
			if ctx.Err() != nil {
				return nil // interrupted is how it ends
			}
			if err != nil {
				return err
			}
			if err := w.update(memberLines(found)); err != nil {
				return err
			}
			if !pause(ctx, f.interval) {
				return nil
			}
		}
	})
}

// memberWatch prints what has changed.
type memberWatch struct {
	out   *output.Stream[memberLine]
	known map[string]memberLine
	order []string
}

// update compares the members with those before, by name, kind, status and connection.
func (w *memberWatch) update(now []memberLine) error {
	there := map[string]bool{}
	for _, m := range now {
		there[m.Node] = true
	}
	var order []string
	for _, name := range w.order {
		if there[name] {
			order = append(order, name)
			continue
		}
		gone := w.known[name]
		gone.Status, gone.RTT = "down", nil
		delete(w.known, name)
		if err := w.out.Write(gone); err != nil {
			return err
		}
	}
	for _, m := range now {
		before, known := w.known[m.Node]
		w.known[m.Node] = m
		if !known {
			order = append(order, m.Node)
		}
		if known && before.Kind == m.Kind && before.Status == m.Status && before.ConnectionID == m.ConnectionID {
			continue
		}
		if err := w.out.Write(m); err != nil {
			return err
		}
	}
	w.order = order
	return nil
}

func memberLines(found []remote.Member) []memberLine {
	lines := make([]memberLine, len(found))
	for i, m := range found {
		lines[i] = memberLine{Node: m.Node, Status: "up", Kind: m.Kind, Address: m.Address, Release: m.Release}
		if m.RTT > 0 {
			ms := millis(m.RTT)
			lines[i].RTT = &ms
		}
	}
	return lines
}

func memberView() output.View[memberLine] {
	return output.View[memberLine]{
		Kind: "members",
		Columns: []output.Column[memberLine]{
			{Head: "NODE", Cell: func(m memberLine) string { return m.Node }},
			{Head: "STATUS", Cell: func(m memberLine) string { return m.Status }, Style: func(m memberLine) output.Style {
				if m.Status == "up" {
					return output.Good
				}
				return output.Bad
			}},
			{Head: "KIND", Cell: func(m memberLine) string { return m.Kind }},
			{Head: "OTP", Cell: func(m memberLine) string { return m.Release }},
			{Head: "RTT", Cell: func(m memberLine) string {
				if m.RTT == nil {
					return ""
				}
				return fmt.Sprintf("%.2fms", *m.RTT)
			}, Right: true},
			{Head: "ADDRESS", Wide: true, Cell: func(m memberLine) string { return m.Address }},
		},
		Name: func(m memberLine) string { return m.Node },
	}
}
