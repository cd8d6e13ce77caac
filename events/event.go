package events

import "time"

// Event is one thing that happened: a NodeUp, NodeDown, Synced or Skipped, and for those who ask for them a Decision,
// StrategyFailed or StrategyRecovered; always as a value. More kinds will come; a type switch should ignore those it does
// not know.
type Event interface{ event() }

// NodeUp says that a node is connected. Its subscribers get it after the node is in the list of members and before
// anything that the node sends. NodeUp and NodeDown of one node alternate.
type NodeUp struct {
	Node         string // full name, alive@host
	Hidden       bool   // the connection is a hidden one: the node is not in nodes() of Erlang
	Initial      bool   // the node was up before the subscription began
	Creation     uint32 // tells this incarnation of the node from earlier ones
	ConnectionID uint64 // tells this connection from all others of this node

	Seq  uint64    // number of the event on its hub: 1, 2, 3, ...; for an Initial one too
	Time time.Time // when the node came up
}

// NodeDown says that the connection to a node has ended. It comes after the last thing from the node.
type NodeDown struct {
	Node         string
	Hidden       bool
	Creation     uint32
	ConnectionID uint64 // as in its NodeUp

	// Reason is the Erlang term that net_kernel:monitor_nodes/2 gives as nodedown_reason, as a rule a gen.Atom:
	// connection_closed, disconnect, net_tick_timeout, ...
	Reason any

	Err error // what ended the connection, for people; may be nil

	Seq  uint64
	Time time.Time
}

// Synced comes once in a subscription, after the nodes that were up when it began (NodeUp with Initial) and before
// anything that happened since.
type Synced struct {
	Members int // how many nodes were up

	Seq  uint64    // of the last event before the subscription began, 0 if there was none
	Time time.Time // when the subscription began
}

// Skipped says that the reader was too slow and does not get Count events. What it gets next brings it up to date: for
// every node the last that happened, still NodeUp and NodeDown in turn.
type Skipped struct {
	Count uint64 // events skipped since the last Skipped

	Seq  uint64    // of the newest event skipped
	Time time.Time // when that happened
}

func (NodeUp) event()   {}
func (NodeDown) event() {}
func (Synced) event()   {}
func (Skipped) event()  {}
