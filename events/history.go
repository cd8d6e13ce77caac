package events

// historySize is how many events of each of the two kinds, who comes and goes and what discovery decides, a Hub remembers.
const historySize = 1024

// history is what a Hub remembers of what it published. It is guarded by the lock of the Hub. Discovery has a ring of its
// own: it may have much to say, and that must not push out who came and went.
type history struct{ nodes, discovery ring }

func (h *history) of(ev Event) *ring {
	if ofDiscovery(ev) {
		return &h.discovery
	}
	return &h.nodes
}

// since returns the events after seq in their order, with those of discovery or without, and whether that is all of them.
func (h *history) since(seq uint64, discovery bool) ([]Event, bool) {
	if seq < h.nodes.lost || discovery && seq < h.discovery.lost {
		return nil, false
	}
	nodes := h.nodes.since(seq)
	if !discovery {
		return nodes, true
	}
	return merge(nodes, h.discovery.since(seq)), true
}

// ring has the last events of a kind.
type ring struct {
	events []Event // the oldest is at next, once there are historySize
	next   int
	lost   uint64 // the Seq of the newest that is not there any more
}

func (r *ring) add(ev Event) {
	if len(r.events) < historySize {
		r.events = append(r.events, ev)
		return
	}
	r.lost, _ = stamp(r.events[r.next])
	r.events[r.next] = ev
	r.next = (r.next + 1) % historySize
}

func (r *ring) since(seq uint64) []Event {
	var found []Event
	for i := range r.events {
		ev := r.events[(r.next+i)%len(r.events)]
		if s, _ := stamp(ev); s > seq {
			found = append(found, ev)
		}
	}
	return found
}

// merge makes of two lists in order one in order.
func merge(a, b []Event) []Event {
	all := make([]Event, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		first, _ := stamp(a[0])
		if second, _ := stamp(b[0]); first < second {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// Since makes a subscription go on after the event with the number seq, for a reader that was away: it gets what happened
// since, without the nodes that were up before, then a Synced, and then what happens. Since(0) is everything from the
// beginning. The hub remembers the last 1024 NodeUp and NodeDown, and as many events of discovery. If that does not reach
// back to seq, or seq is yet to come, the subscription begins as any other does; Resumed tells which.
func Since(seq uint64) Option {
	return func(s *Subscription) { s.since, s.resumes = seq, true }
}

// Resumed reports whether the subscription, made with Since, has gone on where its reader was.
func (s *Subscription) Resumed() bool { return s.resumed }

// HubStats are counters of a Hub.
type HubStats struct {
	Published   uint64 // events so far, which is the Seq of the last
	Subscribers int
	Skipped     uint64 // events that subscriptions missed since their readers were slow
	Queued      int    // events that wait for the readers of all subscriptions
}

// Stats returns the counters as they are now. Any goroutine may call it.
func (h *Hub) Stats() HubStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := HubStats{Published: h.seq, Subscribers: len(h.subs), Skipped: h.skipped}
	for s := range h.subs {
		queued, skipped := s.load()
		st.Queued += queued
		st.Skipped += skipped
	}
	return st
}

// Queued returns how many events wait to be read.
func (s *Subscription) Queued() int {
	queued, _ := s.load()
	return queued
}

func (s *Subscription) load() (queued int, skipped uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.len(), s.queue.dropped
}
