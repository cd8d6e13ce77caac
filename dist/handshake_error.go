package dist

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"

	"ergo.services/ergo/gen"
)

// What can go wrong in a handshake; errors.Is finds them in a *HandshakeError.
var (
	// ErrCookie: one side did not prove that it knows the cookie.
	ErrCookie = errors.New("no common cookie")

	// ErrFlags: the peer lacks flags that are mandatory since OTP 23. The text names them.
	ErrFlags = errors.New("the peer lacks what this node needs")

	// ErrNotAllowed: the acceptor does not want this peer, or the peer finds that we lack flags.
	ErrNotAllowed = errors.New("the connection is not allowed")

	// ErrNok: both nodes dialled, and the acceptor keeps its own attempt. Who dialled waits for that one to come in.
	ErrNok = errors.New("the attempt from the other side goes first")

	// ErrAlive: the nodes are connected already, and the one that dialled leaves it at that.
	ErrAlive = errors.New("the nodes are connected already")

	// ErrName: the node at this address has another name than the one that was dialled.
	ErrName = errors.New("the peer has another name")

	// ErrTimeout: nothing came, or nothing could be sent, for the time of a step.
	ErrTimeout = errors.New("no answer in time")

	// ErrHangup: the peer closed the connection. It is an ErrClosed; ErrClosed alone is a connection closed by us.
	ErrHangup = fmt.Errorf("%w by the peer", ErrClosed)

	// ErrMalformed: what came is no packet that is allowed here, or has a name that no node may have.
	ErrMalformed = errors.New("the peer breaks the protocol")

	// ErrOldVersion: the peer does not speak the handshake of OTP 23 and later.
	ErrOldVersion = errors.New("the peer is older than OTP 23")

	// ErrTLS: one side speaks TLS and the other does not.
	ErrTLS = errors.New("TLS on one side only")

	// ErrBusy: an Acceptor's Admit said AdmitBusy.
	ErrBusy = errors.New("another connection of the peer is being taken over")
)

// HandshakeError is why a handshake failed. No cookie, challenge or digest is in it.
type HandshakeError struct {
	Peer string // the peer's name if it is known, else its address
	Step string // what this node was doing: "read its status"
	Kind error  // one of the values above, or nil: a context that was done, a network that failed, a mistake of ours
	Err  error  // the cause, if there is one that says more than Kind
	Hint string // the likely cause and what to do about it, if there is something to say
}

// Error implements error.
func (e *HandshakeError) Error() string {
	s := "handshake with " + e.Peer + ": " + e.Step
	if e.Kind != nil {
		s += ": " + e.Kind.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns Kind and Err, as far as they are there.
func (e *HandshakeError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// fail makes the error of a step.
func (s *shaker) fail(step string, kind, err error, hint string) error {
	return &HandshakeError{Peer: s.peer, Step: step, Kind: kind, Err: err, Hint: hint}
}

// broken makes the error of a step whose read or write failed. The hint is for a peer that hung up.
func (s *shaker) broken(step string, err error, hangup string) error {
	if _, ok := errors.AsType[*HandshakeError](err); ok {
		return err
	}
	if s.ctx.Err() != nil {
		return s.fail(step, nil, stopped(s.ctx), "")
	}
	switch kind := network(err); kind {
	case nil:
		return s.fail(step, nil, err, "")
	case ErrTimeout:
		return s.fail(step, kind, nil, fmt.Sprintf("nothing moved for %v: the peer hangs, the network drops packets, "+
			"or it is no Erlang node", s.timeout))
	case ErrHangup:
		return s.fail(step, kind, nil, hangup)
	case ErrTLS:
		return s.fail(step, kind, err, "this node speaks TLS, and the peer does not: give both -proto_dist inet_tls, or neither")
	default:
		return s.fail(step, kind, nil, "")
	}
}

// stopped returns why ctx is done, with its cause if that says more.
func stopped(ctx context.Context) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// network finds the kind of an error of a read or write, or nil.
func network(err error) error {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return ErrTLS
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrTimeout
	case errors.Is(err, net.ErrClosed):
		return ErrClosed
	case hungUp(err), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, syscall.EPIPE):
		return ErrHangup
	}
	return nil
}

// hungUp reports whether the peer closed the connection between two packets.
func hungUp(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) }

// lacking checks that h has what we can't do without. OTP 23 and 24 set each flag by itself; later ones also have one
// that stands for them all.
func lacking(h Hello) error {
	if missing := Mandatory &^ h.Flags.Expand(); missing != 0 {
		return fmt.Errorf("it has not set %v", missing)
	}
	return nil
}

const lackingHint = "OTP 23 and later set all of it"

// printable makes a name that a stranger sent fit for a log.
func printable(name gen.Atom) string {
	quoted := strconv.QuoteToASCII(string(name[:min(len(name), maxName)]))
	return quoted[1 : len(quoted)-1]
}
