package dist

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"ergo.services/ergo/gen"
)

// Initiator is the side of a handshake that dialled ("Distribution Handshake" in the ERTS user's guide). Handshake does
// not change it, so one value serves any number of handshakes at once.
type Initiator struct {
	// Self is what we say of ourselves. With FlagNameMe, the host alone as Name and no Creation we ask the peer for a name.
	Self Hello

	// Peer is whom we dialled. A node that says it is another is refused.
	Peer gen.Atom

	// Cookie is the secret shared with Peer. Without one there is no handshake.
	Cookie string

	// StepTimeout bounds each step; 0 is DefaultStepTimeout.
	StepTimeout time.Duration

	// TLS says that conn is a TLS connection, where packets have a length of 4 bytes.
	TLS bool

	// Alive is asked, in the goroutine of Handshake, when the peer believes in a live link to us. True takes it over; our
	// own end of the old link, if there is one, must be closed when Alive returns, since OTP 23 waits for that. Nil
	// stands for false.
	Alive func() bool

	// Challenge draws the challenge; nil is crypto/rand.
	Challenge func() (uint32, error)
}

// Handshake shakes hands over conn and reads no byte past the handshake. It leaves conn open whatever happens; after an
// error nothing but Close is of use on it, after success no deadline is set. The error is a *HandshakeError. Handshake
// returns early when ctx is done, with an error that wraps the one of ctx.
func (i *Initiator) Handshake(ctx context.Context, conn net.Conn) (Result, error) {
	s := newShaker(ctx, conn, string(i.Peer), i.StepTimeout, i.TLS)
	result, err := i.shake(s)
	if end := s.done(); err == nil {
		err = end
	}
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

// shake is the handshake, a step a line.
func (i *Initiator) shake(s *shaker) (Result, error) {
	if err := i.check(s); err != nil {
		return Result{}, err
	}
	if err := s.send("send our name", appendSendName(nil, i.Self), dialHint); err != nil {
		return Result{}, err
	}
	self, err := i.status(s)
	if err != nil {
		return Result{}, err
	}
	peer, theirs, err := i.challenge(s)
	if err != nil {
		return Result{}, err
	}
	ours, err := s.draw(i.Challenge)
	if err != nil {
		return Result{}, err
	}
	if err := s.send("answer its challenge", appendReply(nil, ours, Digest(i.Cookie, theirs)), ""); err != nil {
		return Result{}, err
	}
	if err := i.ack(s, ours); err != nil {
		return Result{}, err
	}
	return agree(self, peer), nil
}

const dialHint = "it is no Erlang node, speaks TLS, is stopping, or is busy with another connection of this node"

// asks reports whether we want a name from the peer.
func (i *Initiator) asks() bool { return i.Self.Flags.Has(FlagNameMe) }

// check refuses what no peer would answer, while there is still a good error to give.
func (i *Initiator) check(s *shaker) error {
	const step = "check our own name and cookie"
	if i.Cookie == "" {
		return s.fail(step, ErrCookie, nil, noCookie)
	}
	if !i.asks() {
		if _, _, err := ParseName(string(i.Self.Name)); err != nil {
			return s.fail(step, nil, err, "")
		}
	} else if host := string(i.Self.Name); host == "" || strings.Contains(host, "@") || len(host) > maxName {
		return s.fail(step, nil, &NameError{Name: printable(i.Self.Name), Why: "a node that asks for a name says its host alone"}, "")
	}
	return nil
}

// status reads the status and does as it says. It returns what we are called from now on.
func (i *Initiator) status(s *shaker) (Hello, error) {
	const step = "read its status"
	packet, err := s.receive(step, dialHint)
	if err != nil {
		return Hello{}, err
	}
	status, name, creation, err := parseStatus(packet)
	if err != nil {
		return Hello{}, s.fail(step, ErrMalformed, err, "it is no Erlang node")
	}
	switch status {
	case statusNamed:
		return i.named(s, name, creation)
	case statusNok:
		return Hello{}, s.fail(step, ErrNok, nil, "it is dialling this node, or has the same name: wait for its connection")
	case statusNotAllowed:
		return Hello{}, s.fail(step, ErrNotAllowed, nil, "its net_kernel:allow/1 list is without this node, or this node lacks "+
			"flags that it needs; its log tells")
	}
	switch {
	case status != statusOK && status != statusSimultaneous && status != statusAlive:
		return Hello{}, s.fail(step, ErrMalformed, fmt.Errorf("unknown status %q", status), "")
	case i.asks():
		return Hello{}, s.fail(step, ErrMalformed, fmt.Errorf("we asked for a name, and it said %q", status), "")
	case status == statusAlive:
		return i.Self, i.alive(s)
	}
	return i.Self, nil
}

// named takes the name that the peer gives us.
func (i *Initiator) named(s *shaker, name gen.Atom, creation uint32) (Hello, error) {
	const step = "take the name that it gives"
	if !i.asks() {
		return Hello{}, s.fail(step, ErrMalformed, errors.New("we did not ask for one"), "")
	}
	if _, _, err := ParseName(string(name)); err != nil {
		return Hello{}, s.fail(step, ErrMalformed, err, "")
	}
	self := i.Self
	self.Name, self.Creation = name, creation
	return self, nil
}

// alive answers a peer that believes in a live link to us.
func (i *Initiator) alive(s *shaker) error {
	const step = "answer that it has us connected already"
	if i.Alive != nil && i.Alive() {
		return s.send(step, appendStatus(nil, statusTrue), "")
	}
	if err := s.send(step, appendStatus(nil, statusFalse), ""); err != nil {
		return err
	}
	return s.fail(step, ErrAlive, nil, "the connection that there is stays; if this node has none, another one has its name, "+
		"or the peer has not yet seen the old one end")
}

// challenge reads what the peer says of itself, and its challenge.
func (i *Initiator) challenge(s *shaker) (Hello, uint32, error) {
	const step = "read its challenge"
	packet, err := s.receive(step, "it is stopping, or it stays with the connection that it has")
	if err != nil {
		return Hello{}, 0, err
	}
	peer, challenge, err := parseChallenge(packet)
	switch {
	case errors.Is(err, errOldChallenge):
		return Hello{}, 0, s.fail(step, ErrOldVersion, nil, "upgrade it to OTP 23 or later")
	case err != nil:
		return Hello{}, 0, s.fail(step, ErrMalformed, err, "")
	case peer.Name != i.Peer:
		return Hello{}, 0, s.fail(step, ErrName, fmt.Errorf("it says that it is %s", printable(peer.Name)),
			"the address or port is that of another node; a port mapper that is out of date may have said so")
	}
	if err := lacking(peer); err != nil {
		return Hello{}, 0, s.fail(step, ErrFlags, err, lackingHint)
	}
	return peer, challenge, nil
}

// ack reads the answer to our challenge. A node that does not like our answer to its own hangs up here.
func (i *Initiator) ack(s *shaker, ours uint32) error {
	const step = "read its answer to our challenge"
	packet, err := s.read()
	if hungUp(err) && s.ctx.Err() == nil {
		return s.fail(step, ErrCookie, nil,
			"it hung up on our answer to its challenge: the cookie is not the one "+s.peer+" uses")
	}
	if err != nil {
		return s.broken(step, err, "it is stopping")
	}
	digest, err := parseAck(packet)
	if err != nil {
		return s.fail(step, ErrMalformed, err, "")
	}
	if !sameDigest(digest, Digest(i.Cookie, ours)) {
		return s.fail(step, ErrCookie, nil, s.peer+" takes our cookie but uses another one itself; OTP 23 can have one "+
			"for each direction, this node can't")
	}
	return nil
}
