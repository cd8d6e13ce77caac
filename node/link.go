package node

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/events"
	"gonode/strategy"
)

// link is one live connection to a peer, from the end of the handshake to its nodedown. One goroutine, run, owns it:
// it says that the peer is up, receives, and says that it is down.
type link struct {
	node    *Node
	id      linkID
	peer    gen.Atom
	conn    *dist.Conn
	inbound bool
	flight  *flight     // of ours that made it; nil if it is inbound
	claimed atomic.Bool // somebody else than discovery wanted it; set under Node.mu
	since   time.Time

	gone chan struct{} // closed when the nodedown is out and the peer may come back

	calls    calls    // our calls that wait for an answer from the peer
	requests requests // the peer's calls that wait for an answer of ours
	watched  watched  // the peer's monitors of, and links to, our processes
}

// newLink returns a link that f has made, or if that is nil one that came in.
func (n *Node) newLink(conn *dist.Conn, peer gen.Atom, f *flight) *link {
	l := &link{
		node:    n,
		id:      linkID(n.linkIDs.Add(1)),
		peer:    peer,
		conn:    conn,
		inbound: f == nil,
		flight:  f,
		since:   n.now(),
		gone:    make(chan struct{}),
		watched: watched{max: n.cfg.MaxRelations},
	}
	return l
}

// visible reports whether both ends are visible nodes.
func (l *link) visible() bool { return l.conn.Flags().Has(dist.FlagPublished) }

// via says who made the connection.
func (l *link) via() strategy.Via {
	switch {
	case l.inbound:
		return strategy.ViaPeer
	case l.claimed.Load():
		return strategy.ViaApplication
	}
	return strategy.ViaDiscovery
}

// send sends sig; it waits, within ctx, while too much waits for the peer already.
func (l *link) send(ctx context.Context, sig *dist.Signal) error {
	return sendError(l.conn.Send(ctx, sig))
}

// post sends sig without waiting, for answers from the receive loop and calls that hold a lock.
func (l *link) post(sig *dist.Signal) error { return sendError(l.conn.Post(sig)) }

// answer posts sig, an answer to what the peer sent. If it can't go out the connection is ending, or whom it is for is
// gone or can't be told.
func (l *link) answer(sig *dist.Signal) {
	if err := l.post(sig); err != nil && !errors.Is(err, gen.ErrNoConnection) {
		l.node.log.Debug("answer not sent", "peer", string(l.peer), "signal", sig.Kind, "error", err)
	}
}

// sendError translates what processes ask Ergo for: a connection that has ended is gen.ErrNoConnection.
func sendError(err error) error {
	if errors.Is(err, dist.ErrClosed) {
		return gen.ErrNoConnection
	}
	return err
}

// admit makes l the connection to its peer, after ending the one that is in the way. It returns false if the node is
// stopping.
func (n *Node) admit(l *link) bool {
	for {
		n.mu.Lock()
		if n.stopping {
			n.mu.Unlock()
			return false
		}
		old := n.table.admit(l.peer, l.id)
		if old == 0 {
			n.links[l.peer] = l
			l.claimed.Store(l.flight != nil && l.flight.hand)
			n.wg.Add(1)
			n.mu.Unlock()
			return true
		}
		before := n.present(l.peer)
		n.mu.Unlock()
		before.replaced()
		<-before.gone
	}
}

// replaced ends a link whose peer has made a new one: to subscribers it was closed, like any that the peer gave up.
func (l *link) replaced() {
	l.conn.Abort(&dist.LinkError{Peer: l.peer, Reason: dist.ReasonConnectionClosed, Err: errReplaced})
}

var errReplaced = errors.New("the peer has connected anew")

// run is the life of an admitted link; it owns the link and returns when its nodedown is out. up is called when the
// nodeup is.
func (l *link) run(up func()) {
	n := l.node
	defer n.wg.Done()
	n.past.up(l)
	n.log.Info("node up", "peer", string(l.peer), "hidden", !l.visible(), "inbound", l.inbound, "address", l.conn.RemoteAddr().String())
	n.hub.Publish(events.NodeUp{
		Node: string(l.peer), Hidden: !l.visible(), Creation: l.conn.Peer().Creation, ConnectionID: uint64(l.id),
	})
	l.greet()
	if s := n.attached(l); s != nil {
		s.attach(l)
	}
	n.engine.Up(string(l.peer), l.via())
	up()
	var err error
	deep[linkDepth](func() { err = l.conn.Serve(l.receive) })
	l.down(err)
}

// down tells everybody that the peer is gone: first the processes here that had to do with it, then the subscribers.
func (l *link) down(err error) {
	n := l.node
	n.mu.Lock()
	n.table.lost(l.peer, l.id)
	s := n.sessions[l.peer]
	delete(n.sessions, l.peer)
	n.mu.Unlock()

	l.calls.failAll(gen.ErrNoConnection)
	l.breakLinks()
	n.relations.forget(l)
	n.placed.lose(l.peer)
	if s != nil {
		s.end()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s.wait(ctx)
		cancel()
	}
	if errors.Is(err, dist.ErrOverload) {
		n.counters.overloaded.Add(1)
	}
	reason := dist.Reason(err)
	n.log.Info("node down", "peer", string(l.peer), "reason", string(reason), "error", err)

	n.mu.Lock()
	delete(n.links, l.peer)
	n.leaving[l.peer] = l
	n.mu.Unlock()
	n.past.down(l, n.now(), err)
	n.hub.Publish(events.NodeDown{
		Node: string(l.peer), Hidden: !l.visible(), Creation: l.conn.Peer().Creation, ConnectionID: uint64(l.id),
		Reason: reason, Err: err,
	})
	n.engine.Down(string(l.peer))
	n.mu.Lock()
	delete(n.leaving, l.peer)
	n.table.gone(l.peer, l.id)
	n.mu.Unlock()
	close(l.gone)
}

// linkOf returns the link to peer, nil if there is none.
func (n *Node) linkOf(peer gen.Atom) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.links[peer]
}

// present returns the link that has the peer's place: the live one, or one whose nodedown is not out yet; nil if there
// is none. The caller holds n.mu.
func (n *Node) present(peer gen.Atom) *link {
	if l := n.links[peer]; l != nil {
		return l
	}
	return n.leaving[peer]
}

// allLinks returns the links that there are now.
func (n *Node) allLinks() []*link {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.links))
}
