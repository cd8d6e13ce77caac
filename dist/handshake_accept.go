package dist

import (
	"context"
	"net"
	"time"

	"ergo.services/ergo/gen"
)

// Acceptor is the side of a handshake that was dialled ("Distribution Handshake" in the ERTS user's guide). Handshake
// does not change it, so one value serves any number of handshakes at once. Its functions are called in the goroutine of
// Handshake.
type Acceptor struct {
	// Self is what we say of ourselves.
	Self Hello

	// Cookie returns the secret shared with a peer. It must be set; "" refuses the peer.
	Cookie func(peer gen.Atom) string

	// Admit decides on a peer that has said its name and can do what is needed. That it is who it says is not proved
	// yet, and of one that is Old the creation and the upper half of the flags are still to come. It may wait, within the
	// context. Nil admits everybody. It is not asked of a peer that wants a name from us.
	Admit func(ctx context.Context, peer Hello) Admission

	// Takeover is called after AdmitAlive, when the peer has said that it means it and has proved that it knows the
	// cookie. It must end the old link and return when its nodedown is out. Nil does nothing.
	Takeover func(ctx context.Context, peer Hello) error

	// NewName invents a name and creation for a peer that asks for one; nil draws them at random. An error refuses it.
	NewName func(host string) (gen.Atom, uint32, error)

	// StepTimeout bounds each step, but not the time that the functions take; 0 is DefaultStepTimeout.
	StepTimeout time.Duration

	// TLS says that conn is a TLS connection, where packets have a length of 4 bytes.
	TLS bool

	// Challenge draws the challenge; nil is crypto/rand.
	Challenge func() (uint32, error)
}

// Handshake shakes hands over conn and reads no byte past the handshake. It leaves conn open whatever happens; after an
// error nothing but Close is of use on it (to close it is all the answer that a wrong cookie gets), after success no
// deadline is set. The error is a *HandshakeError. Handshake returns early when ctx is done, with an error that wraps
// the one of ctx.
func (a *Acceptor) Handshake(ctx context.Context, conn net.Conn) (Result, error) {
	s := newShaker(ctx, conn, address(conn), a.StepTimeout, a.TLS)
	result, err := a.shake(s)
	if end := s.done(); err == nil {
		err = end
	}
	if err != nil {
		return Result{}, err
	}
	return result, nil
}

// address names a peer that has not said its name yet.
func address(conn net.Conn) string {
	if addr := conn.RemoteAddr(); addr != nil {
		return addr.String()
	}
	return "a peer"
}

// shake is the handshake, a step a line.
func (a *Acceptor) shake(s *shaker) (Result, error) {
	peer, err := a.sendName(s)
	if err != nil {
		return Result{}, err
	}
	peer, takeover, err := a.status(s, peer)
	if err != nil {
		return Result{}, err
	}
	ours, err := s.draw(a.Challenge)
	if err != nil {
		return Result{}, err
	}
	self := a.answerAs(peer)
	if err := s.send("send our challenge", appendChallenge(nil, self, ours), ""); err != nil {
		return Result{}, err
	}
	if peer, err = a.complement(s, peer); err != nil {
		return Result{}, err
	}
	digest, err := a.reply(s, peer, ours)
	if err != nil {
		return Result{}, err
	}
	if err := a.replace(s, peer, takeover); err != nil {
		return Result{}, err
	}
	if err := s.send("answer its challenge", appendAck(nil, digest), ""); err != nil {
		return Result{}, err
	}
	return agree(self, peer), nil
}

// answerAs returns what we say of ourselves to peer: a node that we gave a name gets a hidden link, and FlagNameMe back.
func (a *Acceptor) answerAs(peer Hello) Hello {
	self := a.Self
	if peer.Flags.Has(FlagNameMe) {
		self.Flags = self.Flags&^FlagPublished | FlagNameMe
	}
	return self
}

const challengeHint = "it did not dial a node of our name, or needs flags that we lack; its log tells"

// complement reads what an old send_name had no room for. After a new one there is nothing to read.
func (a *Acceptor) complement(s *shaker, peer Hello) (Hello, error) {
	const step = "read the rest of its flags"
	if !peer.Old {
		return peer, nil
	}
	packet, err := s.receive(step, challengeHint)
	if err != nil {
		return peer, err
	}
	high, creation, err := parseComplement(packet)
	if err != nil {
		return peer, s.fail(step, ErrMalformed, err, "")
	}
	peer.Flags |= high &^ FlagNameMe // it has said a name
	peer.Creation = creation
	return peer, nil
}

// reply checks the peer's answer to our challenge, and returns ours to its own.
func (a *Acceptor) reply(s *shaker, peer Hello, ours uint32) ([16]byte, error) {
	const step = "read its answer to our challenge"
	packet, err := s.receive(step, challengeHint)
	if err != nil {
		return [16]byte{}, err
	}
	theirs, digest, err := parseReply(packet)
	if err != nil {
		return [16]byte{}, s.fail(step, ErrMalformed, err, "")
	}
	var cookie string
	if a.Cookie != nil {
		cookie = a.Cookie(peer.Name)
	}
	if cookie == "" {
		return [16]byte{}, s.fail(step, ErrCookie, nil, noCookie)
	}
	if !sameDigest(digest, Digest(cookie, ours)) {
		return [16]byte{}, s.fail(step, ErrCookie, nil, s.peer+" does not use the cookie that this node has for it")
	}
	return Digest(cookie, theirs), nil
}

// replace ends the old link of a peer that has proved who it is. Not before: a wrong cookie must not push out a live link.
func (a *Acceptor) replace(s *shaker, peer Hello, takeover bool) error {
	if !takeover || a.Takeover == nil {
		return nil
	}
	if err := a.Takeover(s.ctx, peer); err != nil {
		return s.fail("end the old connection", nil, err, "")
	}
	return nil
}
