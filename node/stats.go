package node

import (
	"maps"
	"slices"
	"sync/atomic"

	"ergo.services/ergo/gen"
)

// Stats are counters of a node since its start. Those of single connections are in Peer.
type Stats struct {
	Undelivered      uint64 // messages that came for a process that is not there
	MailboxFull      uint64 // messages that came for a process whose mailbox was at its limit; they are dropped
	Refused          uint64 // monitors, links and calls of peers beyond Config.MaxRelations, which were refused
	Overloaded       uint64 // connections ended because a peer did not read, and too much that can't wait was to be sent
	HandshakesFailed uint64 // connections that came in and did not become a link
	CrowdedOut       uint64 // of those, closed as the oldest because there were Config.MaxHandshakes

	HandshakesIn  map[HandshakeResult]uint64 // of connections that came in; every result is there
	HandshakesOut map[HandshakeResult]uint64 // and of those that we made
	Unresolved    uint64                     // attempts to connect for which no address was found
	Unreachable   uint64                     // and those to whose address there was no TCP connection

	Reconnects uint64              // times that a peer came up which had been up before
	Downs      map[gen.Atom]uint64 // connections that have ended, by the reason of their nodedown
	TickMisses uint64              // of those, given up since nothing came for the whole tick time

	// On all connections, those of now and those that have ended.
	BytesIn, BytesOut, SignalsIn, SignalsOut uint64

	Pending     int // bytes that wait to be written, to all peers
	Waiting     int // signals that wait for the connection to a peer that is being dialled
	Flights     int // attempts to connect under way
	Handshaking int // connections that came in and are in their handshake
	Calls       int // calls of exported functions that run now
}

type counters struct {
	undelivered, mailboxFull, refused, overloaded, handshakesFailed, crowdedOut atomic.Uint64

	unresolved, unreachable     atomic.Uint64
	handshakesIn, handshakesOut handshakes
}

// Stats returns the counters as they are now, each right by itself.
func (n *Node) Stats() Stats {
	st := Stats{
		Undelivered:      n.counters.undelivered.Load(),
		MailboxFull:      n.counters.mailboxFull.Load(),
		Refused:          n.counters.refused.Load(),
		Overloaded:       n.counters.overloaded.Load(),
		HandshakesFailed: n.counters.handshakesFailed.Load(),
		CrowdedOut:       n.counters.crowdedOut.Load(),
		HandshakesIn:     n.counters.handshakesIn.counts(),
		HandshakesOut:    n.counters.handshakesOut.counts(),
		Unresolved:       n.counters.unresolved.Load(),
		Unreachable:      n.counters.unreachable.Load(),
		Calls:            n.jobs.running(),
	}
	n.listener.mu.Lock()
	st.Handshaking = n.listener.shakes.Len()
	n.listener.mu.Unlock()
	st.Flights, st.Waiting = n.pending()
	n.past.add(&st)
	return st
}

// pending returns how many attempts to connect are under way, and how many signals wait for such.
func (n *Node) pending() (flights, signals int) {
	n.mu.Lock()
	flights = len(n.flights)
	sessions := slices.Collect(maps.Values(n.sessions))
	n.mu.Unlock()
	for _, s := range sessions {
		s.mu.Lock()
		signals += len(s.queue)
		s.mu.Unlock()
	}
	return flights, signals
}
