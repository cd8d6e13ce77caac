package events

import (
	"slices"

	"ergo.services/ergo/gen"
)

// drain tells the subscribers what has happened.
func (s *Server) drain() {
	// Before the reading: what is published from now on pokes again.
	s.poke.pending.Store(false)
	for {
		ev, ok := s.sub.TryNext()
		if !ok {
			return
		}
		switch ev := ev.(type) {
		case NodeUp:
			s.nodeUp(ev)
		case NodeDown:
			s.nodeDown(ev)
		case Skipped:
			s.skipped += ev.Count
			s.Log().Warning("skipped %d events: the event server was too slow", ev.Count)
		}
	}
}

func (s *Server) nodeUp(ev NodeUp) {
	name := gen.Atom(ev.Node)
	if _, ok := s.up[name]; !ok {
		s.members = append(s.members, name)
	}
	s.up[name] = ev
	s.tell(ev.Term)
}

func (s *Server) nodeDown(ev NodeDown) {
	name := gen.Atom(ev.Node)
	delete(s.up, name)
	s.members = slices.DeleteFunc(s.members, func(m gen.Atom) bool { return m == name })
	// The subscribers on that node are gone, too. Their DOWN may come later than this, and to send to them now would be
	// to connect to the node again.
	for pid := range s.subscribers {
		if pid.Node == name {
			delete(s.subscribers, pid)
		}
	}
	s.tell(ev.Term)
}

// tell sends an event in both forms, each made once, and only if somebody wants it.
func (s *Server) tell(term func(info bool) any) {
	var forms [2]any
	s.broadcast(func(r Request) any {
		form := &forms[0]
		if r.Info {
			form = &forms[1]
		}
		if *form == nil {
			*form = term(r.Info)
		}
		return *form
	})
}
