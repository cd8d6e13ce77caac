package strategy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// State says where the engine is with a node.
type State int

// The states of a node.
const (
	StateQueued  State = iota // to be dialled as soon as fewer dials are under way
	StateDialing              // being dialled
	StateWaiting              // to be dialled at Status.NextTry
	StateUp                   // connected
	StateSelf                 // this node itself, which is never dialled
	StateInvalid              // not a node name; LastError tells why
	StateLeaving              // not dialled before Status.NextTry: it is leaving, or the operator's sources let it go
	StatePruned               // disconnected, and named by other members only: not dialled
)

// String returns the state in a word.
func (s State) String() string {
	switch s {
	case StateQueued:
		return "queued"
	case StateDialing:
		return "dialing"
	case StateWaiting:
		return "waiting"
	case StateUp:
		return "up"
	case StateSelf:
		return "self"
	case StateInvalid:
		return "invalid"
	case StateLeaving:
		return "leaving"
	case StatePruned:
		return "pruned"
	}
	return fmt.Sprintf("State(%d)", int(s))
}

// Want is that a source names a node.
type Want struct {
	Source  string
	Origin  string // where the source has the name from
	Address string // where the node listens, if the source says so
	Kept    string // why the source counts as naming it although its last answer does not; empty if it does
}

// Status is what the engine knows of one node that some strategy wants: the answer to why it is not here.
type Status struct {
	Node      Name
	Wants     []Want   // who wants it, the operator's sources first, then by name
	WantedBy  []string // names of the sources, sorted
	State     State
	Via       Via       // who made the connection; meaningless unless State is StateUp
	Address   string    // where it is dialled; empty leaves that to epmd
	Attempts  int       // dials that failed since the node was up
	LastError error     // of the last dial that failed since the node was up
	LastTry   time.Time // when it was last dialled; zero if never
	NextTry   time.Time // when it is dialled again at the earliest; zero unless it is queued, waiting or leaving
	Since     time.Time // when it came up, or went down; zero if it was never up
}

// String returns the status as a line of text.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v, wanted by ", printable(s.Node), s.State)
	for i, w := range s.Wants {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(w.String())
	}
	if len(s.Wants) == 0 {
		b.WriteString("nobody")
	}
	if s.Attempts > 0 {
		fmt.Fprintf(&b, ", %d failed attempts", s.Attempts)
	}
	if s.LastError != nil {
		fmt.Fprintf(&b, ": %v", s.LastError)
	}
	return b.String()
}

// String returns the source, and in parentheses what it says of the node.
func (w Want) String() string {
	if w.Kept != "" {
		return w.Source + " (" + w.Kept + ")"
	}
	if w.Origin != "" {
		return w.Source + " (" + w.Origin + ")"
	}
	return w.Source
}

// status returns what is known of the nodes that are wanted, sorted by name.
func (c *core) status(now time.Time) []Status {
	var all []Status
	for _, t := range c.targets {
		if len(t.wants) > 0 {
			all = append(all, c.statusOf(t, now))
		}
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.Node, b.Node) })
	return all
}

func (c *core) statusOf(t *target, now time.Time) Status {
	s := Status{
		Node:      t.name,
		WantedBy:  slices.Sorted(maps.Keys(t.wants)),
		State:     c.state(t, now),
		Via:       t.via,
		Address:   t.node().Address,
		Attempts:  t.attempts,
		LastError: cmp.Or(t.invalid, t.lastErr),
		LastTry:   t.lastTry,
		Since:     t.since,
	}
	for _, w := range t.sorted() {
		s.Wants = append(s.Wants, Want{Source: w.source.name, Origin: w.node.Origin, Address: w.node.Address, Kept: w.kept})
	}
	switch s.State {
	case StateQueued, StateWaiting, StateLeaving:
		s.NextTry = c.dialAt(t)
	}
	return s
}

func (c *core) state(t *target, now time.Time) State {
	switch {
	case t.invalid != nil:
		return StateInvalid
	case t.name == c.self:
		return StateSelf
	case t.up:
		return StateUp
	case t.dialing:
		return StateDialing
	case !c.dialable(t):
		return StatePruned
	case c.held(t).After(now) && !c.held(t).Before(t.next):
		return StateLeaving
	case t.next.After(now):
		return StateWaiting
	}
	return StateQueued
}
