package node

import (
	"errors"
	"sync"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/kernel"
)

// placed are the monitors and links that Ergo has placed on processes elsewhere, one a target, from its core process.
// The zero value is empty. Its lock is never held while Ergo is called, which calls us with its own lock held.
type placed struct {
	node *Node

	mu    sync.Mutex
	peers map[gen.Atom]*placedOn
}

// placedOn is what is placed on one peer. A target is a gen.PID or a gen.ProcessID.
type placedOn struct {
	monitors map[any]gen.Ref
	targets  map[gen.Ref]any
	links    map[gen.PID]struct{}
}

// on returns what is placed on peer; the caller holds the lock.
func (p *placed) on(peer gen.Atom) *placedOn {
	if p.peers == nil {
		p.peers = make(map[gen.Atom]*placedOn)
	}
	o := p.peers[peer]
	if o == nil {
		o = &placedOn{
			monitors: make(map[any]gen.Ref),
			targets:  make(map[gen.Ref]any),
			links:    make(map[gen.PID]struct{}),
		}
		p.peers[peer] = o
	}
	return o
}

// lose ends what was placed on a peer that is gone, each with noconnection. Ergo would do that too when it hears of the
// node, but with its core process as the sender of the exits, which an actor takes for its parent and does not trap.
func (p *placed) lose(peer gen.Atom) {
	p.mu.Lock()
	o := p.peers[peer]
	delete(p.peers, peer)
	p.mu.Unlock()
	if o == nil {
		return
	}
	gone := kernel.ReasonError(gen.Atom("noconnection"))
	for target := range o.monitors {
		switch target := target.(type) {
		case gen.PID:
			p.node.core.RouteTerminatePID(target, gone)
		case gen.ProcessID:
			p.node.core.RouteTerminateProcessID(target, gone)
		}
	}
	for target := range o.links {
		p.node.core.RouteTerminatePID(target, gone)
	}
}

// monitor sends a MONITOR_P for target; to says how it is addressed.
func (p *placed) monitor(s *session, target any, to dist.Signal) error {
	ref := p.node.makeRef()
	p.mu.Lock()
	o := p.on(s.peer)
	if _, ok := o.monitors[target]; ok {
		p.mu.Unlock()
		return nil
	}
	o.monitors[target], o.targets[ref] = ref, target
	p.mu.Unlock()
	to.Kind, to.From, to.Ref = dist.KindMonitor, p.node.core.PID(), ref
	err := s.post(&to)
	if err != nil {
		p.takeMonitor(s.peer, ref)
	}
	return err
}

// demonitor sends the DEMONITOR_P.
func (p *placed) demonitor(s *session, target any, to dist.Signal) error {
	p.mu.Lock()
	ref, ok := p.on(s.peer).monitors[target]
	p.mu.Unlock()
	if !ok || p.takeMonitor(s.peer, ref) == nil {
		return nil
	}
	to.Kind, to.From, to.Ref = dist.KindDemonitor, p.node.core.PID(), ref
	return s.post(&to)
}

// takeMonitor forgets the monitor with ref and returns its target, nil if there is none.
func (p *placed) takeMonitor(peer gen.Atom, ref gen.Ref) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.on(peer)
	target, ok := o.targets[ref]
	if !ok {
		return nil
	}
	delete(o.targets, ref)
	delete(o.monitors, target)
	return target
}

// link sends a LINK from the core process.
func (p *placed) link(s *session, target gen.PID) error {
	p.mu.Lock()
	p.on(s.peer).links[target] = struct{}{}
	p.mu.Unlock()
	err := s.post(&dist.Signal{Kind: dist.KindLink, From: p.node.core.PID(), To: target})
	if err != nil {
		p.takeLink(s.peer, target)
	}
	return err
}

// unlink takes the LINK back.
func (p *placed) unlink(s *session, target gen.PID) error {
	if !p.takeLink(s.peer, target) {
		return nil
	}
	err := s.post(&dist.Signal{
		Kind: dist.KindUnlinkID, From: p.node.core.PID(), To: target, ID: p.node.unlinkIDs.Add(1),
	})
	if errors.Is(err, dist.ErrStale) {
		return nil // nobody is there, so nobody is linked
	}
	return err
}

// takeLink forgets the link to target and reports whether there was one.
func (p *placed) takeLink(peer gen.Atom, target gen.PID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.on(peer)
	_, ok := o.links[target]
	delete(o.links, target)
	return ok
}
