package node

import (
	"ergo.services/ergo/gen"

	"gonode/dist"
)

// linkID names one live connection for as long as the node runs; 0 is none.
type linkID uint64

// attemptID names one attempt to connect, ours or one that came in; 0 is none.
type attemptID uint64

// peerTable decides for every peer who dials, who yields and which connection counts. It is the pure core of the node:
// no sockets, no clock, no locks. Its owner is Node, which calls it under Node.mu and does what it says.
//
// The rules are those of OTP's net_kernel (distribution protocol guide, "Semantics of the status message"), with two
// differences that make it harder to disturb from outside. A handshake that comes in never cuts off our own dial before
// it has shown that it knows the cookie; and a live link ends only for a newcomer whose digest was right.
type peerTable struct {
	self  gen.Atom
	peers map[gen.Atom]*peer
}

// peer is what is known of one name. It leaves the table when there is neither a link nor an attempt.
type peer struct {
	dial     dialState
	flight   attemptID // our dial
	visits   int       // handshakes that came in under this name and are not over
	link     linkID    // the connection that counts
	ending   bool      // link is lost and its nodedown is not out yet
	takeover attemptID // the visit that wants to replace link
}

type dialState int

const (
	dialNone     dialState = iota
	dialStarted            // looking up the address, connecting
	dialShaking            // our send_name is out: the tie-break applies
	dialYielding           // the peer said nok or alive: its own attempt goes first
)

func newPeerTable(self gen.Atom) *peerTable {
	return &peerTable{self: self, peers: make(map[gen.Atom]*peer)}
}

func (t *peerTable) get(name gen.Atom) *peer {
	p := t.peers[name]
	if p == nil {
		p = &peer{}
		t.peers[name] = p
	}
	return p
}

// sweep forgets a name that nothing is known of any more.
func (t *peerTable) sweep(name gen.Atom) {
	if p := t.peers[name]; p != nil && *p == (peer{}) {
		delete(t.peers, name)
	}
}

// up reports whether a connection to name counts now.
func (t *peerTable) up(name gen.Atom) bool {
	p := t.peers[name]
	return p != nil && p.link != 0 && !p.ending
}

// want asks for a connection to name; true means that the dial id is to be started, false that there is a link or a dial
// under way already.
func (t *peerTable) want(name gen.Atom, id attemptID) bool {
	if t.up(name) {
		return false
	}
	p := t.get(name)
	if p.dial != dialNone {
		return false
	}
	p.dial, p.flight = dialStarted, id
	return true
}

// dialing returns the peer if the dial id of name is still wanted.
func (t *peerTable) dialing(name gen.Atom, id attemptID) *peer {
	if p := t.peers[name]; p != nil && p.flight == id {
		return p
	}
	return nil
}

// shake is asked before our dial id of name begins its handshake. While the peer shakes hands with us by itself the dial
// has to hold, since two handshakes that both go well make two connections; with patience at its end it need not. A dial
// that is over, because the peer came by itself, is told so.
func (t *peerTable) shake(name gen.Atom, id attemptID, patient bool) shakeVerdict {
	p := t.dialing(name, id)
	switch {
	case p == nil, t.up(name):
		return shakeOver
	case p.visits > 0 && patient:
		return shakeHold
	}
	p.dial = dialShaking
	return shakeGo
}

type shakeVerdict int

const (
	shakeGo shakeVerdict = iota
	shakeHold
	shakeOver
)

// yield notes that name turned our dial id down because its own attempt goes first.
func (t *peerTable) yield(name gen.Atom, id attemptID) {
	if p := t.dialing(name, id); p != nil {
		p.dial = dialYielding
	}
}

// dialed notes that our dial id of name is over, well or badly.
func (t *peerTable) dialed(name gen.Atom, id attemptID) {
	if p := t.dialing(name, id); p != nil {
		p.dial, p.flight = dialNone, 0
		t.sweep(name)
	}
}

// hello answers a send_name of name in the visit id. settled must be called for it in the end.
func (t *peerTable) hello(name gen.Atom, id attemptID) dist.Admission {
	if name == t.self {
		return dist.AdmitNok
	}
	p := t.get(name)
	admission := t.admission(p, name)
	if admission == dist.AdmitAlive {
		p.takeover = id
	}
	if admission != dist.AdmitNok && admission != dist.AdmitBusy {
		p.visits++
	}
	t.sweep(name)
	return admission
}

// admission is what hello says. A link that is ending is no reason to ask a peer that we dial ourselves whether it means
// it: it would say yes, and both handshakes go well.
func (t *peerTable) admission(p *peer, name gen.Atom) dist.Admission {
	switch {
	case p.link != 0 && p.takeover != 0:
		return dist.AdmitBusy
	case p.link != 0 && !(p.ending && p.dial == dialShaking):
		return dist.AdmitAlive
	case p.dial != dialShaking:
		return dist.AdmitOK
	case t.self > name:
		return dist.AdmitNok
	default:
		return dist.AdmitSimultaneous
	}
}

// settled notes that the visit id of name, to which hello gave answer, is over, well or badly.
func (t *peerTable) settled(name gen.Atom, id attemptID, answer dist.Admission) {
	p := t.peers[name]
	if p == nil || answer == dist.AdmitNok || answer == dist.AdmitBusy {
		return
	}
	p.visits--
	if p.takeover == id {
		p.takeover = 0
	}
	t.sweep(name)
}

// insist answers a peer that says "alive" to our dial: true if we have no link, so that the one it believes in is dead.
// While it shakes hands with us by itself that handshake may be the one it means: ours may be over there before it is
// over here.
func (t *peerTable) insist(name gen.Atom) bool {
	p := t.peers[name]
	return !t.up(name) && (p == nil || p.visits == 0)
}

// admit makes id the connection to name, after a handshake that went well. If another one is in the way it is returned
// instead: it has to be ended, and admit asked again when its nodedown is out. The newest wins, since the peer has given
// up on the older one when it completes a handshake.
func (t *peerTable) admit(name gen.Atom, id linkID) (old linkID) {
	p := t.get(name)
	if p.link != 0 {
		return p.link
	}
	p.link = id
	return 0
}

// lost notes that the connection id of name is broken; it still holds the place until gone.
func (t *peerTable) lost(name gen.Atom, id linkID) {
	if p := t.peers[name]; p != nil && p.link == id {
		p.ending = true
	}
}

// gone notes that the nodedown of the connection id is out.
func (t *peerTable) gone(name gen.Atom, id linkID) {
	if p := t.peers[name]; p != nil && p.link == id {
		p.link, p.ending = 0, false
		t.sweep(name)
	}
}
