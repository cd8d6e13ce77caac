package gossip

import (
	"fmt"
	"sync/atomic"
)

// Drop is why a packet was not taken. It is an error: errors.Is(packet.Err, gossip.DropForged).
type Drop uint8

// The reasons. The String of each is the name of its counter.
const (
	DropOversized Drop = iota // longer than any gossip
	DropElsewhere             // came to a group or on an interface that is not ours, by way of another program's membership
	DropLimited               // its source sends too many
	DropUnknown               // in no frame that is known: not gossip, or encrypted with another secret
	DropRefused               // in a frame that this node does not accept
	DropMalformed             // in a known frame, with something else in it than gossip
	DropName                  // the name is not a node name
	DropVersion               // an authenticated frame of a later version
	DropKey                   // authenticated with a key that is not known here
	DropForged                // the key is known, and the packet was not made with it, or was changed
	DropStale                 // the time stamp is too far from this clock, or from before a goodbye
	DropReplayed              // has been here already: by way of another interface, or by an attacker
	DropOwn                   // our own, back from the network
	DropClaimed               // our name, from another host
	DropGoodbye               // a goodbye from another address than the node's, or in a weaker frame
	DropCrowded               // there are too many nodes, or too many of this source
	drops                     // how many there are
)

func dropTexts() [drops][2]string {
	return [drops][2]string{
		DropOversized: {"oversized", "too long for gossip"},
		DropElsewhere: {"elsewhere", "for another group or interface"},
		DropLimited:   {"limited", "its source sends too many"},
		DropUnknown:   {"unknown", "not gossip, or encrypted with another secret"},
		DropRefused:   {"refused", "in a frame that is not accepted here"},
		DropMalformed: {"malformed", "malformed"},
		DropName:      {"name", "not a node name"},
		DropVersion:   {"version", "of a later version of the authenticated frame"},
		DropKey:       {"key", "authenticated with a key that is not known here"},
		DropForged:    {"forged", "forged, or damaged on the way"},
		DropStale:     {"stale", "too old, or the clocks of the two hosts differ"},
		DropReplayed:  {"replayed", "received before"},
		DropOwn:       {"own", "our own"},
		DropClaimed:   {"claimed", "our own name from another host"},
		DropGoodbye:   {"goodbye", "a goodbye by somebody else"},
		DropCrowded:   {"crowded", "too many nodes"},
	}
}

// String returns the name of the reason, one word in lower case.
func (d Drop) String() string {
	if d < drops {
		return dropTexts()[d][0]
	}
	return fmt.Sprintf("Drop(%d)", uint8(d))
}

// MarshalText implements encoding.TextMarshaler, with what String returns.
func (d Drop) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Error implements error.
func (d Drop) Error() string {
	if d < drops {
		return "gossip: packet dropped: " + dropTexts()[d][1]
	}
	return "gossip: packet dropped: " + d.String()
}

// Stats are the counters of a Strategy over all its runs.
type Stats struct {
	Nodes int // that are known now

	Sent       uint64 // packets, to all destinations
	SendErrors uint64 // packets that could not be sent

	Received   uint64 // packets, whatever they were
	Heartbeats uint64 // that were taken
	Goodbyes   uint64 // that were taken

	// Dropped are the packets that were not taken, by reason; every reason is there. Together with Heartbeats and
	// Goodbyes they make Received, but for what is under way.
	Dropped map[Drop]uint64
}

type counters struct {
	nodes                                            atomic.Int64
	sent, sendErrors, received, heartbeats, goodbyes atomic.Uint64
	dropped                                          [drops]atomic.Uint64
}

// count counts a packet that is not taken.
func (c *counters) count(why Drop) { c.dropped[why].Add(1) }

// Stats returns the counters as they are now. It may be called from any goroutine, while the strategy runs and not.
func (s *Strategy) Stats() Stats {
	c := &s.counters
	stats := Stats{
		Nodes:      int(c.nodes.Load()),
		Sent:       c.sent.Load(),
		SendErrors: c.sendErrors.Load(),
		Received:   c.received.Load(),
		Heartbeats: c.heartbeats.Load(),
		Goodbyes:   c.goodbyes.Load(),
		Dropped:    make(map[Drop]uint64, drops),
	}
	for d := range drops {
		stats.Dropped[d] = c.dropped[d].Load()
	}
	return stats
}
