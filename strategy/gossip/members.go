package gossip

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"gonode/strategy"
)

// members are the nodes that were heard lately. It is pure: no clock, no sockets, no goroutines; its owner is run.
type members struct {
	max, maxPerSource int
	skew              time.Duration
	expire            func(*Packet) time.Duration

	nodes   map[strategy.Name]*member
	sources map[netip.Addr]int // nodes by where they were first heard from
	left    map[strategy.Name]departure
}

type member struct {
	node    strategy.Node
	source  netip.Addr
	expires time.Time
	proven  time.Time // until when it counts as one that sends authenticated packets
}

// departure is an authenticated goodbye, kept for as long as an older packet could be accepted.
type departure struct{ sent, forget time.Time }

func newMembers(s *settings) *members {
	return &members{
		max:          s.MaxNodes,
		maxPerSource: max(1, s.MaxNodes/4),
		skew:         s.MaxSkew,
		expire:       s.expire,
		nodes:        make(map[strategy.Name]*member),
		sources:      make(map[netip.Addr]int),
		left:         make(map[strategy.Name]departure),
	}
}

// hear takes a packet. changed is whether the set is another now; a Drop is why the packet is not taken.
func (m *members) hear(p *Packet) (changed bool, err error) {
	if p.Kind == Goodbye {
		return m.goodbye(p)
	}
	proven := p.Frame == FrameAuthenticated
	if d, ok := m.left[p.Node]; ok && proven && !p.Sent.After(d.sent) {
		return false, DropStale
	}
	known := m.nodes[p.Node]
	if known == nil {
		if known = m.admit(p); known == nil {
			return false, DropCrowded
		}
		changed = true
	}
	expire := m.expire(p)
	known.expires = p.At.Add(expire)
	if proven {
		known.proven = known.expires
	}
	if proven || !p.At.Before(known.proven) { // what is not proven does not change what is
		known.source = m.move(known.source, p.From.Addr())
		known.node.Origin = "gossip from " + p.From.String()
		if known.node.Address != p.Address {
			known.node.Address, changed = p.Address, true
		}
	}
	return changed, nil
}

// admit makes a member of the sender of p, or returns nil if there is no room.
func (m *members) admit(p *Packet) *member {
	source := p.From.Addr()
	if len(m.nodes) >= m.max || m.sources[source] >= m.maxPerSource {
		return nil
	}
	known := &member{node: strategy.Node{Name: p.Node, Address: p.Address}, source: source}
	m.nodes[p.Node] = known
	m.sources[source]++
	return known
}

// move counts a node of one source as one of the other, if there is room.
func (m *members) move(from, to netip.Addr) netip.Addr {
	if from == to || m.sources[to] >= m.maxPerSource {
		return from
	}
	m.release(from)
	m.sources[to]++
	return to
}

func (m *members) release(source netip.Addr) {
	if m.sources[source]--; m.sources[source] <= 0 {
		delete(m.sources, source)
	}
}

// goodbye removes the sender of p. Who sends authenticated packets leaves with one, and who does not from its own address.
func (m *members) goodbye(p *Packet) (changed bool, err error) {
	known := m.nodes[p.Node]
	proven := p.Frame == FrameAuthenticated
	if known != nil && !proven && (p.At.Before(known.proven) || known.source != p.From.Addr()) {
		return false, DropGoodbye
	}
	if proven && (known != nil || len(m.left) < m.max) {
		if d := m.left[p.Node]; p.Sent.After(d.sent) {
			m.left[p.Node] = departure{sent: p.Sent, forget: p.At.Add(2 * m.skew)}
		}
	}
	if known == nil {
		return false, nil
	}
	m.remove(p.Node, known)
	return true, nil
}

func (m *members) remove(name strategy.Name, known *member) {
	m.release(known.source)
	delete(m.nodes, name)
}

// sweep removes those that were not heard for too long, and reports whether there were any.
func (m *members) sweep(now time.Time) (changed bool) {
	for name, known := range m.nodes {
		if !now.Before(known.expires) {
			m.remove(name, known)
			changed = true
		}
	}
	maps.DeleteFunc(m.left, func(_ strategy.Name, d departure) bool { return !now.Before(d.forget) })
	return changed
}

// set returns all, sorted by name.
func (m *members) set() []strategy.Node {
	nodes := make([]strategy.Node, 0, len(m.nodes))
	for _, name := range slices.Sorted(maps.Keys(m.nodes)) {
		nodes = append(nodes, m.nodes[name].node)
	}
	return nodes
}
