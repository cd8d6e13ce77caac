package gossip

import (
	"net/netip"
	"time"
)

// maxPacket is the longest datagram that is looked at. The longest that anybody has reason to send is a node name of 255
// characters of four bytes, an address of 255 bytes, and what is around them.
const maxPacket = 1400

// Packet is one datagram, decoded as far as it goes.
type Packet struct {
	At        time.Time      // when it was read
	From      netip.AddrPort // who sent it, by the word of the network
	To        netip.Addr     // the group or address it was sent to; zero where the system does not tell
	Interface string         // the name of the interface it came in on; empty where the system does not tell
	Size      int            // bytes

	Frame Frame
	Kind  Kind
	Node  string // the name it speaks of; it may be wrong in any way unless Err is nil

	// The authenticated frame says more.
	Key      string        // the id of the key, not the key
	Address  string        // "host:port" where the node listens, if it tells
	Sent     time.Time     // by the clock of the sender
	Interval time.Duration // how far apart its heartbeats are at most

	// Err is why the packet is not taken: a Drop; nil if it is. Detail says more, for people.
	Err    error
	Detail string
}

// drop makes the packet one that is not taken.
func (p *Packet) drop(why Drop, detail string) { p.Err, p.Detail = why, detail }
