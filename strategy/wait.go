package strategy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// WaitFormed waits until Formed is true. The error wraps the cause of ctx and says what was missing; that a wait was given
// up is a decision, too.
func (e *Engine) WaitFormed(ctx context.Context) error {
	return e.wait(ctx, 0, func(c *core) bool { return c.formed })
}

// WaitMembers waits until n nodes, this one not counted, are connected at the same time, whoever made the connections.
// The error wraps the cause of ctx and says what was missing; that a wait was given up is a decision, too.
func (e *Engine) WaitMembers(ctx context.Context, n int) error {
	return e.wait(ctx, n, func(c *core) bool { return c.members >= n })
}

// wait waits until ok, for a cluster of n members.
func (e *Engine) wait(ctx context.Context, n int, ok func(*core) bool) error {
	for {
		e.mu.Lock()
		done, changed := ok(e.core), e.changed
		e.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-e.done:
			return ErrEnded
		case <-ctx.Done():
			return e.gaveUp(n, context.Cause(ctx))
		}
	}
}

// gaveUp notes that a wait was given up.
func (e *Engine) gaveUp(n int, cause error) (err error) {
	e.change(func(now time.Time) { err = e.core.gaveUp(n, cause, now) })
	return err
}

// gaveUp notes that somebody stopped waiting for n members, or if that is 0 for the first discovery.
func (c *core) gaveUp(n int, cause error, now time.Time) error {
	c.totals.GaveUp++
	d := Decision{Time: now, Kind: KindGaveUp, Err: cause, Reason: c.missing(now)}
	if n > 0 {
		d.Have, d.Got = n, c.members
	}
	c.say(d)
	return fmt.Errorf("strategy: %w", &WaitError{Members: d.Got, Wanted: n, Missing: d.Reason, Err: cause})
}

// WaitError is that the cluster was not there in time.
type WaitError struct {
	Wanted  int    // members that were waited for; 0 means that it was the first discovery
	Members int    // that were there; meaningless if Wanted is 0
	Missing string // sources and nodes that are not there, and why
	Err     error  // the cause of the context
}

// Error implements error.
func (e *WaitError) Error() string {
	text := "the first discovery is not over"
	if e.Wanted > 0 {
		text = fmt.Sprintf("%d of %d members are there", e.Members, e.Wanted)
	}
	if e.Missing != "" {
		text += "; missing: " + e.Missing
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *WaitError) Unwrap() error { return e.Err }

// maxMissing is how many sources and nodes that are missing are listed.
const maxMissing = 8

// missing lists the sources that do not answer and the nodes that are not up, with the reasons.
func (c *core) missing(now time.Time) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		switch s := c.sources[name]; {
		case s.hearsay:
		case s.err != nil:
			list = append(list, fmt.Sprintf("source %s (%v)", name, s.err))
		case !s.spoke:
			list = append(list, fmt.Sprintf("source %s (has not answered)", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.targets)) {
		t := c.targets[name]
		if t.up || t.trusted == 0 || t.name == c.self {
			continue
		}
		why := c.state(t, now).String()
		if t.lastErr != nil {
			why = t.lastErr.Error()
		}
		list = append(list, fmt.Sprintf("%s (%s)", printable(name), why))
	}
	if extra := len(list) - maxMissing; extra > 0 {
		list = append(list[:maxMissing], fmt.Sprintf("and %d more", extra))
	}
	return strings.Join(list, ", ")
}

// Ready returns nil if Formed is true and Config.MinMembers are connected; otherwise what is missing. It does not wait.
func (e *Engine) Ready() error {
	return ask(e, func(c *core, now time.Time) error {
		if c.formed && c.members >= c.minMembers {
			return nil
		}
		w := &WaitError{Wanted: c.minMembers, Members: c.members, Missing: c.missing(now), Err: errNotReady}
		if c.members >= c.minMembers {
			w.Wanted = 0
		}
		return fmt.Errorf("strategy: %w", w)
	})
}

var errNotReady = errors.New("not ready")
