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
// wanted. It never disconnects anybody.
//
// Make one with New, call Run once, and tell it with Up and Down what is connected.
type Engine struct {
	cfg     Config
	log     *slog.Logger
	sources []Source
	poke    chan struct{} // capacity 1: the core is to be asked
	tasks   sync.WaitGroup

	mu   sync.Mutex
	core *core
	ran  bool
}

// New returns an Engine that is not running yet. Its methods may be called from any goroutine.
func New(cfg Config) *Engine {
	cfg = cfg.complete()
	return &Engine{
		cfg:     cfg,
		log:     cfg.Logger,
		sources: distinct(cfg.Sources),
		poke:    make(chan struct{}, 1),
		core:    newCore(cfg.Self, cfg, rand.Float64),
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
		out[i] = Source{Name: name, Strategy: s.Strategy}
	}
	return out
}

// Up says that name is connected now. It never waits.
func (e *Engine) Up(name Name) { e.change(func(now time.Time) { e.core.cameUp(name, now) }) }

// Down says that name is not connected any more. It never waits.
func (e *Engine) Down(name Name) { e.change(func(now time.Time) { e.core.wentDown(name, now) }) }

// Status returns what the engine knows of all nodes that are wanted, sorted by name.
func (e *Engine) Status() []Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.core.status(time.Now())
}

// change tells the core something.
func (e *Engine) change(f func(now time.Time)) {
	e.mu.Lock()
	f(time.Now())
	e.mu.Unlock()
	select {
	case e.poke <- struct{}{}:
	default:
	}
}

// Run runs the strategies and dials, until ctx is done; then it waits for the strategies and the dials under way, and
// returns the cause. An engine runs once; a second call returns an error.
func (e *Engine) Run(ctx context.Context) error {
	e.mu.Lock()
	ran := e.ran
	e.ran = true
	e.mu.Unlock()
	if ran {
		return errors.New("strategy: Run was called before: an engine runs only once, make a new one")
	}
	defer e.tasks.Wait()
	for _, s := range e.sources {
		e.tasks.Go(func() { e.follow(ctx, s) }) // owned by Run, ends with ctx
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-e.poke:
		case <-timer.C:
		}
		e.tick(ctx, timer)
	}
}

// tick does what the core says.
func (e *Engine) tick(ctx context.Context, timer *time.Timer) {
	now := time.Now()
	e.mu.Lock()
	names, wake := e.core.tick(now)
	e.mu.Unlock()
	for _, name := range names {
		e.tasks.Go(func() { e.dial(ctx, name) }) // owned by Run, ends with ctx
	}
	if wake.IsZero() {
		timer.Stop()
	} else {
		timer.Reset(wake.Sub(now))
	}
}

// dial connects to name once.
func (e *Engine) dial(ctx context.Context, name Name) {
	dialCtx, cancel := context.WithTimeout(ctx, e.cfg.DialTimeout)
	defer cancel()
	err := e.cfg.Connector.Connect(dialCtx, name)
	if ctx.Err() == nil {
		e.report(name, err)
	}
	e.change(func(now time.Time) { e.core.dialed(name, err, now) })
}

// report logs a dial that failed: loudly if the reason is news.
func (e *Engine) report(name Name, err error) {
	if err == nil {
		return
	}
	e.mu.Lock()
	t := e.core.targets[name]
	news := t == nil || t.lastErr == nil || t.lastErr.Error() != err.Error()
	e.mu.Unlock()
	level := slog.LevelDebug
	if news {
		level = slog.LevelWarn
	}
	e.log.Log(context.Background(), level, "node can't be connected, trying again", "node", name, "error", err)
}
