package main

import (
	"fmt"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// The names of the three actors, as in gonode_bench.erl.
const (
	echoName   = gen.Atom("bench_echo")
	sinkName   = gen.Atom("bench_sink")
	sourceName = gen.Atom("bench_source")
)

// serve starts the three actors on n.
func serve(n *node.Node) error {
	for name, factory := range map[gen.Atom]gen.ProcessFactory{
		echoName:   func() gen.ProcessBehavior { return &echo{} },
		sinkName:   func() gen.ProcessBehavior { return &sink{node: n} },
		sourceName: func() gen.ProcessBehavior { return &source{} },
	} {
		if _, err := n.Runtime().SpawnRegister(name, factory, gen.ProcessOptions{}); err != nil {
			return fmt.Errorf("spawn %s: %w", name, err)
		}
	}
	return nil
}

// echo takes {From, Term} and sends Term to From.
type echo struct{ act.Actor }

// HandleMessage implements act.ActorBehavior.
func (e *echo) HandleMessage(_ gen.PID, message any) error {
	if m, ok := message.(etf.Tuple); ok && len(m) == 2 {
		if from, ok := m[0].(gen.PID); ok {
			return e.Send(from, m[1])
		}
	}
	return nil
}

// sink counts messages, and gives the memory of binaries back; {From, count} gets {count, N} and begins anew.
type sink struct {
	act.Actor
	node *node.Node
	n    int
}

// HandleMessage implements act.ActorBehavior.
func (s *sink) HandleMessage(_ gen.PID, message any) error {
	if m, ok := message.(etf.Tuple); ok && len(m) == 2 && m[1] == gen.Atom("count") {
		if from, ok := m[0].(gen.PID); ok {
			n := s.n
			s.n = 0
			return s.Send(from, etf.Tuple{gen.Atom("count"), n})
		}
	}
	s.n++
	if b, ok := message.([]byte); ok {
		s.node.Recycle(b)
	}
	return nil
}

// source takes {From, N, Term} and sends Term to From, N times.
type source struct{ act.Actor }

// HandleMessage implements act.ActorBehavior.
func (s *source) HandleMessage(_ gen.PID, message any) error {
	m, ok := message.(etf.Tuple)
	if !ok || len(m) != 3 {
		return nil
	}
	from, ok := m[0].(gen.PID)
	n, isInt := m[1].(int64)
	if !ok || !isInt {
		return nil
	}
	term := m[2]
	if b, ok := term.([]byte); ok {
		term = string(b) // which can't change, so that dist does not copy it for each message
	}
	for range n {
		if err := s.Send(from, term); err != nil {
			return err
		}
	}
	return nil
}
