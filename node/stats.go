package node

import "sync/atomic"

// Stats are counters of a node since its start. Those of single connections are in Peer.
type Stats struct {
	Undelivered      uint64 // messages that came for a process that is not there
	MailboxFull      uint64 // messages that came for a process whose mailbox was at its limit; they are dropped
	Refused          uint64 // monitors, links and calls of peers beyond Config.MaxRelations, which were refused
	Overloaded       uint64 // connections ended because a peer did not read, and too much that can't wait was to be sent
	HandshakesFailed uint64 // connections that came in and did not become a link
	CrowdedOut       uint64 // of those, closed as the oldest because there were Config.MaxHandshakes
}

type counters struct {
	undelivered, mailboxFull, refused, overloaded, handshakesFailed, crowdedOut atomic.Uint64
}

// Stats returns the counters as they are now.
func (n *Node) Stats() Stats {
	return Stats{
		Undelivered:      n.counters.undelivered.Load(),
		MailboxFull:      n.counters.mailboxFull.Load(),
		Refused:          n.counters.refused.Load(),
		Overloaded:       n.counters.overloaded.Load(),
		HandshakesFailed: n.counters.handshakesFailed.Load(),
		CrowdedOut:       n.counters.crowdedOut.Load(),
	}
}
