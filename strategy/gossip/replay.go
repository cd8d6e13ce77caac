package gossip

import (
	"sync"
	"time"
)

// maxNonces is how many authenticated packets can be told apart within two windows, some hundred a second.
const maxNonces = 1 << 16

type seen uint8

const (
	seenNew seen = iota
	seenBefore
	seenTooMany
)

// replay remembers the nonces of authentic packets for as long as their time stamps would be accepted. A packet is
// accepted within a window around its time stamp, so two windows after it came it is stale, and forgotten at most two
// windows after that. The sockets share it.
type replay struct {
	window time.Duration

	mu       sync.Mutex
	since    time.Time // when now began
	now, old map[[nonceSize]byte]struct{}
}

// see notes a nonce. It is called for authentic packets only: nobody else can fill it.
func (r *replay) see(nonce [nonceSize]byte, at time.Time) seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	if age := at.Sub(r.since); r.now == nil || age >= 2*r.window {
		r.old, r.now, r.since = r.now, make(map[[nonceSize]byte]struct{}), at
		if age >= 4*r.window {
			r.old = nil
		}
	}
	if _, ok := r.now[nonce]; ok {
		return seenBefore
	}
	if _, ok := r.old[nonce]; ok {
		return seenBefore
	}
	if len(r.now) >= maxNonces {
		return seenTooMany
	}
	r.now[nonce] = struct{}{}
	return seenNew
}
