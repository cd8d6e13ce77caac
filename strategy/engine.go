package strategy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Engine connects to the nodes that strategies want, and connects again when they are lost, for as long as they are
// wanted. It disconnects nobody, unless Config.Prune says so.
//
// Make one with New, call Run once, and tell it with Up and Down what is connected.
type Engine struct {
	cfg   Config // for Sources and rules, which can change, see below
	log   *slog.Logger
	poke  chan struct{} // capacity 1: the core is to be asked
	tasks sync.WaitGroup
	done  chan struct{} // closed when Run ends

	mu          sync.Mutex
	core        *core
	sources     []Source
	followers   map[string]*follower // those of sources that are being run
	dialTimeout time.Duration
	changed     chan struct{}   // closed, and made anew, when the core has changed
	ctx         context.Context // of Run; nil before
	ending      bool            // no source is started any more
}

// New returns an Engine that is not running yet. Its methods may be called from any goroutine.
func New(cfg Config) *Engine {
	cfg = cfg.complete()
	cfg.Sources = distinct(cfg.Sources)
	return &Engine{
		cfg:         cfg,
		log:         cfg.Logger,
		poke:        make(chan struct{}, 1),
		done:        make(chan struct{}),
		core:        newCore(cfg, rand.Float64),
		sources:     cfg.Sources,
		followers:   make(map[string]*follower),
		dialTimeout: cfg.Knobs.DialTimeout,
		changed:     make(chan struct{}),
	}
}

// distinct numbers sources whose name is taken.
func distinct(sources []Source) []Source {
	taken := make(map[string]bool, len(sources))
	out := make([]Source, len(sources))
	for i, s := range sources {
		name := s.Name
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s#%d", s.Name, n)
		}
		taken[name] = true
		s.Name = name
		out[i] = s
	}
	return out
}

// Up says that name is connected now, and who made the connection. It never waits.
func (e *Engine) Up(name Name, via Via) {
	e.change(func(now time.Time) { e.core.cameUp(name, via, now) })
}

// Down says that name is not connected any more. It never waits.
func (e *Engine) Down(name Name) { e.change(func(now time.Time) { e.core.wentDown(name, now) }) }

// Claim says that the application relies on the connection to name, whoever made it: it is not pruned. It never waits.
func (e *Engine) Claim(name Name) { e.change(func(time.Time) { e.core.claimed(name) }) }

// Leaving says that name is about to end, or has ended in order. It is not dialled for Knobs.LeaveFor, unless it comes by
// itself before or a source names it anew. It never waits.
func (e *Engine) Leaving(name Name) { e.change(func(now time.Time) { e.core.leave(name, now) }) }

// change tells the core something.
func (e *Engine) change(f func(now time.Time)) {
	e.mu.Lock()
	f(time.Now())
	e.announce()
	e.mu.Unlock()
	e.wake()
}

// wake makes Run ask the core.
func (e *Engine) wake() {
	select {
	case e.poke <- struct{}{}:
	default:
	}
}

// announce wakes who waits for a change. The caller holds the lock.
func (e *Engine) announce() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Run runs the strategies, dials and prunes, until ctx is done; then it waits for the strategies and the dials under way,
// and returns the cause. An engine runs once; a second call returns an error.
func (e *Engine) Run(ctx context.Context) error {
	if !e.begin(ctx) {
		return errors.New("strategy: Run was called before: an engine runs only once, make a new one")
	}
	defer e.end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-e.poke:
		case <-timer.C:
		}
		if ctx.Err() == nil { // both may be ready, and nobody is dialled any more when it is over
			e.tick(ctx, timer)
		}
	}
}

// begin starts the sources, unless that was done before.
func (e *Engine) begin(ctx context.Context) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ctx != nil {
		return false
	}
	e.ctx = ctx
	for _, s := range e.sources {
		e.start(s, nil)
	}
	return true
}

// end waits for what Run has started and tells the last decisions.
func (e *Engine) end() {
	e.mu.Lock()
	e.ending = true
	e.mu.Unlock()
	e.tasks.Wait()
	close(e.done)
	e.mu.Lock()
	said := e.take()
	e.mu.Unlock()
	e.tell(said)
}

// tick does what the core says.
func (e *Engine) tick(ctx context.Context, timer *time.Timer) {
	now := time.Now()
	e.mu.Lock()
	formed := e.core.formed
	orders := e.core.tick(now)
	if e.core.formed != formed {
		e.announce()
	}
	said := e.take()
	e.mu.Unlock()
	for _, node := range orders.dial {
		e.tasks.Go(func() { e.dial(ctx, node) }) // owned by Run, ends with ctx
	}
	for _, name := range orders.disconnect {
		e.tasks.Go(func() { e.disconnect(ctx, name) }) // owned by Run, ends with ctx
	}
	if orders.wake.IsZero() {
		timer.Stop()
	} else {
		timer.Reset(orders.wake.Sub(now))
	}
	e.tell(said)
}

// take returns the decisions that were not told yet. The caller holds the lock.
func (e *Engine) take() []Decision {
	said := e.core.said
	e.core.said = nil
	return said
}

// tell logs decisions and hands them to the observer. Only Run calls it, so they stay in order.
func (e *Engine) tell(said []Decision) {
	for _, d := range said {
		if level := d.level(); e.log.Enabled(context.Background(), level) {
			e.log.LogAttrs(context.Background(), level, d.message(), d.attrs()...)
		}
		if e.cfg.Observer != nil {
			e.cfg.Observer(d)
		}
	}
}

// dial connects to node once.
func (e *Engine) dial(ctx context.Context, node Node) {
	dialCtx, cancel := context.WithTimeout(ctx, e.patience())
	defer cancel()
	err := e.cfg.Connector.Connect(dialCtx, node)
	if ctx.Err() != nil {
		return // not the node's fault
	}
	e.change(func(now time.Time) { e.core.dialed(node.Name, err, now) })
}

// patience is how long a dial may take.
func (e *Engine) patience() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dialTimeout
}

// disconnect cuts the connection to name.
func (e *Engine) disconnect(ctx context.Context, name Name) {
	ctx, cancel := context.WithTimeout(ctx, e.patience())
	defer cancel()
	err := e.cfg.Disconnector.Disconnect(ctx, name)
	e.change(func(now time.Time) { e.core.disconnected(name, err, now) })
}
