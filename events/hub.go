package events

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Hub is where events are published and subscribed to. It gives all of them one order, which every subscriber sees. The
// zero value works; any goroutine may use it, also from within a range over a subscription. It must not be copied.
type Hub struct {
	mu      sync.Mutex
	seq     uint64
	members map[string]NodeUp
	subs    map[*Subscription]struct{}
	closed  bool
	history history
	skipped uint64 // by subscriptions that have ended
}

// Publish gives ev its Seq, and its Time if that is zero, and hands it to all subscribers, those of discovery to those who
// asked for them. It never waits for one of them. Synced, Skipped and what comes after Close are ignored.
//
// The publisher keeps NodeUp and NodeDown of one node in turn; events of several goroutines get the order in which
// Publish is called.
func (h *Hub) Publish(ev Event) {
	for _, notify := range h.publish(ev) {
		notify()
	}
}

// publish returns what is to be called when the lock is free again.
func (h *Hub) publish(ev Event) (notify []func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	switch e := ev.(type) {
	case NodeUp:
		e.Initial = false
		h.stamp(&e.Seq, &e.Time)
		if h.members == nil {
			h.members = make(map[string]NodeUp)
		}
		h.members[e.Node] = e
		ev = e
	case NodeDown:
		h.stamp(&e.Seq, &e.Time)
		delete(h.members, e.Node)
		ev = e
	case Decision:
		h.stamp(&e.Seq, &e.Time)
		ev = e
	case StrategyFailed:
		h.stamp(&e.Seq, &e.Time)
		ev = e
	case StrategyRecovered:
		h.stamp(&e.Seq, &e.Time)
		ev = e
	default:
		return nil
	}
	h.history.of(ev).add(ev)
	for s := range h.subs {
		if ofDiscovery(ev) && !s.discovery {
			continue
		}
		s.push(ev)
		if s.notify != nil {
			notify = append(notify, s.notify)
		}
	}
	return notify
}

func (h *Hub) stamp(seq *uint64, at *time.Time) {
	h.seq++
	*seq = h.seq
	if at.IsZero() {
		*at = time.Now()
	}
}

// Members returns the nodes that are up, in the order in which they came, as Initial events.
func (h *Hub) Members() []NodeUp {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.snapshot()
}

func (h *Hub) snapshot() []NodeUp {
	members := make([]NodeUp, 0, len(h.members))
	for _, up := range h.members {
		up.Initial = true
		members = append(members, up)
	}
	slices.SortFunc(members, func(a, b NodeUp) int { return cmp.Compare(a.Seq, b.Seq) })
	return members
}

// Subscribe begins a subscription. It gets the nodes that are up now, as NodeUp with Initial, then a Synced, then what
// happens from now on; nothing is missing in between and nothing comes twice. It ends with ctx, with
// Subscription.Close, when a range over All is left, or with Hub.Close; one of them must come, or the hub keeps it for
// ever. With the option Since it goes on where an earlier one ended.
func (h *Hub) Subscribe(ctx context.Context, opts ...Option) *Subscription {
	s := newSubscription(h, opts)
	h.mu.Lock()
	if h.closed {
		s.end(ErrClosed, false)
	} else {
		h.begin(s)
	}
	h.mu.Unlock()
	// Not under the lock: if ctx is done already the function may run at once. It needs no goroutine until then.
	s.setStop(context.AfterFunc(ctx, func() { s.leave(context.Cause(ctx)) }))
	return s
}

// begin queues the snapshot, or what the reader missed, and makes s a subscriber; the caller holds the lock.
func (h *Hub) begin(s *Subscription) {
	var missed []Event
	if s.resumes && s.since <= h.seq {
		missed, s.resumed = h.history.since(s.since, s.discovery)
	}
	for _, ev := range missed {
		s.queue.begin(ev)
	}
	members := h.snapshot()
	for _, up := range members {
		if !s.resumed {
			s.queue.begin(up)
		}
	}
	s.queue.begin(Synced{Members: len(members), Seq: h.seq, Time: time.Now()})
	if h.subs == nil {
		h.subs = make(map[*Subscription]struct{})
	}
	h.subs[s] = struct{}{}
}

func (h *Hub) remove(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		h.skipped += s.Dropped()
	}
}

// Close ends all subscriptions; their readers still get what is queued. Publish does nothing any more, Members stays
// what it was, and new subscriptions have ended when they begin. Calling Close again does nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	subs := h.subs
	h.subs = nil
	for s := range subs {
		h.skipped += s.Dropped()
	}
	h.mu.Unlock()
	for s := range subs {
		s.end(ErrClosed, true)
		if s.notify != nil {
			s.notify()
		}
	}
}
