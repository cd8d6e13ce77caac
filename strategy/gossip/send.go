package gossip

import (
	"slices"
	"strings"
	"time"
)

// writeLimit bounds how long sending may wait for room in a socket.
const writeLimit = time.Second

// send sends the packets to everybody. It fails only if nothing could be sent anywhere; the rest is in the log.
func (n *network) send(packets [][]byte) error {
	all := slices.Clip(n.fixed)
	for _, to := range n.resolver.addresses() {
		for _, k := range n.sockets {
			if k.fits(to.Addr()) {
				all = append(all, destination{k, nil, to})
			}
		}
	}
	worked, failed := 0, errNowhere()
	for _, d := range all {
		err := n.sendTo(d, packets)
		n.complain("send "+d.String(), err)
		if err != nil {
			failed = err
		} else {
			worked++
		}
	}
	if worked > 0 {
		return nil
	}
	return failed
}

func (n *network) sendTo(d destination, packets [][]byte) error {
	if d.via != nil {
		if err := d.socket.setInterface(d.via); err != nil {
			n.s.counters.sendErrors.Add(uint64(len(packets)))
			return sendError(d.String(), err)
		}
	}
	_ = d.socket.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	for _, p := range packets {
		if _, err := d.socket.conn.WriteToUDPAddrPort(p, d.to); err != nil {
			n.s.counters.sendErrors.Add(1)
			return sendError(d.String(), err)
		}
		n.s.counters.sent.Add(1)
	}
	return nil
}

// destinations returns where packets go, for people.
func (n *network) destinations() string {
	var names []string
	for _, d := range n.fixed {
		names = append(names, d.String())
	}
	for _, a := range n.resolver.addresses() {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}
