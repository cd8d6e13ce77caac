package node

import (
	"context"
	"sync"
	"sync/atomic"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// maxQueued is how many signals to one peer may wait for its connection before their senders wait too.
const maxQueued = 10_000

// session is the way to a peer: what Ergo takes for its connection. It exists from the first time a process here addresses
// the peer until the connection is lost or could not be made. While the peer is being dialled, signals gather in order; when
// it is up they go out before anything else; if it can't be reached they are dropped, and calls fail with
// gen.ErrNoConnection.
//
// Methods are called from any goroutine. Those that Ergo calls while it holds its lock on relations never wait.
type session struct {
	unsupported
	node *Node
	peer gen.Atom

	link atomic.Pointer[link] // set while the session is live

	mu      sync.Mutex
	queue   []queued
	settled chan struct{} // closed when the session leaves the pending state
	ended   chan struct{} // closed when it is over
	freed   chan struct{} // closed when Ergo has forgotten it
	isEnded bool
	isFreed bool
	ergo    bool // Ergo has it
}

// queued is a signal that waits for the connection, and the call it belongs to.
type queued struct {
	sig      dist.Signal
	call     *call
	deadline uint64 // of the call, in seconds since 1970; 0 if it has none
}

func newSession(n *Node, peer gen.Atom) *session {
	return &session{
		node:    n,
		peer:    peer,
		settled: make(chan struct{}),
		ended:   make(chan struct{}),
		freed:   make(chan struct{}),
	}
}

// attach makes the session live on l and sends what has gathered.
func (s *session) attach(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isEnded || s.link.Load() != nil {
		return
	}
	for i := range s.queue {
		q := &s.queue[i]
		if q.call != nil {
			l.expire(q.call, q.deadline)
			l.calls.add(q.call)
		}
		if err := l.post(&q.sig); err != nil && q.call != nil {
			l.calls.fail(q.call.ref, err)
		}
	}
	s.queue = nil
	s.link.Store(l)
	close(s.settled)
}

// end ends the session: the connection is lost, or there will be none.
func (s *session) end() {
	s.mu.Lock()
	if s.isEnded {
		s.mu.Unlock()
		return
	}
	s.isEnded = true
	dropped := s.queue
	s.queue = nil
	if s.link.Swap(nil) == nil {
		close(s.settled)
	}
	s.mu.Unlock()
	for _, q := range dropped {
		if q.call != nil {
			q.call.fail(gen.ErrNoConnection)
		}
	}
	close(s.ended)
}

// over implements connection.
func (s *session) over() <-chan struct{} { return s.ended }

// live returns the link if there is one.
func (s *session) live() *link { return s.link.Load() }

// send sends sig. It waits, within ctx, if the peer is slow to take what it is sent, or while it is being dialled and too
// much waits for it already.
func (s *session) send(ctx context.Context, sig *dist.Signal) error {
	if l := s.live(); l != nil {
		return l.send(ctx, sig)
	}
	return s.sendLater(ctx, sig)
}

// sendLater is send when the session was not live a moment ago. It is apart because its copy of sig would be on the stack of
// whoever sends.
func (s *session) sendLater(ctx context.Context, sig *dist.Signal) error {
	for {
		done, err := s.enqueue(queued{sig: *sig})
		if done || err != nil {
			return err
		}
		select {
		case <-s.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
		if l := s.live(); l != nil {
			return l.send(ctx, sig)
		}
	}
}

// post sends sig without waiting.
func (s *session) post(sig *dist.Signal) error {
	if l := s.live(); l != nil {
		return l.post(sig)
	}
	done, err := s.enqueue(queued{sig: *sig})
	if l := s.live(); !done && err == nil && l != nil {
		return l.post(sig)
	}
	if !done && err == nil {
		return gen.ErrProcessMailboxFull
	}
	return err
}

// enqueue adds q to what waits. It reports false if q has to be sent some other way: the session is live by now, or
// too much waits.
func (s *session) enqueue(q ...queued) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.isEnded:
		return false, gen.ErrNoConnection
	case s.link.Load() != nil, len(s.queue) >= maxQueued:
		return false, nil
	}
	s.queue = append(s.queue, q...)
	return true, nil
}

// call sends a gen_server call of a process: a monitor, so that it fails at once if there is nobody, and the request.
func (s *session) call(from gen.PID, opts gen.MessageOptions, target dist.Signal, request any) error {
	for {
		l := s.live()
		if l == nil {
			c, mon, msg := s.node.newProcessCall(from, opts.Ref, target, request, 0)
			done, err := s.enqueue(queued{sig: mon, call: c, deadline: opts.Ref.Deadline()}, queued{sig: msg})
			if done || err != nil {
				return err
			}
			<-s.settled
			continue
		}
		c, mon, msg := s.node.newProcessCall(from, opts.Ref, target, request, l.conn.Flags())
		l.expire(c, opts.Ref.Deadline())
		return l.startCall(context.Background(), c, &mon, &msg)
	}
}

// given notes that Ergo has the session.
func (s *session) given() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ergo = true
}

// wait returns when Ergo has forgotten the session, if it had it, or ctx is done.
func (s *session) wait(ctx context.Context) {
	s.mu.Lock()
	ergo := s.ergo
	s.mu.Unlock()
	if !ergo {
		return
	}
	select {
	case <-s.freed:
	case <-ctx.Done():
	}
}
