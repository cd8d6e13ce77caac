package main

import (
	"time"

	"gonode/cmd/gonode/internal/output"
	"gonode/etf"
	"gonode/events"
)

// textTime is how times look in text: UTC, to the millisecond.
const textTime = "2006-01-02T15:04:05.000Z"

// eventLine is an event as it is printed.
type eventLine interface {
	text(output.Printer) string // empty for what people need not see
	name() string               // the node, if it is about one
}

// eventHead is what all lines of events begin with.
type eventHead struct {
	Time  string `json:"time"` // RFC 3339, UTC, to the nanosecond
	Event string `json:"event"`
	ID    string `json:"id,omitempty"` // what --since takes, of events of a daemon

	at time.Time
}

func (h eventHead) stamp() string { return h.at.UTC().Format(textTime) }
func (h eventHead) name() string  { return "" }

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

func (l upLine) name() string   { return l.Node }
func (l downLine) name() string { return l.Node }

func (l upLine) text(p output.Printer) string {
	return l.stamp() + " " + p.Paint(output.Good, "up  ") + " " + l.Node
}

func (l downLine) text(p output.Printer) string {
	return l.stamp() + " " + p.Paint(output.Bad, "down") + " " + l.Node + " " + l.Reason
}

func (l syncedLine) text(output.Printer) string { return "" }

func (l skippedLine) text(p output.Printer) string {
	return l.stamp() + " " + p.Paint(output.Warn, "skip") + " " + etf.Format(int64(l.Count)) + " events that could not be written in time"
}

// lineOf returns how ev is printed, or nil if it is of a kind that is not.
func lineOf(ev events.Event) eventLine {
	switch ev := ev.(type) {
	case events.NodeUp:
		return upLine{
			eventHead: head("nodeup", ev.Time), Node: ev.Node, Hidden: ev.Hidden, Initial: ev.Initial,
			Creation: ev.Creation, ConnectionID: ev.ConnectionID, Seq: ev.Seq,
		}
	case events.NodeDown:
		return downLine{
			eventHead: head("nodedown", ev.Time), Node: ev.Node, Hidden: ev.Hidden, Reason: etf.Format(ev.Reason),
			Creation: ev.Creation, ConnectionID: ev.ConnectionID, Seq: ev.Seq,
		}
	case events.Synced:
		return syncedLine{head("synced", ev.Time), ev.Members, ev.Seq}
	case events.Skipped:
		return skippedLine{head("skipped", ev.Time), ev.Count, ev.Seq}
	}
	return nil
}

func head(event string, at time.Time) eventHead {
	return eventHead{Time: at.UTC().Format(time.RFC3339Nano), Event: event, at: at}
}

// eventPrinter writes events as they come.
type eventPrinter struct{ out *output.Stream[eventLine] }

func newEventPrinter(p output.Printer) *eventPrinter {
	view := output.View[eventLine]{
		Line: func(p output.Printer, l eventLine) string { return l.text(p) },
		Name: eventLine.name,
	}
	return &eventPrinter{view.Stream(p)}
}

// print writes ev, or nothing if it is of a kind that is not printed.
func (p *eventPrinter) print(ev events.Event) error {
	line := lineOf(ev)
	if line == nil {
		return nil
	}
	return p.out.Write(line)
}

// printAll writes the events of sub until it ends, the output fails, or enough, which may be nil, says so.
func (p *eventPrinter) printAll(sub *events.Subscription, enough func(events.Event) bool) error {
	for ev := range sub.All() {
		if err := p.print(ev); err != nil {
			return err
		}
		if enough != nil && enough(ev) {
			return nil
		}
	}
	return nil
}
