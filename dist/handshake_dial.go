package dist

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"ergo.services/ergo/gen"
)

// Initiator is the side of a handshake that dialled. Its fields are not changed by Handshake, so one value serves any
// number of handshakes.
type Initiator struct {
	// Self is what we say of ourselves. With FlagNameMe and only the host in Name we ask the peer for a name.
	Self Hello

	// Peer is whom we dialled; a node that says it is another is refused.
	Peer gen.Atom

	// Cookie is the secret shared with Peer.
	Cookie string

	// StepTimeout bounds each step; 0 is 7 s.
	StepTimeout time.Duration

	// TLS says that the connection is one of TLS, where packets have a length of 4 bytes.
	TLS bool

	// Alive is asked when the peer believes in a live link to us: true takes it over, and our end of the old link, if
	// there is one, must be closed by then. Nil declines.
	Alive func() bool

	// Challenge draws the challenge; nil is crypto/rand.
	Challenge func() (uint32, error)
}

// Handshake shakes hands over conn, which stays open whatever happens, and reads no byte past the handshake. The error
// is a *HandshakeError. It returns early when ctx is done.
func (i *Initiator) Handshake(ctx context.Context, conn net.Conn) (Result, error) {
	s := newShaker(ctx, conn, string(i.Peer), i.StepTimeout, i.TLS)
	defer s.done()
	if err := s.write(appendSendName(nil, i.Self)); err != nil {
		return Result{}, s.broken("send our name", err)
	}
	self, err := i.status(s)
	if err != nil {
		return Result{}, err
	}
	peer, theirs, err := i.challenge(s)
	if err != nil {
		return Result{}, err
	}
	ours, err := draw(i.Challenge)
	if err != nil {
		return Result{}, s.fail("draw a challenge", nil, err, "")
	}
	if err := s.write(appendReply(nil, ours, Digest(i.Cookie, theirs))); err != nil {
		return Result{}, s.broken("answer its challenge", err)
	}
	if err := i.ack(s, ours); err != nil {
		return Result{}, err
	}
	return agree(self, peer), nil
}

func draw(challenge func() (uint32, error)) (uint32, error) {
	if challenge != nil {
		return challenge()
	}
	return randomChallenge()
}

// status reads the status and does as it says. It returns what we are called from now on.
func (i *Initiator) status(s *shaker) (Hello, error) {
	const step = "read its status"
	packet, err := s.read()
	if err != nil {
		return Hello{}, s.broken(step, err)
	}
	status, name, creation, err := parseStatus(packet)
	if err != nil {
		return Hello{}, s.fail(step, ErrMalformed, err, "it is no Erlang node")
	}
	asked := i.Self.Flags.Has(FlagNameMe)
	switch status {
	case "ok", "ok_simultaneous":
		if asked {
			return Hello{}, s.fail(step, ErrMalformed, errors.New("we asked it for a name and got none"), "it is older than OTP 23")
		}
		return i.Self, nil
	case statusNamed:
		if !asked {
			return Hello{}, s.fail(step, ErrMalformed, errors.New("it gives us a name that we did not ask for"), "")
		}
		if _, _, err := ParseName(string(name)); err != nil {
			return Hello{}, s.fail(step, ErrMalformed, err, "")
		}
		self := i.Self
		self.Name, self.Creation = name, creation
		return self, nil
	case "nok":
		return Hello{}, s.fail(step, ErrNok, nil, "its connection to us comes instead")
	case "not_allowed":
		return Hello{}, s.fail(step, ErrNotAllowed, nil,
			"its net_kernel:allow/1 list does not have us, or it needs features that we lack: OTP 26 and later refuse old nodes")
	case "alive":
		return i.Self, i.alive(s)
	}
	return Hello{}, s.fail(step, ErrMalformed, fmt.Errorf("unknown status %q", status), "")
}

// alive answers a peer that believes in a live link to us.
func (i *Initiator) alive(s *shaker) error {
	const step = "answer that it has us connected already"
	if i.Alive == nil || !i.Alive() {
		if err := s.write(appendStatus(nil, "false")); err != nil {
			return s.broken(step, err)
		}
		return s.fail(step, ErrAlive, nil, "we keep the connection that there is; if it is none of ours, another node has our name")
	}
	if err := s.write(appendStatus(nil, "true")); err != nil {
		return s.broken(step, err)
	}
	return nil
}

// challenge reads what the peer says of itself, and its challenge.
func (i *Initiator) challenge(s *shaker) (Hello, uint32, error) {
	const step = "read its challenge"
	packet, err := s.read()
	if err != nil {
		return Hello{}, 0, s.broken(step, err)
	}
	peer, challenge, err := parseChallenge(packet)
	switch {
	case errors.Is(err, errOldChallenge):
		return Hello{}, 0, s.fail(step, ErrOldVersion, nil, "only OTP 23 and later can be connected")
	case err != nil:
		return Hello{}, 0, s.fail(step, ErrMalformed, err, "")
	case peer.Name != i.Peer:
		return Hello{}, 0, s.fail(step, ErrName, fmt.Errorf("it says that it is %s", string(peer.Name)),
			"epmd there has the port of a node that is gone, or two names lead to one host")
	}
	if err := lacking(peer); err != nil {
		return Hello{}, 0, s.fail(step, ErrFlags, err, "")
	}
	return peer, challenge, nil
}

// ack reads the answer to our challenge. A node that did not like our answer to its own hangs up here.
func (i *Initiator) ack(s *shaker, ours uint32) error {
	const step = "read its answer to our challenge"
	packet, err := s.read()
	if network(s.ctx, err) == ErrHangup {
		return s.fail(step, ErrCookie, nil,
			"it hung up on our answer to its challenge: the cookie is not the one that "+string(i.Peer)+" uses for us")
	}
	if err != nil {
		return s.broken(step, err)
	}
	digest, err := parseAck(packet)
	if err != nil {
		return s.fail(step, ErrMalformed, err, "")
	}
	if !sameDigest(digest, Digest(i.Cookie, ours)) {
		return s.fail(step, ErrCookie, nil, "it takes our cookie but does not know it itself: OTP 23 may use one for each direction")
	}
	return nil
}
