package strategy

import (
	"fmt"
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
	}
	return fmt.Sprintf("State(%d)", int(s))
}

// Status is what the engine knows of one node that some strategy wants: the answer to why it is not here.
type Status struct {
	Node      Name
	WantedBy  []string // names of the sources, sorted
	State     State
	Attempts  int       // dials that failed since the node was up
	LastError error     // of the last dial that failed since the node was up
	LastTry   time.Time // when it was last dialled; zero if never
	NextTry   time.Time // when it is dialled again at the earliest; zero unless State is StateQueued or StateWaiting
	Since     time.Time // when it came up, or went down; zero if it was never up
}

// String returns the status as a line of text.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v, wanted by %s", s.Node, s.State, strings.Join(s.WantedBy, ", "))
	if s.Attempts > 0 {
		fmt.Fprintf(&b, ", %d failed attempts", s.Attempts)
	}
	if s.LastError != nil {
		fmt.Fprintf(&b, ": %v", s.LastError)
	}
	return b.String()
}
