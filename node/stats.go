package node

import "sync/atomic"

// Stats are counters of a node since its start. Those of single connections are in Peer.
type Stats struct {
	Undelivered      uint64 // messages that came for a process that is not there
	MailboxFull      uint64 // messages that came for a process whose mailbox was at its limit; they are dropped
	HandshakesFailed uint64 // connections that came in and did not become a link
	CrowdedOut       uint64 // of those, closed as the oldest because there were Config.MaxHandshakes
}

type counters struct {
	undelivered, mailboxFull, handshakesFailed, crowdedOut atomic.Uint64
}

// Stats returns the counters as they are now.
func (n *Node) Stats() Stats {
	return Stats{
		Undelivered:      n.counters.undelivered.Load(),
		MailboxFull:      n.counters.mailboxFull.Load(),
		HandshakesFailed: n.counters.handshakesFailed.Load(),
		CrowdedOut:       n.counters.crowdedOut.Load(),
	}
}
