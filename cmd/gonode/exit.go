package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"ergo.services/ergo/gen"

	"gonode/cmd/gonode/internal/remote"
	"gonode/dist"
	"gonode/epmd"
	"gonode/node"
)

// The exit codes, of all commands. exitHelp tells the user.
const (
	exitOK          = 0
	exitFailure     = 1 // anything that has no code of its own
	exitUsage       = 2 // the command line or a variable is wrong; nothing was done
	exitUnreachable = 3 // nothing listens, the name is unknown, no epmd, the host has no address
	exitRefused     = 4 // wrong cookie, missing flags, not allowed, or our name is taken
	exitTimeout     = 5 // no answer in time
	exitCondition   = 6 // what was waited for has not come about
	exitException   = 7 // a function on the other node did not return
)

const exitHelp = `
Exit codes:
  0  all went well
  1  something failed that is not listed here
  2  wrong usage: a flag, a variable or an argument
  3  not reachable: nothing listens, the node is unknown, no epmd, no such host
  4  refused: wrong cookie, incompatible node, not allowed, or the name is taken
  5  no answer in time
  6  what was waited for has not come about
  7  an exception on the other node
`

// usageError is a command line, or an environment, that makes no sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// toldError is an error that the user has been told of already.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }
func (e *toldError) Unwrap() error { return e.err }

// exit tells the user of err, unless that is done, and returns the exit code. command is what was called.
func (a *app) exit(command string, err error) int {
	if err == nil || errors.Is(err, syscall.EPIPE) { // nobody reads any more: that is the reader's wish
		return exitOK
	}
	code := exitCode(err)
	if _, told := errors.AsType[*toldError](err); told {
		return code
	}
	if _, usage := errors.AsType[*usageError](err); usage {
		a.notef("%v; see %s --help", err, command)
		return code
	}
	a.notef("%v", err)
	return code
}

// exitCode finds the code for err: the most particular cause counts.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	for _, class := range []func(error) int{usageCode, outcomeCode, daemonCode, epmdCode, distCode, connectCode, networkCode} {
		if code := class(err); code != exitOK {
			return code
		}
	}
	return exitFailure
}

// usageCode is for what the user wrote: flags and node names.
func usageCode(err error) int {
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*remote.SyntaxError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*dist.NameError](err); ok || errors.Is(err, dist.ErrNameForm) {
		return exitUsage
	}
	return exitOK
}

// conditionError is a condition that was waited for in vain.
type conditionError struct{ text string }

func (e *conditionError) Error() string { return e.text }

// unreachableError is something on another node that is not there.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// outcomeCode is for what came of a question that did reach the other node.
func outcomeCode(err error) int {
	if d, ok := errors.AsType[*diagnosis](err); ok {
		return d.code
	}
	if _, ok := errors.AsType[*conditionError](err); ok {
		return exitCondition
	}
	if _, ok := errors.AsType[*node.Exception](err); ok {
		return exitException
	}
	if _, ok := errors.AsType[*unreachableError](err); ok || errors.Is(err, gen.ErrNoConnection) {
		return exitUnreachable
	}
	return exitOK
}

// epmdCode is for what a port mapper, or the lack of one, makes fail.
func epmdCode(err error) int {
	if errors.Is(err, epmd.ErrTaken) {
		return exitRefused
	}
	e, ok := errors.AsType[*epmd.Error](err)
	if !ok {
		return exitOK
	}
	switch e.Reason {
	case epmd.ReasonUnreachable, epmd.ReasonResolve, epmd.ReasonNoServer, epmd.ReasonNotFound, epmd.ReasonClosed:
		return exitUnreachable
	case epmd.ReasonRefused:
		return exitRefused
	case epmd.ReasonTimeout:
		return exitTimeout
	case epmd.ReasonCanceled:
		return exitOK // the cause of the context says more
	}
	return exitFailure
}

// distCode is for what fails in a handshake or on a connection.
func distCode(err error) int {
	if errors.Is(err, dist.ErrTimeout) {
		return exitTimeout
	}
	for _, refusal := range []error{
		dist.ErrCookie, dist.ErrFlags, dist.ErrNotAllowed, dist.ErrNok, dist.ErrAlive, dist.ErrName, dist.ErrHangup,
		dist.ErrOldVersion, dist.ErrTLS, dist.ErrBusy,
	} {
		if errors.Is(err, refusal) {
			return exitRefused
		}
	}
	return exitOK
}

// connectCode is for an attempt to connect, by how far it came.
func connectCode(err error) int {
	e, ok := errors.AsType[*node.ConnectError](err)
	if !ok || isTimeout(err) {
		return exitOK
	}
	switch e.Stage {
	case node.StageName:
		return exitUsage
	case node.StageAddress, node.StageConnect:
		return exitUnreachable
	}
	return exitOK
}

// networkCode is for the rest of what contexts and sockets say.
func networkCode(err error) int {
	_, noHost := errors.AsType[*net.DNSError](err)
	switch {
	case isTimeout(err):
		return exitTimeout
	case noHost, errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return exitUnreachable
	}
	return exitOK
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
