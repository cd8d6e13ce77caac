package node

import (
	"cmp"
	"context"
	"slices"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/strategy"
)

// Peer is a connected node, as Nodes shows it.
type Peer struct {
	Name         string
	Hidden       bool         // hidden(nodes()) there or here: one of the two ends is a hidden node
	Flags        dist.Flags   // what both ends can do
	Creation     uint32       // of the peer
	Address      string       // host:port of its end of the connection
	Inbound      bool         // it connected to us
	Via          strategy.Via // who made the connection
	Since        time.Time    // when the connection came up
	ConnectionID uint64       // as in the events
	BytesIn      uint64       // received from it, with frames and ticks
	BytesOut     uint64       // sent to it
	SignalsIn    uint64       // messages and other signals received
	SignalsOut   uint64       // and sent
	TicksIn      uint64       // ticks received
	TicksOut     uint64       // and sent
	Pending      int          // bytes that wait to be written
}

// Nodes returns the connected nodes, visible and hidden, sorted by name.
func (n *Node) Nodes() []Peer {
	links := n.allLinks()
	peers := make([]Peer, 0, len(links))
	for _, l := range links {
		peers = append(peers, l.info())
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.Name, b.Name) })
	return peers
}

func (l *link) info() Peer {
	st := l.conn.Stats()
	return Peer{
		Name:         string(l.peer),
		Hidden:       !l.visible(),
		Flags:        l.conn.Flags(),
		Creation:     l.conn.Peer().Creation,
		Address:      l.conn.RemoteAddr().String(),
		Inbound:      l.inbound,
		Via:          l.via(),
		Since:        l.since,
		ConnectionID: uint64(l.id),
		BytesIn:      st.BytesIn,
		BytesOut:     st.BytesOut,
		SignalsIn:    st.SignalsIn,
		SignalsOut:   st.SignalsOut,
		TicksIn:      st.TicksIn,
		TicksOut:     st.TicksOut,
		Pending:      st.Pending,
	}
}

// Connect connects to the node called name and returns when it is up, at once if it is already. All who want the same
// node at the same time wait for one attempt. The error is a *ConnectError, or ctx's if that was done first; the attempt
// goes on then. A node that was connected this way is not pruned.
func (n *Node) Connect(ctx context.Context, name string) error {
	return n.connect(ctx, strategy.Node{Name: name}, true)
}

// connect is Connect, by hand or for discovery.
func (n *Node) connect(ctx context.Context, node strategy.Node, hand bool) error {
	name := node.Name
	if err := n.connectable(name); err != nil {
		return &ConnectError{Node: name, Stage: StageName, Err: err}
	}
	n.mu.Lock()
	if n.stopping {
		n.mu.Unlock()
		return errStopping
	}
	f := n.want(gen.Atom(name), hand, node.Address)
	if f == nil && hand {
		n.links[gen.Atom(name)].claimed.Store(true)
	}
	n.mu.Unlock()
	if f == nil {
		if hand {
			n.engine.Claim(name)
		}
		return nil
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connectable checks a name before anything is done about it.
func (n *Node) connectable(name string) error {
	if _, _, err := dist.ParseName(name); err != nil {
		return err
	}
	if name == n.cfg.Name {
		return errSelf
	}
	return nil
}

// Disconnect closes the connection to the node called name after what waits to be sent, and returns when its nodedown is
// out (erlang:disconnect_node/1). It reports false if there is no such connection. Nothing keeps the node from coming
// back: a strategy that names it, a process that sends to it, or the node itself.
func (n *Node) Disconnect(name string) bool {
	l := n.linkOf(gen.Atom(name))
	if l == nil {
		return false
	}
	l.conn.Close(dist.ErrDisconnect)
	<-l.gone
	return true
}
