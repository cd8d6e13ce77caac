package dist

import (
	"errors"
	"fmt"

	"ergo.services/ergo/gen"
)

var (
	// ErrClosed is wrapped by what Send and Post return after the link has ended, together with the cause, and by
	// errors that come of the peer having closed its side.
	ErrClosed = errors.New("the connection is closed")

	// ErrDisconnect is the cause of a link that was closed on our side with no other cause given.
	ErrDisconnect = errors.New("disconnected by this node")

	// ErrTickTimeout is the cause of a link on which nothing arrived for the whole tick time.
	ErrTickTimeout = errors.New("nothing was received for the whole tick time")

	// ErrOverload is the cause of a link that was given up because more than Config.PostLimit waited to be written.
	ErrOverload = errors.New("the peer does not read, and too much waits to be written")

	// ErrUnsupported is wrapped when the peer does not know the operation that a signal needs. The link is not
	// affected.
	ErrUnsupported = errors.New("the peer does not support it")

	// ErrStale is wrapped when the receiver of an exit or unlink is a process of an earlier life of the peer. OTP
	// gives up a link on which such a signal comes. The process is gone, so there is nothing left to tell.
	ErrStale = errors.New("the process belongs to an earlier incarnation of the peer")

	// ErrSignal is wrapped when a signal lacks what its kind needs, or has what no peer would take.
	ErrSignal = errors.New("the signal cannot be sent")

	// ErrLimit is wrapped by a FrameError when the peer went over a limit of Config.
	ErrLimit = errors.New("over a limit")

	// ErrMalformedFrame is wrapped by every FrameError: the peer sent what the protocol does not allow, or more
	// than we take.
	ErrMalformedFrame = errors.New("malformed frame")
)

// Reasons of a nodedown message, as net_kernel:monitor_nodes/2 names them.
const (
	ReasonConnectionClosed gen.Atom = "connection_closed"
	ReasonDisconnect       gen.Atom = "disconnect"
	ReasonTickTimeout      gen.Atom = "net_tick_timeout"
	ReasonTickFailed       gen.Atom = "send_net_tick_failed"
)

// LinkError tells why a link ended: what Serve returns, and what Err and the errors of later sends carry.
type LinkError struct {
	Peer   gen.Atom // the node at the other end
	Reason gen.Atom // Erlang's word for it: nodedown_reason
	Err    error    // what happened
}

// Error implements error.
func (e *LinkError) Error() string { return fmt.Sprintf("link to %s: %v", string(e.Peer), e.Err) }

// Unwrap returns what happened.
func (e *LinkError) Unwrap() error { return e.Err }

// Reason returns Erlang's word for why a link ended, given the error of Serve, Err, Send or Post: the reason of the
// LinkError in err, or connection_closed if there is none. It returns "" for nil.
func Reason(err error) gen.Atom {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*LinkError](err); ok && e.Reason != "" {
		return e.Reason
	}
	return ReasonConnectionClosed
}

// FrameError is a frame of the peer that could not be understood, or went over a limit. It ends the link, since what
// follows would be read with a wrong atom cache.
type FrameError struct {
	Op     int // the operation, 0 if the frame was not read that far
	Offset int // bytes of the frame read before the failure, its length prefix not counted
	Err    error
}

// Error implements error.
func (e *FrameError) Error() string {
	if e.Op != 0 {
		return fmt.Sprintf("malformed frame: operation %d, byte %d: %v", e.Op, e.Offset, e.Err)
	}
	return fmt.Sprintf("malformed frame: byte %d: %v", e.Offset, e.Err)
}

// Unwrap returns ErrMalformedFrame and the cause.
func (e *FrameError) Unwrap() []error { return []error{ErrMalformedFrame, e.Err} }
