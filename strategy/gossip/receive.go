package gossip

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// receiver reads one socket. It belongs to the goroutine that reads.
type receiver struct {
	n       *network
	socket  *socket
	codec   *codec
	limiter *limiter // nil for no limit
	every   bool     // the packets that are not taken are handed on too
}

// How many reads in a row may fail before the socket is given up, and the pause after each. On some systems what others do
// makes a read fail: an ICMP message, a packet that is too long.
const (
	maxReadErrors  = 100
	readErrorPause = 50 * time.Millisecond
)

// read hands packets to take, until the socket is closed or take returns false. It returns nil then.
func (r *receiver) read(take func(Packet) bool) error {
	buf, oob := make([]byte, maxPacket+1), make([]byte, r.socket.oob)
	failures := 0
	for {
		size, oobSize, _, from, err := r.socket.conn.ReadMsgUDPAddrPort(buf, oob)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			if failures++; failures >= maxReadErrors {
				return &NetworkError{Op: fmt.Sprintf("receive on UDP port %d", r.n.s.Port), Err: err}
			}
			time.Sleep(readErrorPause)
			continue
		}
		failures = 0
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if p := r.packet(buf[:size], oob[:oobSize], from); (p.Err == nil || r.every) && !take(p) {
			return nil
		}
	}
}

// packet judges one datagram, the cheap checks first, and counts it if it is not taken.
func (r *receiver) packet(b, oob []byte, from netip.AddrPort) Packet {
	r.n.s.counters.received.Add(1)
	p := Packet{At: time.Now(), From: from, Size: len(b)}
	r.judge(b, oob, &p)
	why, dropped := p.Err.(Drop)
	switch c := r.n.s.counters; {
	case dropped:
		c.count(why)
	case r.every && p.Kind == Goodbye: // else run counts them
		c.goodbyes.Add(1)
	case r.every:
		c.heartbeats.Add(1)
	}
	return p
}

func (r *receiver) judge(b, oob []byte, p *Packet) {
	if r.limiter != nil && !r.limiter.allow(p.From.Addr(), p.At) {
		p.drop(DropLimited, "")
		return
	}
	v := r.n.view.Load()
	var index int
	p.To, index = r.socket.arrival(oob)
	p.Interface = v.names[index]
	elsewhere := v.elsewhere(p.To, index, r.n.s.InterfaceAddress)
	if elsewhere && !r.every {
		p.drop(DropElsewhere, "")
		return
	}
	r.codec.decode(b, p)
	switch {
	case p.Err != nil:
	case elsewhere:
		p.drop(DropElsewhere, "")
	case p.Node != r.n.s.Self:
	case v.local[p.From.Addr().WithZone("")]:
		p.drop(DropOwn, "")
	default:
		p.drop(DropClaimed, "")
		if r.n.claimed.CompareAndSwap(false, true) {
			r.n.s.log.Warn("another host uses the name of this node: give one of them another name",
				"node", p.Node, "from", p.From.String())
		}
	}
}

// elsewhere reports whether a packet to an address, on an interface, is none of ours.
func (v *view) elsewhere(to netip.Addr, index int, only netip.Addr) bool {
	switch {
	case index == 0 || !to.IsValid(): // the system does not tell
		return false
	case v.only != 0 && index != v.only && to != only:
		return true
	}
	return to.IsMulticast() && !v.joined[membership{to.WithZone(""), index}]
}
