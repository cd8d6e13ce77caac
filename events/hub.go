package events

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Hub hands what is published to all subscriptions, in one order. The zero value is ready; any goroutine may use it,
// also from within a loop over a subscription. It must not be copied.
type Hub struct {
	mu      sync.Mutex
	seq     uint64
	members map[string]NodeUp
	subs    map[*Subscription]struct{}
	closed  bool
}

// Publish gives ev, a NodeUp or a NodeDown, its number and time and hands it to all subscriptions. It never waits. After
// Close it does nothing.
func (h *Hub) Publish(ev Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.seq++
	switch e := ev.(type) {
	case NodeUp:
		e.Seq, e.Time = h.seq, time.Now()
		if h.members == nil {
			h.members = make(map[string]NodeUp)
		}
		h.members[e.Node] = e
		ev = e
	case NodeDown:
		e.Seq, e.Time = h.seq, time.Now()
		delete(h.members, e.Node)
		ev = e
	}
	for s := range h.subs {
		s.put(ev)
	}
}

// Members returns the nodes that are up, sorted by name.
func (h *Hub) Members() []NodeUp {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sorted()
}

func (h *Hub) sorted() []NodeUp {
	ups := make([]NodeUp, 0, len(h.members))
	for _, up := range h.members {
		ups = append(ups, up)
	}
	slices.SortFunc(ups, func(a, b NodeUp) int { return strings.Compare(a.Node, b.Node) })
	return ups
}

// DefaultBuffer is how many events a subscription keeps for its reader before it keeps only the last state of each node.
const DefaultBuffer = 1024

// An Option changes a subscription.
type Option func(*Subscription)

// Buffer sets how many events are kept for the reader, at least 1, besides who was up at the beginning.
func Buffer(n int) Option { return func(s *Subscription) { s.limit = max(n, 1) } }

// Notify has f called, without waiting for anything, when something is there to be read: for a reader that has another
// way to wait. f runs under the hub's lock and must not use the hub.
func Notify(f func()) Option { return func(s *Subscription) { s.notify = f } }

// Subscribe returns a subscription that begins with who is up now. It ends with ctx, with Close, or with the hub.
func (h *Hub) Subscribe(ctx context.Context, opts ...Option) *Subscription {
	s := &Subscription{hub: h, limit: DefaultBuffer, ready: make(chan struct{}, 1), gone: make(chan struct{})}
	for _, o := range opts {
		o(s)
	}
	h.mu.Lock()
	for _, up := range h.sorted() {
		up.Initial = true
		s.queue = append(s.queue, up)
	}
	s.queue = append(s.queue, Synced{})
	s.initial = len(s.queue)
	s.wake()
	if h.closed {
		s.finish(ErrClosed)
	} else {
		if h.subs == nil {
			h.subs = make(map[*Subscription]struct{})
		}
		h.subs[s] = struct{}{}
	}
	h.mu.Unlock()
	s.stop = context.AfterFunc(ctx, func() { s.end(context.Cause(ctx)) })
	return s
}

// Close ends all subscriptions; their readers still get what is kept for them.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.finish(ErrClosed)
	}
	h.subs = nil
}
