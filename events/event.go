package events

import (
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Event is one of NodeUp, NodeDown, Synced and Skipped; more kinds will come, so a type switch wants a default that
// ignores them.
type Event interface{ event() }

// NodeUp says that a node is connected.
type NodeUp struct {
	Node         string    // its full name
	Hidden       bool      // one of the two ends is a hidden node
	Initial      bool      // it was up already when the subscription began
	Creation     uint32    // which incarnation of the node it is
	ConnectionID uint64    // tells this connection from others to the same node
	Seq          uint64    // counts the events of the hub, from 1
	Time         time.Time // when it was published
}

// NodeDown says that the connection to a node has ended.
type NodeDown struct {
	Node         string
	Hidden       bool
	Creation     uint32
	ConnectionID uint64 // of the NodeUp
	Seq          uint64
	Time         time.Time
	Reason       any   // Erlang's word for it, as of net_kernel:monitor_nodes/2: connection_closed, net_tick_timeout, ...
	Err          error // what happened in detail; may be nil
}

// Synced says that all nodes that were up when the subscription began have been told.
type Synced struct{}

// Skipped says that the reader was too slow for Count events. The last state of every node that they were about follows.
type Skipped struct{ Count uint64 }

func (NodeUp) event()   {}
func (NodeDown) event() {}
func (Synced) event()   {}
func (Skipped) event()  {}

// Term returns the message that Erlang subscribers get: {nodeup, Node}, or {nodeup, Node, Info} with a map as
// net_kernel:monitor_nodes/2 gives it.
func (e NodeUp) Term(info bool) etf.Tuple {
	return term("nodeup", e.Node, info, e.Hidden, e.ConnectionID)
}

// Term returns the message that Erlang subscribers get: {nodedown, Node}, or {nodedown, Node, Info} with the reason in
// the map.
func (e NodeDown) Term(info bool) etf.Tuple {
	t := term("nodedown", e.Node, info, e.Hidden, e.ConnectionID)
	if info {
		reason := e.Reason
		if reason == nil {
			reason = gen.Atom("connection_closed")
		}
		t[2] = append(t[2].(etf.Map), etf.Pair{Key: gen.Atom("nodedown_reason"), Value: reason})
	}
	return t
}

func term(what gen.Atom, node string, info, hidden bool, id uint64) etf.Tuple {
	if !info {
		return etf.Tuple{what, gen.Atom(node)}
	}
	kind := gen.Atom("visible")
	if hidden {
		kind = "hidden"
	}
	return etf.Tuple{what, gen.Atom(node), etf.Map{
		{Key: gen.Atom("node_type"), Value: kind},
		{Key: gen.Atom("connection_id"), Value: int64(id)},
	}}
}
