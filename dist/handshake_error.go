package dist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// What can go wrong in a handshake; errors.Is finds them in a *HandshakeError.
var (
	ErrCookie     = errors.New("the cookies differ")
	ErrFlags      = errors.New("the peer lacks what we need")
	ErrNotAllowed = errors.New("the peer does not allow it")
	ErrNok        = errors.New("the peer is connecting to us at the same time and goes first")
	ErrAlive      = errors.New("the peer is connected to a node of our name")
	ErrName       = errors.New("the peer has another name")
	ErrTimeout    = errors.New("no answer in time")
	ErrHangup     = errors.New("the peer closed the connection")
	ErrMalformed  = errors.New("the peer sent what is no handshake")
	ErrOldVersion = errors.New("the peer is older than OTP 23")
	ErrTLS        = errors.New("one side speaks TLS and the other does not")
	ErrBusy       = errors.New("another connection of the peer is being taken over")
)

// HandshakeError is why a handshake failed. Kind is one of the values above, or nil if the cause is ours (a context that
// was done, no random numbers).
type HandshakeError struct {
	Peer string // the peer's name if it is known, else its address
	Step string // what we were doing: "read the status"
	Kind error
	Hint string // likely cause and what to do
	Err  error  // the cause; may be nil
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

// Unwrap returns Kind and Err.
func (e *HandshakeError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// network finds the kind of an error of a read or write.
func network(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.ErrClosedPipe), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ErrHangup
	}
	return nil
}

// lacking checks that h has what we can't do without.
func lacking(h Hello) error {
	if missing := Mandatory &^ h.Flags.Expand(); missing != 0 {
		return fmt.Errorf("it lacks %v; nodes since OTP 23 have all of it", missing)
	}
	return nil
}
