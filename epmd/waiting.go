package epmd

import (
	"container/list"
	"net"
	"net/netip"
)

// peer is a connection that a Server accepted.
type peer struct {
	conn net.Conn
	id   uint64     // counts the connections
	from netip.Addr // zero if it has no IP address
	port uint32     // ours
	own  bool       // it comes from this host
}

func newPeer(conn net.Conn, id uint64) *peer {
	from, _ := endpoint(conn.RemoteAddr())
	to, port := endpoint(conn.LocalAddr())
	own := from.IsValid() && (from.IsLoopback() || from == to)
	return &peer{conn: conn, id: id, from: from, port: uint32(port), own: own}
}

func endpoint(a net.Addr) (netip.Addr, uint16) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, 0
	}
	ap := tcp.AddrPort()
	return ap.Addr().Unmap(), ap.Port()
}

// waiting is the connections whose request has not come yet, bounded. It locks nothing.
type waiting struct {
	limit int
	line  *list.List // of *peer, the oldest first
	place map[*peer]*list.Element
	count map[netip.Addr]int
}

func newWaiting(limit int) waiting {
	return waiting{limit: limit, line: list.New(), place: map[*peer]*list.Element{}, count: map[netip.Addr]int{}}
}

// add lets p wait, and makes room for it if need be; it reports whether it had to.
func (w *waiting) add(p *peer) (evicted bool) {
	if w.line.Len() >= w.limit {
		w.evict()
		evicted = true
	}
	w.place[p] = w.line.PushBack(p)
	w.count[p.from]++
	return evicted
}

// remove ends the wait of p. It reports false if p was evicted.
func (w *waiting) remove(p *peer) bool {
	e := w.place[p]
	if e == nil {
		return false
	}
	w.line.Remove(e)
	delete(w.place, p)
	if w.count[p.from]--; w.count[p.from] == 0 {
		delete(w.count, p.from)
	}
	return true
}

// evict closes the oldest connection of the address that has most of them, so that a flood from one host does not drive
// out the others.
func (w *waiting) evict() {
	var victim *peer
	for e := w.line.Front(); e != nil; e = e.Next() {
		if p := e.Value.(*peer); victim == nil || w.count[p.from] > w.count[victim.from] {
			victim = p
		}
	}
	if victim != nil {
		w.remove(victim)
		victim.conn.Close()
	}
}
