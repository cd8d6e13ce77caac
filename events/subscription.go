package events

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// ErrClosed is why a subscription has ended after Subscription.Close or Hub.Close.
var ErrClosed = errors.New("events: subscription closed")

// Option changes a subscription.
type Option func(*Subscription)

// Buffer sets how many events may wait to be read before some are skipped, besides those that the subscription begins
// with. Zero and less mean DefaultBuffer. With more than n/2 nodes coming and going it is more: at most four times as
// many as there are nodes.
func Buffer(n int) Option {
	return func(s *Subscription) {
		if n > 0 {
			s.queue = newQueue(n)
		}
	}
}

// Notify makes the hub call f after each event it queued, and after Hub.Close, from the publisher's goroutine: several
// calls may run at once. f must not wait; it is there to poke an event loop which then calls TryNext. The snapshot is
// queued when Subscribe returns and makes no call.
func Notify(f func()) Option {
	return func(s *Subscription) { s.notify = f }
}

// Subscription is one reader's view of the events, made by Hub.Subscribe. As a rule one goroutine reads it; if several
// do, each event goes to one of them.
type Subscription struct {
	hub       *Hub
	notify    func()
	discovery bool
	since     uint64
	resumes   bool          // since counts
	resumed   bool          // the subscription began there; set before it is anybody's
	wake      chan struct{} // capacity 1: there may be something to read
	done      chan struct{} // closed when err is set

	mu    sync.Mutex
	queue queue
	err   error
	stop  func() bool // releases the context
}

func newSubscription(h *Hub, opts []Option) *Subscription {
	s := &Subscription{
		hub:   h,
		wake:  make(chan struct{}, 1),
		done:  make(chan struct{}),
		queue: newQueue(DefaultBuffer),
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Next returns the next event; it waits for it until ctx is done. When the subscription has ended the error is that of
// Err, otherwise it is the cause of ctx.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	for {
		ev, ok, err := s.take()
		if ok || err != nil {
			return ev, err
		}
		select {
		case <-s.wake:
		case <-s.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// TryNext returns the next event if there is one already.
func (s *Subscription) TryNext() (Event, bool) {
	ev, ok, _ := s.take()
	return ev, ok
}

// All ranges over the events until the subscription ends; then Err tells why. Leaving the loop closes the subscription:
// use Next to read on elsewhere.
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

// take returns the next event, or why there will be none.
func (s *Subscription) take() (Event, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ev, ok := s.queue.pop()
	if !ok {
		return nil, false, s.err
	}
	if s.queue.len() > 0 {
		s.poke() // another reader may wait
	}
	return ev, true, nil
}

// push queues ev. It never waits: it is called with the lock of the hub held.
func (s *Subscription) push(ev Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.queue.push(ev)
	s.poke()
}

func (s *Subscription) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Err tells why the subscription has ended: nil while it has not, ErrClosed after Close or Hub.Close, otherwise the
// cause of its context.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Dropped returns how many events were skipped in all because the reader was slow; Skipped events tell of the same ones.
func (s *Subscription) Dropped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.dropped
}

// Close ends the subscription at once; what is queued is not read any more. Calling it again does nothing.
func (s *Subscription) Close() { s.leave(ErrClosed) }

// leave ends the subscription from the reader's side.
func (s *Subscription) leave(err error) {
	s.hub.remove(s)
	s.end(err, false)
}

// end sets the reason, once. With drain the reader still gets what is queued.
func (s *Subscription) end(err error, drain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !drain {
		s.queue.clear()
	}
	if s.err != nil {
		return
	}
	s.err = err
	close(s.done)
	if s.stop != nil {
		s.stop()
	}
}

// setStop takes what releases the context, and calls it if the subscription has ended meanwhile.
func (s *Subscription) setStop(stop func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop = stop
	if s.err != nil {
		stop()
	}
}
