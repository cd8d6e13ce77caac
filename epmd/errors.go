package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

var (
	// ErrNotFound is in the chain of an error when epmd answered that it knows no node of that name.
	ErrNotFound = errors.New("no such node")

	// ErrTaken is in the chain of an error when the name is registered by another node on the host.
	ErrTaken = errors.New("name is taken")
)

// Reason is the cause of an Error.
type Reason int

const (
	ReasonUnreachable Reason = iota // the network between us and the host failed
	ReasonResolve                   // the host's name has no address
	ReasonNoServer                  // nobody listens on the port
	ReasonTimeout                   // no answer in time
	ReasonClosed                    // the connection was closed before the whole answer
	ReasonNonsense                  // what answered is not epmd, or not as we know it
	ReasonNotFound                  // epmd knows no such node; errors.Is(err, ErrNotFound)
	ReasonRefused                   // epmd said no
	ReasonInvalid                   // we asked for what cannot be asked; nothing was sent
	ReasonListen                    // the port to serve on could not be had
	ReasonCanceled                  // our context ended
	ReasonLost                      // the connection of a registration ended
)

// Error is a request to epmd that failed. Its text says what failed, where, the likely cause and what to do.
type Error struct {
	Op     string // "look up b", "register a", "list the nodes", ...
	Addr   string // host and port of epmd
	Reason Reason
	Err    error // the cause; may be nil
}

// advice says what each reason means and what to do, after "cannot OP at ADDR: ".
var advice = [...]string{
	ReasonUnreachable: "the host cannot be reached: check its address, routes and firewalls",
	ReasonResolve:     "the host name has no address: check its spelling, /etc/hosts and the DNS",
	ReasonNoServer:    "no epmd listens there: start the node (or epmd -daemon) on that host, and check that ERL_EPMD_PORT is the same on both sides",
	ReasonTimeout:     "no answer in time: a firewall drops the packets, or that epmd hangs",
	ReasonClosed:      "epmd closed the connection without an answer: it serves registrations and commands only to its own host, and may be overloaded",
	ReasonNonsense:    "the answer is not epmd's: check that the port is epmd's",
	ReasonNotFound:    "epmd knows no node of that name: it is not running, has another name, or uses another ERL_EPMD_PORT",
	ReasonRefused:     "epmd refuses",
	ReasonInvalid:     "the request is not valid",
	ReasonListen:      "the port cannot be served: another epmd has it, or the address is not of this host; use that epmd (mode external or auto) or choose another port",
	ReasonCanceled:    "given up",
	ReasonLost:        "the connection ended: epmd, or the node that served in its place, was stopped or told to forget the name",
}

// Error implements error.
func (e *Error) Error() string {
	text := "failed"
	if e.Reason >= 0 && int(e.Reason) < len(advice) {
		text = advice[e.Reason]
	}
	at := ""
	if e.Addr != "" {
		at = " at " + e.Addr
	}
	if e.Err == nil || e.Reason == ReasonNotFound {
		return fmt.Sprintf("epmd: cannot %s%s: %s", e.Op, at, text)
	}
	return fmt.Sprintf("epmd: cannot %s%s: %s (%v)", e.Op, at, text, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether the request ran out of time, as net.Error has it.
func (e *Error) Timeout() bool { return e.Reason == ReasonTimeout }

// TakenError says that another node on the host is registered by the name. errors.Is(err, ErrTaken) holds.
type TakenError struct {
	Name string
	Port uint16 // where that node listens; 0 if it could not be learnt
}

// Error implements error.
func (e *TakenError) Error() string {
	where := ""
	if e.Port != 0 {
		where = fmt.Sprintf(" (port %d)", e.Port)
	}
	return fmt.Sprintf("epmd: the name %s is already registered by a node on this host%s: choose another name or stop that node",
		e.Name, where)
}

// Is reports whether target is ErrTaken.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// reasonOf tells why a dial or a read failed.
func reasonOf(ctx context.Context, err error) Reason {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ReasonCanceled
	case errors.As(err, &dns) && dns.IsNotFound:
		return ReasonResolve
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	case errors.As(err, &dns):
		return ReasonResolve
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonNoServer
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ReasonClosed
	}
	return ReasonUnreachable
}
