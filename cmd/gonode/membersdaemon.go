package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gonode/admin"
	"gonode/cmd/gonode/internal/daemon"
	"gonode/cmd/gonode/internal/output"
)

// membersOfDaemon prints the members of a daemon once, or again and again.
func (a *app) membersOfDaemon(ctx context.Context, f *membersFlags) error {
	p := f.out.printer(a)
	found, err := answer(ctx, a, f.address, f.timeout, (*daemon.Client).Members)
	if err != nil {
		return err
	}
	if !f.watch {
		if !found.Ready {
			a.notef("%s is not ready: %s", found.Node, found.Missing)
		}
		return daemonView().List(p, daemonLines(found))
	}
	w := &memberWatch{out: daemonView().Stream(p), known: map[string]memberLine{}}
	for away := false; ; {
		if err == nil {
			away = false
			if err := w.update(daemonLines(found)); err != nil {
				return err
			}
		} else if !away && ctx.Err() == nil {
			away = true
			a.notef("%v; asking again", err)
		}
		if !pause(ctx, f.interval) {
			return nil // interrupted is how it ends
		}
		found, err = answer(ctx, a, f.address, f.timeout, (*daemon.Client).Members)
	}
}

// daemonLines returns the members as they are printed.
func daemonLines(found admin.Members) []memberLine {
	lines := make([]memberLine, len(found.Members))
	for i, m := range found.Members {
		lines[i] = memberLine{
			Node: m.Node, Status: m.Status, Kind: m.Kind, Address: m.Address, Release: m.Release, RTT: m.RTT,
			Since: m.Since, Via: m.Via, Sources: m.Sources, Connects: m.Connects, ConnectionID: m.ConnectionID,
			LastDown: m.LastDown, LastReason: m.LastReason, LastError: m.LastError,
		}
	}
	return lines
}

// broughtBy says which source of discovery brought the member, or who did.
func (m memberLine) broughtBy() string {
	if m.Via == "discovery" || m.Via == "" {
		return strings.Join(m.Sources, ",")
	}
	return m.Via
}

// daemonView is memberView with what a daemon knows besides.
func daemonView() output.View[memberLine] {
	view := memberView()
	for i := range view.Columns {
		view.Columns[i].Wide = false
	}
	view.Columns = append(view.Columns,
		output.Column[memberLine]{Head: "SINCE", Cell: func(m memberLine) string { return seconds(m.Since) }},
		output.Column[memberLine]{Head: "BY", Cell: memberLine.broughtBy},
		output.Column[memberLine]{Head: "LAST", Cell: func(m memberLine) string { return m.LastReason }},
		output.Column[memberLine]{Head: "CONNECTS", Wide: true, Right: true, Cell: func(m memberLine) string { return fmt.Sprint(m.Connects) }},
		output.Column[memberLine]{Head: "LAST-DOWN", Wide: true, Cell: func(m memberLine) string { return seconds(m.LastDown) }},
		output.Column[memberLine]{Head: "LAST-ERROR", Wide: true, Cell: func(m memberLine) string { return m.LastError }},
	)
	return view
}

// seconds returns a time without its fraction; what is none stays as it is.
func seconds(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return at.UTC().Format(time.RFC3339)
}
