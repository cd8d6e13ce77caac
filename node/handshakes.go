package node

import (
	"context"
	"errors"
	"sync/atomic"

	"gonode/dist"
)

// HandshakeResult is how a handshake ended.
type HandshakeResult string

// The results of handshakes.
const (
	HandshakeOK        HandshakeResult = "ok"        // it made a link
	HandshakeYielded   HandshakeResult = "yielded"   // both sides dialled, or were connected already, and the other one counts
	HandshakeCookie    HandshakeResult = "cookie"    // one side did not prove that it knows the cookie
	HandshakeFlags     HandshakeResult = "flags"     // one side lacks what the other needs, or is older than OTP 23
	HandshakeRefused   HandshakeResult = "refused"   // one side does not want the other, or it has another name
	HandshakeMalformed HandshakeResult = "malformed" // the peer speaks something else, TLS perhaps
	HandshakeTimeout   HandshakeResult = "timeout"   // the peer said nothing for Config.SetupTime
	HandshakeClosed    HandshakeResult = "closed"    // the connection was closed or broke
)

// handshakeResults are all of them, in the order of the counters.
var handshakeResults = [...]HandshakeResult{
	HandshakeOK, HandshakeYielded, HandshakeCookie, HandshakeFlags, HandshakeRefused, HandshakeMalformed, HandshakeTimeout,
	HandshakeClosed,
}

// handshakeResult classifies the error of a handshake.
func handshakeResult(err error) HandshakeResult {
	is := func(kinds ...error) bool {
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil:
		return HandshakeOK
	case is(errOvertaken, dist.ErrNok, dist.ErrAlive, dist.ErrBusy):
		return HandshakeYielded
	case is(dist.ErrCookie):
		return HandshakeCookie
	case is(dist.ErrFlags, dist.ErrOldVersion):
		return HandshakeFlags
	case is(dist.ErrNotAllowed, dist.ErrName):
		return HandshakeRefused
	case is(dist.ErrMalformed, dist.ErrTLS):
		return HandshakeMalformed
	case is(dist.ErrTimeout, context.DeadlineExceeded):
		return HandshakeTimeout
	}
	return HandshakeClosed
}

// handshakes counts them by result.
type handshakes [len(handshakeResults)]atomic.Uint64

func (h *handshakes) add(err error) {
	result := handshakeResult(err)
	for i := range handshakeResults {
		if handshakeResults[i] == result {
			h[i].Add(1)
		}
	}
}

func (h *handshakes) counts() map[HandshakeResult]uint64 {
	counts := make(map[HandshakeResult]uint64, len(h))
	for i := range h {
		counts[handshakeResults[i]] = h[i].Load()
	}
	return counts
}

// dialed counts what became of an attempt of ours to connect.
func (n *Node) dialed(f *flight, err error) {
	c := &n.counters
	failed, ok := errors.AsType[*ConnectError](err)
	switch {
	case n.ctx.Err() != nil: // we are ending, that is nobody's failure
	case err != nil && f.ctx.Err() != nil: // the peer has connected by itself meanwhile
		c.handshakesOut.add(errOvertaken)
	case !ok:
		c.handshakesOut.add(err)
	case failed.Stage == StageHandshake:
		c.handshakesOut.add(failed.Err)
	case failed.Stage == StageConnect:
		c.unreachable.Add(1)
	default:
		c.unresolved.Add(1)
	}
}
