package events

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// ErrClosed is why a subscription ended that was closed, or whose hub was.
var ErrClosed = errors.New("events: subscription closed")

// Subscription is one reader's view of a hub. One goroutine reads; the other methods may be called by any.
type Subscription struct {
	hub    *Hub
	limit  int
	notify func()
	stop   func() bool
	ready  chan struct{} // holds a token when there may be something to read
	gone   chan struct{} // closed when nothing more will come

	// Guarded by hub.mu.
	queue   []Event
	initial int    // how many at the head of queue are from the beginning; they do not count against limit
	skipped uint64 // events since the last Skipped that the reader will not see
	dropped uint64 // all of them
	err     error  // why it has ended
}

// put adds ev for the reader. When too much is kept only the last event of each node stays; the hub's lock is held.
func (s *Subscription) put(ev Event) {
	s.queue = append(s.queue, ev)
	if len(s.queue)-s.initial > s.limit {
		s.coalesce()
	}
	s.wake()
}

// coalesce removes every event from the queue that a later one of the same node makes out of date. The last states are
// kept in their order, and behind those from the beginning, which stay.
func (s *Subscription) coalesce() {
	tail := s.queue[s.initial:]
	seen := make(map[string]bool)
	kept := make([]Event, 0, len(tail))
	for _, ev := range slices.Backward(tail) {
		if node := nodeOf(ev); !seen[node] {
			seen[node] = true
			kept = append(kept, ev)
		}
	}
	slices.Reverse(kept)
	n := uint64(len(tail) - len(kept))
	s.skipped += n
	s.dropped += n
	s.queue = append(slices.Clip(s.queue[:s.initial]), kept...)
}

func nodeOf(ev Event) string {
	switch e := ev.(type) {
	case NodeUp:
		return e.Node
	case NodeDown:
		return e.Node
	}
	return ""
}

func (s *Subscription) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
	if s.notify != nil {
		s.notify()
	}
}

// finish ends the subscription; the hub's lock is held.
func (s *Subscription) finish(err error) {
	if s.err == nil {
		s.err = err
		close(s.gone)
		if s.notify != nil {
			s.notify()
		}
	}
}

func (s *Subscription) end(err error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.subs, s)
	s.finish(err)
	s.queue, s.initial = nil, 0
}

// Close ends the subscription and drops what was not read.
func (s *Subscription) Close() {
	s.stop()
	s.end(ErrClosed)
}

// Err returns why the subscription has ended: ErrClosed or the cause of its context; nil while it goes on.
func (s *Subscription) Err() error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.err
}

// Dropped returns how many events the reader was too slow for so far.
func (s *Subscription) Dropped() uint64 {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.dropped
}

// TryNext returns the next event if there is one.
func (s *Subscription) TryNext() (Event, bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, false
	}
	if s.initial == 0 && s.skipped > 0 {
		ev := Skipped{Count: s.skipped}
		s.skipped = 0
		return ev, true
	}
	ev := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	if s.initial > 0 {
		s.initial--
	}
	return ev, true
}

// Next waits for the next event. The error is that of ctx, or Err when the subscription has ended and all that was kept
// has been read.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	for {
		if ev, ok := s.TryNext(); ok {
			return ev, nil
		}
		select {
		case <-s.ready:
		case <-s.gone:
			if ev, ok := s.TryNext(); ok {
				return ev, nil
			}
			return nil, s.Err()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// All ranges over the events until the subscription ends, and closes it when the loop is left.
func (s *Subscription) All() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		defer s.Close()
		for {
			ev, err := s.Next(context.Background())
			if err != nil || !yield(ev) {
				return
			}
		}
	}
}
