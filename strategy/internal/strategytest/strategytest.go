package strategytest

import (
	"context"
	"strings"
	"time"

	"gonode/strategy"
)

// TB is what of *testing.T is used, so that the package does not import package testing.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Running is a strategy that runs. It ends with the test, or with Stop. It is for the goroutine of the test.
type Running struct {
	t      TB
	sets   chan strategy.Set
	cancel context.CancelFunc
	done   chan error
}

// Run starts s.
func Run(t TB, s strategy.Strategy) *Running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &Running{t: t, sets: make(chan strategy.Set), cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- s.Run(ctx, r.sets) }() // ends with ctx, in Stop
	t.Cleanup(r.Stop)
	return r
}

// Stop ends the strategy, and fails the test if it does not end because of that.
func (r *Running) Stop() {
	if r.done == nil {
		return
	}
	r.cancel()
	for {
		select {
		case <-r.sets:
		case err := <-r.done:
			if err != context.Canceled {
				r.t.Errorf("the strategy ended with %v", err)
			}
			r.done = nil
			return
		}
	}
}

// patience is how long the next set may take.
const patience = 5 * time.Minute

// Next returns the next set; one that does not come fails the test.
func (r *Running) Next() strategy.Set {
	r.t.Helper()
	select {
	case set := <-r.sets:
		return set
	case err := <-r.done:
		r.done = nil
		r.t.Fatalf("the strategy ended with %v", err)
	case <-time.After(patience):
		r.t.Fatalf("no set within %v", patience)
	}
	return strategy.Set{}
}

// Text returns the next set as text: names, then (the error) if it is partial.
func (r *Running) Text() string {
	r.t.Helper()
	return Text(r.Next())
}

// Until returns when a set has come whose text is want, and fails the test if that takes long.
func (r *Running) Until(want string) {
	r.t.Helper()
	got := ""
	for begin := time.Now(); time.Since(begin) < patience; {
		if got = r.Text(); got == want {
			return
		}
	}
	r.t.Fatalf("no set %q, the last was %q", want, got)
}

// Text returns a set as text: names, each with = and the address if there is one, then (the error) if it is partial.
func Text(set strategy.Set) string {
	words := make([]string, 0, len(set.Nodes)+1)
	for _, n := range set.Nodes {
		word := n.Name
		if n.Address != "" {
			word += "=" + n.Address
		}
		words = append(words, word)
	}
	if set.Partial != nil {
		words = append(words, "("+set.Partial.Error()+")")
	}
	return strings.Join(words, " ")
}
