package node

import (
	"maps"
	"sync"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// Past is what a node remembers of its connections to a peer.
type Past struct {
	Connects uint64    // how often the peer came up, the connection of now included; 0 if it is not known
	Down     time.Time // when the last connection that has ended did; zero if none has
	Reason   gen.Atom  // why: the nodedown_reason of its event
	Err      error     // what ended it, for people; may be nil
}

const (
	maxPast    = 4096 // peers
	maxReasons = 64
	restOfThem = "other" // the reasons beyond
)

// past remembers the peers that were up, and counts. The longest gone is forgotten when there are too many.
type past struct {
	mu         sync.Mutex
	live       map[*link]struct{}
	peers      map[gen.Atom]Past
	reconnects uint64
	downs      map[gen.Atom]uint64 // by reason

	bytesIn, bytesOut, signalsIn, signalsOut uint64 // of the connections that have ended
}

func (p *past) up(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.peers == nil {
		p.live, p.peers, p.downs = make(map[*link]struct{}), make(map[gen.Atom]Past), make(map[gen.Atom]uint64)
	}
	p.live[l] = struct{}{}
	known := p.peers[l.peer]
	if known.Connects > 0 {
		p.reconnects++
	} else if len(p.peers) >= maxPast {
		p.forget()
	}
	known.Connects++
	p.peers[l.peer] = known
}

// forget drops the peer that went down first. One that never did is up for the first time, and stays if it can.
func (p *past) forget() {
	var oldest gen.Atom
	var when time.Time
	for peer, known := range p.peers {
		if oldest == "" || !known.Down.IsZero() && (when.IsZero() || known.Down.Before(when)) {
			oldest, when = peer, known.Down
		}
	}
	delete(p.peers, oldest)
}

// down notes the end of a connection, and keeps what it has carried.
func (p *past) down(l *link, at time.Time, err error) {
	reason, carried := dist.Reason(err), l.conn.Stats()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, l)
	if known, ok := p.peers[l.peer]; ok {
		known.Down, known.Reason, known.Err = at, reason, err
		p.peers[l.peer] = known
	}
	if _, known := p.downs[reason]; !known && len(p.downs) >= maxReasons {
		reason = restOfThem
	}
	p.downs[reason]++
	p.bytesIn += carried.BytesIn
	p.bytesOut += carried.BytesOut
	p.signalsIn += carried.SignalsIn
	p.signalsOut += carried.SignalsOut
}

// add fills in st. It adds up the connections under the lock that those which end are kept under, so that sums never go
// back.
func (p *past) add(st *Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st.Reconnects, st.Downs, st.TickMisses = p.reconnects, maps.Clone(p.downs), p.downs[dist.ReasonTickTimeout]
	st.BytesIn, st.BytesOut, st.SignalsIn, st.SignalsOut = p.bytesIn, p.bytesOut, p.signalsIn, p.signalsOut
	for l := range p.live {
		c := l.conn.Stats()
		st.BytesIn += c.BytesIn
		st.BytesOut += c.BytesOut
		st.SignalsIn += c.SignalsIn
		st.SignalsOut += c.SignalsOut
		st.Pending += c.Pending
	}
}

// Past returns what is remembered of the peer called name: how often it came up, and why the last connection ended. Some
// thousands of peers are remembered. Any goroutine may call it.
func (n *Node) Past(name string) Past {
	n.past.mu.Lock()
	defer n.past.mu.Unlock()
	return n.past.peers[gen.Atom(name)]
}
