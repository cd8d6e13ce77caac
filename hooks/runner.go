package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"gonode/events"
	"gonode/internal/eventjson"
)

// Config says what a Runner is to do.
type Config struct {
	Self   string      // the name of the node that tells
	Hub    *events.Hub // its events
	Hooks  []Hook
	Logger *slog.Logger // gets what fails; nil means silence

	// Since is the number of the last event that hooks have had already, for a Runner that takes over from another one
	// (Hub.Stats has the number). 0 means none, so that nodes which came up before are told of.
	Since uint64
}

// Runner runs hooks. New makes one, Run runs it. Any goroutine may call Stats.
type Runner struct {
	cfg   Config
	hooks []*running
}

// running is a hook with its counters.
type running struct {
	Hook
	runner *Runner
	client *http.Client
	sub    atomic.Pointer[events.Subscription]

	ok, failed, timedOut, retries, skipped atomic.Uint64
	busy                                   atomic.Int64
}

// New checks the hooks and returns what runs them. It starts nothing.
func New(cfg Config) (*Runner, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runner{cfg: cfg}
	names := map[string]int{}
	for _, h := range cfg.Hooks {
		if err := h.check(); err != nil {
			return nil, err
		}
		h = h.complete()
		if names[h.Name]++; names[h.Name] > 1 {
			h.Name = fmt.Sprintf("%s-%d", h.Name, names[h.Name])
		}
		r.hooks = append(r.hooks, &running{Hook: h, runner: r, client: newClient()})
	}
	return r, nil
}

// Run runs the hooks until ctx is done, which kills programs that are running, or until the hub is closed and all that was
// queued then is done. It returns nil in the latter case and the cause of ctx in the former. It is called once.
func (r *Runner) Run(ctx context.Context) error {
	var workers sync.WaitGroup // all end with ctx or their subscription, before Run returns
	for _, h := range r.hooks {
		sub := r.cfg.Hub.Subscribe(ctx, h.options(r.cfg.Since)...)
		defer sub.Close()
		h.sub.Store(sub)
		for range h.Concurrency {
			workers.Go(func() { h.work(ctx, sub) })
		}
	}
	workers.Wait()
	for _, h := range r.hooks {
		h.client.CloseIdleConnections()
	}
	return context.Cause(ctx)
}

func (h *running) options(since uint64) []events.Option {
	opts := []events.Option{events.Buffer(h.Queue), events.Since(since)}
	if h.Events.discovery() {
		opts = append(opts, events.Discovery())
	}
	return opts
}

// work does what the events ask for, one after the other.
func (h *running) work(ctx context.Context, sub *events.Subscription) {
	for {
		ev, err := sub.Next(ctx)
		if err != nil {
			return
		}
		if skipped, ok := ev.(events.Skipped); ok {
			h.skipped.Add(skipped.Count)
			h.log().Warn("hook is too slow, events are skipped", "hook", h.Name, "events", skipped.Count)
		}
		if h.Events.Match(ev) {
			h.handle(ctx, ev)
		}
	}
}

func (h *running) log() *slog.Logger { return h.runner.cfg.Logger }

// errTime is why a run ends whose time is over.
var errTime = errors.New("its time is over")

// handle does it, counts how it went, and says so if it did not go well.
func (h *running) handle(ctx context.Context, ev events.Event) {
	h.busy.Add(1)
	defer h.busy.Add(-1)
	begin := time.Now()
	var err error
	if h.URL != "" {
		err = h.post(ctx, ev)
	} else {
		err = h.runProgram(ctx, ev)
	}
	took := time.Since(begin)
	switch {
	case err == nil:
		h.ok.Add(1)
		h.log().Debug("hook ran", "hook", h.Name, "event", eventjson.Name(ev), "node", eventjson.Node(ev), "took", took)
		return
	case errors.Is(err, errTime):
		h.timedOut.Add(1)
	default:
		h.failed.Add(1)
	}
	if ctx.Err() == nil {
		h.log().Warn("hook failed", "hook", h.Name, "event", eventjson.Name(ev), "node", eventjson.Node(ev), "took", took, "error", err)
	}
}

// Stats are the counters of a hook.
type Stats struct {
	Name     string
	OK       uint64 // runs that went well
	Failed   uint64 // runs that did not: an exit code, an answer that is no success, no connection
	TimedOut uint64 // and those whose time was over
	Retries  uint64 // posts that were tried again
	Skipped  uint64 // events that it was too slow for
	Running  int    // runs under way
	Queued   int    // events that wait for it
}

// Stats returns the counters of the hooks, in their order.
func (r *Runner) Stats() []Stats {
	all := make([]Stats, len(r.hooks))
	for i, h := range r.hooks {
		all[i] = Stats{
			Name: h.Name, OK: h.ok.Load(), Failed: h.failed.Load(), TimedOut: h.timedOut.Load(), Retries: h.retries.Load(),
			Skipped: h.skipped.Load(), Running: int(h.busy.Load()),
		}
		if sub := h.sub.Load(); sub != nil {
			all[i].Queued = sub.Queued()
		}
	}
	return all
}
