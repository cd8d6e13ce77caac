package events

import "time"

// Decision is something that discovery decided about a node or the cluster, with the evidence: whom it dials and since
// when that fails, who stays though he is missing, who was disconnected, why somebody gave up waiting. Only subscriptions
// with the option Discovery get it. Fields that say nothing about its kind are zero.
type Decision struct {
	Kind    string // "dialed", "failed", "kept", "pruned", ...: the kinds of package strategy
	Node    string // whom it is about; empty if it is about a source, or all
	Source  string // the source of nodes that made the difference
	Origin  string // where the source has the name from
	Address string // where the source says that the node listens
	Reason  string
	Err     error
	Have    int           // how many nodes there were, or ought to be
	Got     int           // how many there are
	Times   int           // how many times in a row it happened; 0 is once
	After   time.Duration // when the next step is due

	Text string // all of it in a line

	Seq  uint64
	Time time.Time
}

// StrategyFailed says that a source of nodes does not answer, or not in full. The nodes that it named before stay wanted.
// Only subscriptions with the option Discovery get it.
type StrategyFailed struct {
	Source string
	Nodes  int // that stay wanted
	Err    error

	Seq  uint64
	Time time.Time
}

// StrategyRecovered says that a source of nodes answers again after a StrategyFailed. Only subscriptions with the option
// Discovery get it.
type StrategyRecovered struct {
	Source string

	Seq  uint64
	Time time.Time
}

func (Decision) event()          {}
func (StrategyFailed) event()    {}
func (StrategyRecovered) event() {}

// Discovery makes a subscription get Decision, StrategyFailed and StrategyRecovered, too. When its reader is slow those are
// skipped before any other event.
func Discovery() Option {
	return func(s *Subscription) { s.discovery = true }
}

// ofDiscovery reports whether ev is for subscriptions with Discovery only.
func ofDiscovery(ev Event) bool {
	switch ev.(type) {
	case Decision, StrategyFailed, StrategyRecovered:
		return true
	}
	return false
}
