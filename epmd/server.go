package epmd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// What the zero value of a Server's fields stands for.
const (
	defaultIdle     = 60 * time.Second
	defaultMaxConns = 256
	defaultMaxNodes = 1000
)

// Pauses after an accept that failed, most often for want of file descriptors.
const (
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = time.Second
)

// Server stands in for epmd. The zero value works. Its fields must not change once Serve was called, and it must not be
// copied.
type Server struct {
	// Idle bounds how long a connection may take to make its request, and to take the answer; 0 is 60 s. Only a whole
	// request ends the wait: single bytes do not prolong it.
	Idle time.Duration

	// MaxConns bounds the connections that are not registrations; 0 is 256. When there are more, the oldest connection
	// of the address that has most of them is closed.
	MaxConns int

	// MaxNodes bounds the registrations; 0 is 1000. One more is closed without an answer.
	MaxNodes int

	// Relaxed allows the commands STOP, and KILL while nodes are registered (epmd -relaxed_command_check).
	Relaxed bool

	// Kill is called when KILL was granted: no node is registered, or Relaxed is set. It ought to end the context of
	// Serve. It may be called more than once, from any goroutine, and must not wait for Serve. If nil, KILL is refused.
	Kill func()

	// Logger gets a record of each registration (debug), and of what is refused to preserve the server (warn). Nil is
	// silent.
	Logger *slog.Logger

	once   sync.Once
	log    *slog.Logger
	mu     sync.Mutex // guards all below
	names  table
	held   map[string]*peer // the connection of each name in names
	queue  waiting
	serial uint64
	warned time.Time
}

func (s *Server) setUp() {
	s.once.Do(func() {
		s.log = orSilent(s.Logger)
		s.names = newTable()
		s.held = map[string]*peer{}
		s.queue = newWaiting(or(s.MaxConns, defaultMaxConns))
	})
}

// Serve answers on the listeners until the context ends, and returns nil then; or the error of the first listener that
// ended by itself. Before it returns, all listeners are closed, then the connections they accepted, so that the names
// registered there are free, and all its goroutines have ended. It may be called several times at once, for one set of
// names.
func (s *Server) Serve(ctx context.Context, lns ...net.Listener) error {
	s.setUp()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	run := &serving{server: s, conns: map[net.Conn]bool{}}
	ended := make(chan error, len(lns))
	var acceptors sync.WaitGroup
	for _, ln := range lns {
		// Owned by this call, which closes ln and waits.
		acceptors.Go(func() { ended <- run.accept(ctx, ln) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	cancel()
	closeAll(lns)
	acceptors.Wait()
	run.close()
	return err
}

// serving is one call of Serve.
type serving struct {
	server *Server
	wg     sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// accept starts a goroutine for each connection, until the context ends (nil) or the listener is closed.
func (r *serving) accept(ctx context.Context, ln net.Listener) error {
	pause := minAcceptPause
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause = minAcceptPause
			r.start(conn)
			continue
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
		r.server.log.Warn("epmd server cannot accept a connection", "error", err)
		r.server.evict()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
			pause = min(2*pause, maxAcceptPause)
		}
	}
}

// start serves conn in a goroutine that close waits for.
func (r *serving) start(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		conn.Close()
		return
	}
	r.conns[conn] = true
	r.wg.Go(func() {
		r.server.serve(conn)
		conn.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, conn)
	})
}

// close closes the connections and waits for their goroutines.
func (r *serving) close() {
	r.mu.Lock()
	r.closed = true
	for conn := range r.conns {
		conn.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// evict makes room when the system has none left.
func (s *Server) evict() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.evict()
}

func orSilent(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// or returns v, or def if v is zero or less.
func or[T int | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}
