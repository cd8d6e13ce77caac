package events

import (
	"errors"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// The atoms of the messages.
const (
	atomSubscribe   gen.Atom = "subscribe"
	atomUnsubscribe gen.Atom = "unsubscribe"
	atomPublish     gen.Atom = "publish"
	atomMembers     gen.Atom = "members"
	atomInfo        gen.Atom = "info"
	atomReplay      gen.Atom = "replay"
	atomNodeUp      gen.Atom = "nodeup"
	atomNodeDown    gen.Atom = "nodedown"
	atomOK          gen.Atom = "ok"
	atomError       gen.Atom = "error"
	atomBadArg      gen.Atom = "badarg"
	atomSystemLimit gen.Atom = "system_limit"
)

// ErrRequest is found by errors.Is in the errors of ParseMessage and ParseCall: the term is no request.
var ErrRequest = errors.New("not a request to the event server")

// Op is what a Request asks for.
type Op int

// The requests.
const (
	OpSubscribe   Op = iota + 1 // send events to PID from now on; Info and Replay say how
	OpUnsubscribe               // send PID nothing more
	OpPublish                   // send Event to all subscribers
	OpMembers                   // answer with the names of the nodes that are up
)

// String returns the atom of the request.
func (op Op) String() string {
	switch op {
	case OpSubscribe:
		return string(atomSubscribe)
	case OpUnsubscribe:
		return string(atomUnsubscribe)
	case OpPublish:
		return string(atomPublish)
	case OpMembers:
		return string(atomMembers)
	}
	return fmt.Sprintf("Op(%d)", int(op))
}

// Request is what a process asks of the event server.
type Request struct {
	Op     Op
	PID    gen.PID // of OpSubscribe and OpUnsubscribe
	Info   bool    // events are {nodeup, Node, Info} and not {nodeup, Node}
	Replay bool    // the nodes that are up are sent first, as nodeup
	Event  any     // of OpPublish
}

// ParseMessage reads a message or a gen_server cast to the event server:
//
//	{subscribe, Pid}
//	{subscribe, Pid, Options}
//	{unsubscribe, Pid}
//	{publish, Event}
//
// Options is a list of atoms and {Atom, Boolean}, as an Elixir keyword list is, or a map: info asks for three-element
// events, replay for the nodes that are up already.
func ParseMessage(term any) (Request, error) {
	t, ok := term.(etf.Tuple)
	if !ok || len(t) < 2 {
		return Request{}, refuse(term)
	}
	switch {
	case t[0] == atomPublish && len(t) == 2:
		return Request{Op: OpPublish, Event: t[1]}, nil
	case t[0] == gen.Atom("$gen_cast") && len(t) == 2:
		return ParseMessage(t[1])
	}
	pid, ok := t[1].(gen.PID)
	if !ok {
		return Request{}, refuse(term)
	}
	switch {
	case t[0] == atomUnsubscribe && len(t) == 2:
		return Request{Op: OpUnsubscribe, PID: pid}, nil
	case t[0] == atomSubscribe && len(t) == 2:
		return Request{Op: OpSubscribe, PID: pid}, nil
	case t[0] == atomSubscribe && len(t) == 3:
		r := Request{Op: OpSubscribe, PID: pid}
		return r, r.setOptions(t[2])
	}
	return Request{}, refuse(term)
}

// ParseCall reads a gen_server call of the process from. It takes what ParseMessage does, and these atoms, the first two
// of which are about the caller:
//
//	subscribe
//	unsubscribe
//	members
func ParseCall(from gen.PID, term any) (Request, error) {
	switch term {
	case atomSubscribe:
		return Request{Op: OpSubscribe, PID: from}, nil
	case atomUnsubscribe:
		return Request{Op: OpUnsubscribe, PID: from}, nil
	case atomMembers:
		return Request{Op: OpMembers}, nil
	}
	return ParseMessage(term)
}

func refuse(term any) error {
	return fmt.Errorf("events: %s: %w: want {subscribe, Pid}, {subscribe, Pid, Options}, {unsubscribe, Pid} or "+
		"{publish, Event}; in a call also subscribe, unsubscribe or members", etf.FormatLimit(term, 200), ErrRequest)
}

func (r *Request) setOptions(options any) error {
	switch options := options.(type) {
	case etf.List:
		for _, opt := range options {
			key, value := opt, any(true)
			if t, ok := opt.(etf.Tuple); ok && len(t) == 2 {
				key, value = t[0], t[1]
			}
			if err := r.setOption(key, value); err != nil {
				return err
			}
		}
		return nil
	case etf.Map:
		for key, value := range options.All() {
			if err := r.setOption(key, value); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("events: options %s: %w: want a list or a map", etf.FormatLimit(options, 200), ErrRequest)
}

func (r *Request) setOption(key, value any) error {
	var on bool
	switch value {
	case gen.Atom("true"), true:
		on = true
	case gen.Atom("false"), false:
	default:
		return refuseOption(key, value)
	}
	switch key {
	case atomInfo:
		r.Info = on
	case atomReplay:
		r.Replay = on
	default:
		return refuseOption(key, value)
	}
	return nil
}

func refuseOption(key, value any) error {
	return fmt.Errorf("events: option %s: %w: want info or replay, true or false",
		etf.FormatLimit(etf.Tuple{key, value}, 200), ErrRequest)
}

// Term returns the message that says so to a process: {nodeup, Node}, or with info {nodeup, Node, Info}, where Info is
// the map that net_kernel:monitor_nodes/2 gives when its options are a map.
func (ev NodeUp) Term(info bool) any {
	if !info {
		return etf.Tuple{atomNodeUp, gen.Atom(ev.Node)}
	}
	return etf.Tuple{atomNodeUp, gen.Atom(ev.Node), infoMap(ev.Hidden, ev.ConnectionID)}
}

// Term returns the message that says so to a process: {nodedown, Node}, or with info {nodedown, Node, Info}, where Info
// also has the nodedown_reason.
func (ev NodeDown) Term(info bool) any {
	if !info {
		return etf.Tuple{atomNodeDown, gen.Atom(ev.Node)}
	}
	reason := ev.Reason
	if reason == nil {
		reason = gen.Atom("undefined")
	}
	m := append(infoMap(ev.Hidden, ev.ConnectionID), etf.Pair{Key: gen.Atom("nodedown_reason"), Value: reason})
	return etf.Tuple{atomNodeDown, gen.Atom(ev.Node), m}
}

func infoMap(hidden bool, connection uint64) etf.Map {
	nodeType := gen.Atom("visible")
	if hidden {
		nodeType = "hidden"
	}
	return etf.Map{
		{Key: gen.Atom("node_type"), Value: nodeType},
		{Key: gen.Atom("connection_id"), Value: int64(connection)},
	}
}
