package dist

import (
	"errors"
	"fmt"
	"strings"

	"ergo.services/ergo/gen"
)

// Admission is what an Acceptor's user says of a peer that has said its name.
type Admission int

// The answers to a send_name.
const (
	AdmitOK           Admission = iota // go on
	AdmitSimultaneous                  // go on; our own attempt to connect to the peer gives way
	AdmitNok                           // our own attempt to connect to the peer goes first
	AdmitNotAllowed                    // the peer is not welcome
	AdmitAlive                         // we believe that the peer is connected: does it mean it?
	AdmitBusy                          // close without a word, since the peer's link is being taken over already
)

// sendName reads what the peer says of itself. Who says what is no name at all gets no answer, as with OTP.
func (a *Acceptor) sendName(s *shaker) (Hello, error) {
	const step = "read its name"
	packet, err := s.receive(step, "a port scan or a health check does that")
	if err != nil {
		return Hello{}, err
	}
	peer, err := parseSendName(packet)
	if err != nil {
		return Hello{}, s.fail(step, ErrMalformed, err, "it is no Erlang node")
	}
	alive, host, found := strings.Cut(string(peer.Name), "@")
	if peer.Flags.Has(FlagNameMe) {
		alive, host, found = "x", alive, !found // it says its host only
	}
	if !found || alive == "" || host == "" || strings.Contains(host, "@") || len(peer.Name) > maxName {
		return Hello{}, s.fail(step, ErrMalformed, &NameError{Name: printable(peer.Name), Why: "a node says alive@host, " +
			"or host alone if it asks for a name"}, "")
	}
	if !peer.Flags.Has(FlagNameMe) {
		s.peer = printable(peer.Name)
	}
	return peer, nil
}

// status decides on the peer and says so. It returns the peer, with the name that we gave it if it asked for one, and
// whether an old link is to be taken over.
func (a *Acceptor) status(s *shaker, peer Hello) (_ Hello, takeover bool, err error) {
	if err := a.acceptable(s, peer); err != nil {
		return peer, false, err
	}
	if peer.Flags.Has(FlagNameMe) {
		named, err := a.named(s, peer)
		return named, false, err
	}
	admission := AdmitOK
	if a.Admit != nil {
		admission = a.Admit(s.ctx, peer)
	}
	const step = "decide on it"
	switch admission {
	case AdmitOK:
		return peer, false, a.say(s, statusOK)
	case AdmitSimultaneous:
		return peer, false, a.say(s, statusSimultaneous)
	case AdmitAlive:
		return peer, true, a.meant(s)
	case AdmitNok:
		return peer, false, a.refuse(s, statusNok, s.fail(step, ErrNok, nil, "this node is dialling it at the same time"))
	case AdmitNotAllowed:
		return peer, false, a.refuse(s, statusNotAllowed, s.fail(step, ErrNotAllowed, nil, "this node does not admit it"))
	}
	return peer, false, s.fail(step, ErrBusy, nil, "")
}

func (a *Acceptor) say(s *shaker, status string) error {
	return s.send("send our status", appendStatus(nil, status), "")
}

// refuse tells the peer, if it is still there to hear it, and returns the reason.
func (a *Acceptor) refuse(s *shaker, status string, reason error) error {
	_ = s.write(appendStatus(nil, status))
	return reason
}

// acceptable refuses a peer that nobody needs to be asked about, with the status that OTP has for it.
func (a *Acceptor) acceptable(s *shaker, peer Hello) error {
	const step = "read its name and flags"
	if peer.Old && !peer.Flags.Has(FlagHandshake23) {
		return a.refuse(s, statusNotAllowed, s.fail(step, ErrOldVersion, nil, "upgrade it to OTP 23 or later"))
	}
	if err := lacking(peer); err != nil { // no mandatory flag is among those that an old packet leaves out
		return a.refuse(s, statusNotAllowed, s.fail(step, ErrFlags, err, lackingHint))
	}
	if peer.Flags.Has(FlagNameMe) {
		return nil
	}
	if _, _, err := ParseName(string(peer.Name)); err != nil {
		return a.refuse(s, statusNok, s.fail(step, ErrMalformed, err, ""))
	}
	if peer.Name == a.Self.Name {
		return a.refuse(s, statusNok, s.fail(step, ErrNotAllowed, errors.New("it has the name of this node"),
			"give each node its own name; this node may also have dialled itself"))
	}
	return nil
}

// meant asks a peer that we believe connected whether it means it.
func (a *Acceptor) meant(s *shaker) error {
	const step = "ask whether it takes over its old connection"
	if err := s.send(step, appendStatus(nil, statusAlive), ""); err != nil {
		return err
	}
	packet, err := s.receive(step, "it leaves it at the connection that it has")
	if err != nil {
		return err
	}
	switch status, _, _, err := parseStatus(packet); {
	case err != nil:
		return s.fail(step, ErrMalformed, err, "")
	case status == statusTrue:
		return nil
	case status == statusFalse:
		return s.fail(step, ErrAlive, nil, "it leaves it at the connection that it has")
	default:
		return s.fail(step, ErrMalformed, fmt.Errorf("neither true nor false but %q", status), "")
	}
}

// named gives the peer a name.
func (a *Acceptor) named(s *shaker, peer Hello) (Hello, error) {
	const step = "give it a name"
	newName := a.NewName
	if newName == nil {
		newName = randomName
	}
	name, creation, err := newName(string(peer.Name))
	if err == nil {
		_, _, err = ParseName(string(name))
	}
	if err != nil {
		return peer, a.refuse(s, statusNotAllowed, s.fail(step, ErrNotAllowed, err, ""))
	}
	peer.Name, peer.Creation = gen.Atom(name), creation
	s.peer = printable(name)
	return peer, s.send(step, appendNamed(nil, name, creation), "")
}
