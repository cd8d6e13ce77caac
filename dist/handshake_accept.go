package dist

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"ergo.services/ergo/gen"
)

// Admission is what an Acceptor's user says of a peer that has said its name.
type Admission int

// The answers to a send_name.
const (
	AdmitOK           Admission = iota // go on
	AdmitSimultaneous                  // go on; our own attempt to connect to the peer gives way
	AdmitNok                           // our own attempt goes first, or the name is ours
	AdmitNotAllowed                    // it is not welcome
	AdmitAlive                         // we believe that it is connected: does it mean it?
	AdmitBusy                          // close without a word: its link is being taken over already
)

// Acceptor is the side of a handshake that was dialled. Its fields are not changed by Handshake, so one value serves any
// number of handshakes at once.
type Acceptor struct {
	// Self is what we say of ourselves.
	Self Hello

	// Cookie returns the secret shared with a peer.
	Cookie func(peer gen.Atom) string

	// Admit decides on a peer that has said its name and can do what is needed. It may wait, within the context. Nil
	// admits everybody. It is not asked of a peer that wants a name from us.
	Admit func(ctx context.Context, peer Hello) Admission

	// Takeover is called after AdmitAlive when the peer has said that it means it and has shown that it knows the
	// cookie. It must end the old link and return when its nodedown is out.
	Takeover func(ctx context.Context, peer Hello) error

	// NewName invents a name and creation for a peer that asks for one; nil draws them at random.
	NewName func(host string) (gen.Atom, uint32, error)

	// StepTimeout bounds each step; 0 is 7 s.
	StepTimeout time.Duration

	// TLS says that the connection is one of TLS, where packets have a length of 4 bytes.
	TLS bool

	// Challenge draws the challenge; nil is crypto/rand.
	Challenge func() (uint32, error)
}

// Handshake shakes hands over conn, which stays open whatever happens, and reads no byte past the handshake. The error
// is a *HandshakeError; the caller then closes conn, which is all the answer that a wrong cookie gets. It returns early
// when ctx is done.
func (a *Acceptor) Handshake(ctx context.Context, conn net.Conn) (Result, error) {
	s := newShaker(ctx, conn, address(conn), a.StepTimeout, a.TLS)
	defer s.done()
	peer, err := a.sendName(s)
	if err != nil {
		return Result{}, err
	}
	peer, takeover, err := a.status(s, peer)
	if err != nil {
		return Result{}, err
	}
	ours, err := draw(a.Challenge)
	if err != nil {
		return Result{}, s.fail("draw a challenge", nil, err, "")
	}
	self := a.answerAs(peer)
	if err := s.write(appendChallenge(nil, self, ours)); err != nil {
		return Result{}, s.broken("send our challenge", err)
	}
	if peer.Old {
		if peer, err = a.complement(s, peer); err != nil {
			return Result{}, err
		}
	}
	theirs, err := a.reply(s, peer, ours)
	if err != nil {
		return Result{}, err
	}
	if takeover && a.Takeover != nil {
		if err := a.Takeover(ctx, peer); err != nil {
			return Result{}, s.fail("end the old connection", nil, err, "")
		}
	}
	if err := s.write(appendAck(nil, Digest(a.cookie(peer.Name), theirs))); err != nil {
		return Result{}, s.broken("answer its challenge", err)
	}
	return agree(self, peer), nil
}

func address(conn net.Conn) string {
	if addr := conn.RemoteAddr(); addr != nil {
		return addr.String()
	}
	return "a peer"
}

func (a *Acceptor) cookie(peer gen.Atom) string {
	if a.Cookie == nil {
		return ""
	}
	return a.Cookie(peer)
}

// answerAs returns what we say of ourselves to peer: a node without a name of its own gets a hidden link.
func (a *Acceptor) answerAs(peer Hello) Hello {
	self := a.Self
	if peer.Flags.Has(FlagNameMe) {
		self.Flags = self.Flags&^FlagPublished | FlagNameMe
	}
	return self
}

// sendName reads what the peer says of itself. A name that nobody could have is not answered, as OTP does it.
func (a *Acceptor) sendName(s *shaker) (Hello, error) {
	const step = "read its name"
	packet, err := s.read()
	if err != nil {
		return Hello{}, s.broken(step, err)
	}
	peer, err := parseSendName(packet)
	if err != nil {
		return Hello{}, s.fail(step, ErrMalformed, err, "it is no Erlang node")
	}
	if peer.Flags.Has(FlagNameMe) {
		if peer.Name == "" || len(peer.Name) > maxName || strings.Contains(string(peer.Name), "@") {
			return Hello{}, s.fail(step, ErrMalformed, errors.New("it asks for a name without saying its host"), "")
		}
		return peer, nil
	}
	alive, host, _ := strings.Cut(string(peer.Name), "@")
	if alive == "" || host == "" || strings.Contains(host, "@") || len(peer.Name) > maxName {
		return Hello{}, s.fail(step, ErrMalformed, &NameError{Name: printable(peer.Name), Why: "want alive@host"}, "")
	}
	s.peer = printable(peer.Name)
	return peer, nil
}

// printable makes a name that a stranger sent fit for a log.
func printable(name gen.Atom) string {
	quoted := strconv.QuoteToASCII(string(name[:min(len(name), maxName)]))
	return quoted[1 : len(quoted)-1]
}

