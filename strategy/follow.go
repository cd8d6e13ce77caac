package strategy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// How long a strategy that failed waits before it is started again, give or take a fifth; it doubles from one to the
// other, and starts anew when the strategy has sent a set.
const (
	restartMin = time.Second
	restartMax = 30 * time.Second
)

// follow runs a strategy until ctx is done or it has no more to say, and starts it again when it fails.
func (e *Engine) follow(ctx context.Context, s Source) {
	var wait time.Duration
	for {
		sent, err := e.runOnce(ctx, s)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			e.log.Debug("strategy has no more to say, its last nodes stay wanted", "strategy", s.Name)
			e.hear(ctx, func(time.Time) { e.core.sourceEnded(s.Name) })
			return
		}
		if sent {
			wait = 0
		}
		wait = min(max(2*wait, restartMin), restartMax)
		pause := time.Duration((0.8 + 0.4*rand.Float64()) * float64(wait))
		e.hear(ctx, func(now time.Time) { e.core.sourceFailed(s.Name, err, now) })
		e.log.Debug("starting a strategy again that failed", "strategy", s.Name, "error", err, "after", pause.Round(time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// hear tells the core what a source says, unless it is no source any more: then ctx is done, since before the core knows.
func (e *Engine) hear(ctx context.Context, f func(now time.Time)) {
	e.change(func(now time.Time) {
		if ctx.Err() == nil {
			f(now)
		}
	})
}

// runOnce runs a strategy until it returns, and takes its sets. sent is whether there were any.
func (e *Engine) runOnce(ctx context.Context, s Source) (sent bool, err error) {
	if s.Strategy == nil {
		return false, fmt.Errorf("strategy: source %q has no strategy", s.Name)
	}
	out := make(chan Set)
	done := make(chan error, 1)
	go func() { done <- s.Strategy.Run(ctx, out) }() // owned by follow, which waits for it
	for {
		select {
		case set := <-out:
			sent = true
			e.hear(ctx, func(now time.Time) { e.core.set(s.Name, set, now) })
		case err := <-done:
			return sent, err
		}
	}
}
