package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"gonode/etf"
	"gonode/events"
)

// textTime is how times look in text: UTC, to the millisecond.
const textTime = "2006-01-02T15:04:05.000Z"

// writeJSON writes v as one line.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return wrote(enc.Encode(v))
}

// writeText writes formatted text.
func writeText(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format, args...)
	return wrote(err)
}

func wrote(err error) error {
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// eventPrinter writes events, one a line.
type eventPrinter struct {
	w    io.Writer
	json bool
}

// printAll writes the events of sub until it ends or the output fails.
func (p *eventPrinter) printAll(sub *events.Subscription) error {
	for ev := range sub.All() {
		if err := p.print(ev); err != nil {
			return err
		}
	}
	return nil
}

// print writes ev, or nothing if it is of a kind that is not printed.
func (p *eventPrinter) print(ev events.Event) error {
	if p.json {
		return p.printJSON(ev)
	}
	switch ev := ev.(type) {
	case events.NodeUp:
		return writeText(p.w, "%s up   %s\n", ev.Time.UTC().Format(textTime), ev.Node)
	case events.NodeDown:
		return writeText(p.w, "%s down %s %s\n", ev.Time.UTC().Format(textTime), ev.Node, etf.Format(ev.Reason))
	case events.Skipped:
		return writeText(p.w, "%s skip %d events that could not be written in time\n", ev.Time.UTC().Format(textTime), ev.Count)
	}
	return nil
}

// jsonVersion is in every line of JSON. It changes when a member goes or means something else, not when one is added.
const jsonVersion = 1

// eventHead is what all lines of events begin with.
type eventHead struct {
	V     int    `json:"v"`
	Time  string `json:"time"` // RFC 3339, UTC, to the nanosecond
	Event string `json:"event"`
}

type upLine struct {
	eventHead
	Node         string `json:"node"`
	Hidden       bool   `json:"hidden"`
	Initial      bool   `json:"initial"` // it was up before the output began
	Creation     uint32 `json:"creation"`
	ConnectionID uint64 `json:"connection_id"`
	Seq          uint64 `json:"seq"`
}

type downLine struct {
	eventHead
	Node         string `json:"node"`
	Hidden       bool   `json:"hidden"`
	Reason       string `json:"reason"` // an Erlang term
	Creation     uint32 `json:"creation"`
	ConnectionID uint64 `json:"connection_id"`
	Seq          uint64 `json:"seq"`
}

type syncedLine struct {
	eventHead
	Members int    `json:"members"` // how many nodes were up before the output began
	Seq     uint64 `json:"seq"`
}

type skippedLine struct {
	eventHead
	Count uint64 `json:"count"` // how many events are missing
	Seq   uint64 `json:"seq"`   // of the newest of them
}

func (p *eventPrinter) printJSON(ev events.Event) error {
	switch ev := ev.(type) {
	case events.NodeUp:
		return writeJSON(p.w, upLine{
			eventHead: head("nodeup", ev.Time), Node: ev.Node, Hidden: ev.Hidden, Initial: ev.Initial,
			Creation: ev.Creation, ConnectionID: ev.ConnectionID, Seq: ev.Seq,
		})
	case events.NodeDown:
		return writeJSON(p.w, downLine{
			eventHead: head("nodedown", ev.Time), Node: ev.Node, Hidden: ev.Hidden, Reason: etf.Format(ev.Reason),
			Creation: ev.Creation, ConnectionID: ev.ConnectionID, Seq: ev.Seq,
		})
	case events.Synced:
		return writeJSON(p.w, syncedLine{head("synced", ev.Time), ev.Members, ev.Seq})
	case events.Skipped:
		return writeJSON(p.w, skippedLine{head("skipped", ev.Time), ev.Count, ev.Seq})
	}
	return nil
}

func head(event string, at time.Time) eventHead {
	return eventHead{V: jsonVersion, Time: at.UTC().Format(time.RFC3339Nano), Event: event}
}