// status decides on the peer and says so. It returns the peer, with the name that we gave it if it asked for one, and
// whether an old link is to be taken over.
func (a *Acceptor) status(s *shaker, peer Hello) (Hello, bool, error) {
	const step = "send our status"
	if err := a.acceptable(s, peer); err != nil {
		return peer, false, err
	}
	if peer.Flags.Has(FlagNameMe) {
		named, err := a.named(s, peer)
		return named, false, err
	}
	admission := AdmitOK
	if peer.Name == a.Self.Name {
		admission = AdmitNok
	} else if a.Admit != nil {
		admission = a.Admit(s.ctx, peer)
	}
	switch admission {
	case AdmitOK:
		return peer, false, a.say(s, "ok")
	case AdmitSimultaneous:
		return peer, false, a.say(s, "ok_simultaneous")
	case AdmitAlive:
		return peer, true, a.meant(s)
	case AdmitNok:
		return peer, false, errors.Join(s.fail(step, ErrNok, nil, "our own attempt goes first, or it has our name"), a.say(s, "nok"))
	case AdmitNotAllowed:
		return peer, false, errors.Join(s.fail(step, ErrNotAllowed, nil, ""), a.say(s, "not_allowed"))
	}
	return peer, false, s.fail(step, ErrBusy, nil, "")
}

func (a *Acceptor) say(s *shaker, status string) error {
	if err := s.write(appendStatus(nil, status)); err != nil {
		return s.broken("send our status", err)
	}
	return nil
}

// acceptable refuses a peer whose name the emulator would not take, or that lacks what we need.
func (a *Acceptor) acceptable(s *shaker, peer Hello) error {
	const step = "read its name"
	if !peer.Flags.Has(FlagNameMe) {
		if _, _, err := ParseName(string(peer.Name)); err != nil {
			return errors.Join(s.fail(step, ErrMalformed, err, ""), a.say(s, "nok"))
		}
	}
	check := peer
	if peer.Old { // the rest comes with the complement
		check.Flags |= Mandatory &^ (1<<32 - 1)
		if !peer.Flags.Has(FlagHandshake23) {
			return errors.Join(s.fail(step, ErrOldVersion, nil, "only OTP 23 and later can connect"), a.say(s, "not_allowed"))
		}
	}
	if err := lacking(check); err != nil {
		return errors.Join(s.fail(step, ErrFlags, err, ""), a.say(s, "not_allowed"))
	}
	return nil
}

// meant asks a peer that we believe connected whether it means it.
func (a *Acceptor) meant(s *shaker) error {
	const step = "ask whether it takes over its old connection"
	if err := a.say(s, "alive"); err != nil {
		return err
	}
	packet, err := s.read()
	if err != nil {
		return s.broken(step, err)
	}
	switch status, _, _, err := parseStatus(packet); {
	case err != nil:
		return s.fail(step, ErrMalformed, err, "")
	case status == "true":
		return nil
	case status == "false":
		return s.fail(step, ErrAlive, nil, "it keeps the connection that there is")
	default:
		return s.fail(step, ErrMalformed, fmt.Errorf("neither true nor false but %q", status), "")
	}
}

// named gives the peer a name.
func (a *Acceptor) named(s *shaker, peer Hello) (Hello, error) {
	newName := a.NewName
	if newName == nil {
		newName = randomName
	}
	name, creation, err := newName(string(peer.Name))
	if err != nil {
		return peer, s.fail("invent a name for it", nil, err, "")
	}
	peer.Name, peer.Creation = name, creation
	s.peer = printable(name)
	if err := s.write(appendNamed(nil, name, creation)); err != nil {
		return peer, s.broken("send its name", err)
	}
	return peer, nil
}

// randomName invents a name the way OTP does: 64 random bits in base 36.
func randomName(host string) (gen.Atom, uint32, error) {
	var b [12]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", 0, err
	}
	alive := strings.ToUpper(strconv.FormatUint(binary.BigEndian.Uint64(b[:]), 36))
	return gen.Atom(alive + "@" + host), max(binary.BigEndian.Uint32(b[8:]), 4), nil
}

// complement reads what an old send_name left out.
func (a *Acceptor) complement(s *shaker, peer Hello) (Hello, error) {
	const step = "read the rest of its flags"
	packet, err := s.read()
	if err != nil {
		return peer, s.broken(step, err)
	}
	high, creation, err := parseComplement(packet)
	if err != nil {
		return peer, s.fail(step, ErrMalformed, err, "")
	}
	peer.Flags |= high
	peer.Creation = creation
	return peer, nil
}

// reply checks the peer's answer to our challenge, and returns its own challenge.
func (a *Acceptor) reply(s *shaker, peer Hello, ours uint32) (uint32, error) {
	const step = "read its answer to our challenge"
	packet, err := s.read()
	if err != nil {
		return 0, s.broken(step, err)
	}
	theirs, digest, err := parseReply(packet)
	if err != nil {
		return 0, s.fail(step, ErrMalformed, err, "")
	}
	if !sameDigest(digest, Digest(a.cookie(peer.Name), ours)) {
		return 0, s.fail(step, ErrCookie, nil, "it does not use the cookie that this node has for it")
	}
	return theirs, nil
}
