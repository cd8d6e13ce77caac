package events

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// DefaultMaxSubscribers is how many processes may subscribe at one Server, unless MaxSubscribers says otherwise.
const DefaultMaxSubscribers = 4096

// ServerOption changes a Server.
type ServerOption func(*Server)

// MaxSubscribers sets how many processes may subscribe at once; one more is refused. Zero and less mean
// DefaultMaxSubscribers.
func MaxSubscribers(n int) ServerOption {
	return func(s *Server) {
		if n > 0 {
			s.max = n
		}
	}
}

// Server is the process at which processes, of Erlang's and of ours, subscribe to the events of a hub. Its requests are
// those of ParseMessage and ParseCall; the answers to calls are ok, a list of node names for members, and
// {error, badarg} or {error, system_limit}. Subscribers get {nodeup, Node} and {nodedown, Node}, of hidden nodes too,
// with info {nodeup, Node, Info} and {nodedown, Node, Info}, in the order of the hub; and what anybody publishes.
//
// A process that subscribes twice is one subscriber, with the options of the last time. One that ends, or whose node goes
// down, is forgotten. Messages that are no requests are ignored and counted.
//
// gen.Node.Inspect gives the counters: subscribers, published (messages from publish requests), ignored, refused (for
// want of room), skipped (events of the hub that the server was too slow for).
type Server struct {
	act.Actor
	hub *Hub
	max int

	sub  *Subscription
	poke poker

	members     []gen.Atom // nodes up, in order, as far as subscribers were told
	up          map[gen.Atom]NodeUp
	subscribers map[gen.PID]Request

	published, ignored, refused, skipped uint64
}

// NewServer returns the factory of a Server for the events of hub, for gen.Node.SpawnRegister.
func NewServer(hub *Hub, opts ...ServerOption) gen.ProcessFactory {
	return func() gen.ProcessBehavior {
		s := &Server{
			hub:         hub,
			max:         DefaultMaxSubscribers,
			up:          make(map[gen.Atom]NodeUp),
			subscribers: make(map[gen.PID]Request),
		}
		for _, opt := range opts {
			opt(s)
		}
		return s
	}
}

// poked is the message that says that there is something in the subscription.
type poked struct{}

// poker sends at most one poked at a time. It is called by whoever publishes, and must not wait.
type poker struct {
	node    gen.Node
	pid     gen.PID
	pending atomic.Bool
}

func (p *poker) notify() {
	if p.pending.Swap(true) {
		return
	}
	if err := p.node.Send(p.pid, poked{}); err != nil {
		p.pending.Store(false)
	}
}

// Init implements act.ActorBehavior.
func (s *Server) Init(...any) error {
	s.poke.node, s.poke.pid = s.Node(), s.PID()
	// The subscription is the process' own: Terminate closes it.
	s.sub = s.hub.Subscribe(context.Background(), Notify(s.poke.notify))
	s.drain()
	return nil
}

// Terminate implements act.ActorBehavior.
func (s *Server) Terminate(error) {
	if s.sub != nil {
		s.sub.Close()
	}
}

// HandleMessage implements act.ActorBehavior.
func (s *Server) HandleMessage(_ gen.PID, message any) error {
	// First, so that a request finds and sees all that happened before it came.
	s.drain()
	switch m := message.(type) {
	case poked:
	case gen.MessageDownPID:
		delete(s.subscribers, m.PID)
	default:
		r, err := ParseMessage(message)
		if err != nil {
			s.ignored++
			s.Log().Debug("ignoring a message: %s", err)
			return nil
		}
		s.serve(r)
	}
	return nil
}

// HandleCall implements act.ActorBehavior.
func (s *Server) HandleCall(from gen.PID, _ gen.Ref, request any) (any, error) {
	s.drain()
	r, err := ParseCall(from, request)
	if err != nil {
		s.ignored++
		s.Log().Debug("refusing a call: %s", err)
		return etf.Tuple{atomError, atomBadArg}, nil
	}
	return s.serve(r), nil
}

// HandleInspect implements act.ActorBehavior.
func (s *Server) HandleInspect(gen.PID, ...string) map[string]string {
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return map[string]string{
		"subscribers": strconv.Itoa(len(s.subscribers)),
		"published":   count(s.published),
		"ignored":     count(s.ignored),
		"refused":     count(s.refused),
		"skipped":     count(s.skipped),
	}
}

// serve does what r asks and returns the answer.
func (s *Server) serve(r Request) any {
	switch r.Op {
	case OpSubscribe:
		return s.subscribe(r)
	case OpUnsubscribe:
		if _, ok := s.subscribers[r.PID]; ok {
			s.forget(r.PID)
		}
	case OpPublish:
		s.published++
		s.broadcast(func(Request) any { return r.Event })
	case OpMembers:
		names := make(etf.List, len(s.members))
		for i, name := range s.members {
			names[i] = name
		}
		return names
	}
	return atomOK
}

func (s *Server) subscribe(r Request) any {
	if _, ok := s.subscribers[r.PID]; !ok {
		if len(s.subscribers) >= s.max {
			s.refused++
			s.Log().Warning("refusing subscriber %s: there are %d already, which is the limit", r.PID, s.max)
			return etf.Tuple{atomError, atomSystemLimit}
		}
		// A process that is dead already, or out of reach, needs no events; as with a monitor in Erlang that is no
		// error of the request.
		if err := s.MonitorPID(r.PID); err != nil && !errors.Is(err, gen.ErrTargetExist) {
			s.Log().Debug("subscriber %s can't be monitored: %s", r.PID, err)
			return atomOK
		}
	}
	s.subscribers[r.PID] = r
	if r.Replay {
		for _, name := range s.members {
			s.send(r.PID, s.up[name].Term(r.Info))
		}
	}
	return atomOK
}

// forget drops a subscriber that is alive.
func (s *Server) forget(pid gen.PID) {
	delete(s.subscribers, pid)
	if err := s.DemonitorPID(pid); err != nil {
		s.Log().Debug("subscriber %s can't be demonitored: %s", pid, err)
	}
}

func (s *Server) broadcast(message func(Request) any) {
	for pid, r := range s.subscribers {
		s.send(pid, message(r))
	}
}

// send sends to a subscriber, and forgets it if it is dead.
func (s *Server) send(pid gen.PID, message any) {
	err := s.SendPID(pid, message)
	if errors.Is(err, gen.ErrProcessUnknown) || errors.Is(err, gen.ErrProcessTerminated) {
		delete(s.subscribers, pid)
	}
}
