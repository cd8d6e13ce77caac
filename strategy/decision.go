package strategy

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Kind says what was decided, or happened.
type Kind string

// The kinds of decisions. The first group is about a node, the second about a source, the last about the cluster.
const (
	KindWanted    Kind = "wanted"    // a source names the node for the first time
	KindUnwanted  Kind = "unwanted"  // a source does not name it any more
	KindRefused   Kind = "refused"   // a name that is none, or one too many
	KindDialed    Kind = "dialed"    // it is being dialled
	KindFailed    Kind = "failed"    // a dial failed; After is the wait before the next
	KindConnected Kind = "connected" // it is up; Reason says who made the connection
	KindLost      Kind = "lost"      // it is down
	KindKept      Kind = "kept"      // it is missing and stays all the same; Reason says why
	KindDoomed    Kind = "doomed"    // no source wants it: it is disconnected after After
	KindPruned    Kind = "pruned"    // no source wanted it: it has been disconnected
	KindLeaving   Kind = "leaving"   // it is leaving and not dialled for After

	KindSuspect   Kind = "suspect"   // an answer with Got nodes after Have is held, for After or until it is repeated
	KindBelieved  Kind = "believed"  // a suspect answer was confirmed and is in force now
	KindDismissed Kind = "dismissed" // a suspect answer was followed by another one
	KindTroubled  Kind = "troubled"  // a source failed, or answered in part; its nodes stay wanted
	KindRecovered Kind = "recovered" // a source that failed answers again
	KindAdded     Kind = "added"     // a source was added while the engine ran
	KindChanged   Kind = "changed"   // a source has another strategy; its Have nodes stay wanted until that answers
	KindRemoved   Kind = "removed"   // a source was taken away

	KindGaveUp Kind = "gave up" // somebody stopped waiting for the cluster, with Got members of Have
)

// Decision is something that the engine decided or that decides what it does, with the evidence. Fields that say nothing
// about its kind are zero.
type Decision struct {
	Time    time.Time
	Kind    Kind
	Node    Name   // whom it is about; empty if it is about a source
	Source  string // whose answer made the difference; several are joined by ", "
	Origin  string // where the source has the name from
	Address string // where the source says that the node listens
	Reason  string
	Err     error

	Have, Got int           // how many nodes a source had, and how many its answer has; or members wanted, and there
	Times     int           // how many times in a row it happened, the same way; Time is that of the last. 0 is once
	After     time.Duration // when the next step is due
}

// String returns the decision in a line, without the time.
func (d Decision) String() string {
	var b strings.Builder
	b.WriteString(string(d.Kind))
	if d.Node != "" {
		b.WriteString(" " + printable(d.Node))
	}
	if d.Address != "" {
		b.WriteString(" at " + d.Address)
	}
	if d.Source != "" {
		b.WriteString(" (" + d.Source)
		if d.Origin != "" {
			b.WriteString(": " + d.Origin)
		}
		b.WriteString(")")
	}
	switch {
	case d.Kind == KindTroubled, d.Kind == KindChanged:
		fmt.Fprintf(&b, ", %d nodes stay wanted", d.Have)
	case d.Have > 0 || d.Got > 0:
		fmt.Fprintf(&b, ", %d of %d", d.Got, d.Have)
	}
	if d.Times > 1 {
		fmt.Fprintf(&b, ", %d times", d.Times)
	}
	if d.After > 0 {
		fmt.Fprintf(&b, ", %s in %v", d.next(), d.After.Round(time.Millisecond))
	}
	if d.Reason != "" {
		b.WriteString(": " + d.Reason)
	}
	if d.Err != nil {
		fmt.Fprintf(&b, ": %v", d.Err)
	}
	return b.String()
}

// printable returns name for people: in quotes if it is none, since it may have anything in it.
func printable(name Name) string {
	if CheckName(name) != nil {
		return strconv.Quote(name)
	}
	return name
}

// next says what is due after d.After.
func (d Decision) next() string {
	switch d.Kind {
	case KindDoomed:
		return "disconnected"
	case KindSuspect:
		return "believed"
	}
	return "dialled again"
}

// level is how much people want to know of it.
func (d Decision) level() slog.Level {
	switch d.Kind {
	case KindSuspect, KindTroubled, KindRefused, KindGaveUp:
		return slog.LevelWarn
	case KindFailed:
		if d.Times <= 1 {
			return slog.LevelWarn
		}
	case KindKept, KindDoomed, KindPruned, KindBelieved, KindRecovered, KindLeaving, KindAdded, KindChanged, KindRemoved:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// message is what is logged.
func (d Decision) message() string {
	switch d.Kind {
	case KindRefused:
		return "ignoring a name"
	case KindFailed:
		return "node can't be connected, trying again"
	case KindKept:
		return "node is missing from discovery and stays connected"
	case KindDoomed:
		return "node is missing from discovery and will be disconnected"
	case KindPruned:
		return "node was missing from discovery and has been disconnected"
	case KindSuspect:
		return "strategy names far fewer nodes than before, waiting for confirmation"
	case KindBelieved:
		return "strategy has confirmed that it names far fewer nodes"
	case KindTroubled:
		return "strategy failed, its last nodes stay wanted"
	case KindRecovered:
		return "strategy answers again"
	case KindAdded:
		return "strategy added"
	case KindChanged:
		return "strategy changed, its last nodes stay wanted until it answers"
	case KindRemoved:
		return "strategy removed"
	case KindGaveUp:
		return "gave up waiting for the cluster"
	}
	return "discovery: " + string(d.Kind)
}

// attrs are what is logged with it.
func (d Decision) attrs() []slog.Attr {
	var attrs []slog.Attr
	add := func(ok bool, key string, value any) {
		if ok {
			attrs = append(attrs, slog.Any(key, value))
		}
	}
	add(d.Node != "", "node", d.Node)
	add(d.Source != "", "strategy", d.Source)
	add(d.Origin != "", "origin", d.Origin)
	add(d.Address != "", "address", d.Address)
	add(d.Reason != "", "reason", d.Reason)
	add(d.Have > 0 || d.Got > 0, "have", d.Have)
	add(d.Have > 0 || d.Got > 0, "got", d.Got)
	add(d.After > 0, "after", d.After.Round(time.Millisecond))
	add(d.Times > 1, "times", d.Times)
	add(d.Err != nil, "error", d.Err)
	return attrs
}
