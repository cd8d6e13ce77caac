package strategy

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// lister is a strategy that can be compared, notes how often it runs, and takes a while to end.
type lister struct {
	names   []Name
	runs    atomic.Int32
	running atomic.Bool
	other   *lister // must not run meanwhile
	clashed atomic.Bool
}

func (l *lister) Run(ctx context.Context, out chan<- Set) error {
	l.runs.Add(1)
	l.running.Store(true)
	defer l.running.Store(false)
	l.clashed.Store(l.other != nil && l.other.running.Load())
	if err := Send(ctx, out, Set{Nodes: Nodes("list", l.names...)}); err != nil {
		return err
	}
	<-ctx.Done()
	<-time.After(time.Second) // it takes a while to end
	return context.Cause(ctx)
}

func TestReconfigure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h", "b@h", "c@h", "d@h")
		stays, old := &lister{names: []Name{"a@h"}}, &lister{names: []Name{"b@h", "c@h"}}
		e := w.run(t, Config{Sources: []Source{{Name: "one", Strategy: stays}, {Name: "two", Strategy: old}}})
		time.Sleep(time.Second)
		require.Equal(t, "a@h b@h c@h", w.members())

		// The one that stays is not started again, the one that is replaced ends before its heir begins.
		heir := &lister{names: []Name{"c@h", "d@h"}, other: old}
		require.NoError(t, e.Reconfigure(Plan{Sources: []Source{{Name: "one", Strategy: stays}, {Name: "two", Strategy: heir}}}))
		require.Len(t, e.Status(), 3, "what the old one named stays wanted")
		time.Sleep(500 * time.Millisecond)
		require.Zero(t, heir.runs.Load())
		time.Sleep(time.Second)
		require.Equal(t, []int32{1, 1, 1}, []int32{stays.runs.Load(), old.runs.Load(), heir.runs.Load()})
		require.False(t, heir.clashed.Load())
		require.Equal(t, "a@h b@h c@h d@h", w.members(), "nobody is cut off")
		require.Equal(t, []string{"two"}, e.Explain("d@h").Status.WantedBy)

		// Taken away, and with another rule.
		require.NoError(t, e.Reconfigure(Plan{Sources: []Source{{Name: "one", Strategy: stays}}, Prune: PruneNow, MinMembers: 2}))
		time.Sleep(2 * time.Second)
		require.Len(t, w.members(), len("a@h b@h"), "two stay because there must be two")
		require.Contains(t, w.members(), "a@h")
		require.False(t, heir.running.Load())
		require.Len(t, e.Sources(), 1)
		require.EqualValues(t, 1, stays.runs.Load())
		require.NoError(t, e.Ready())
	})
}

func TestReconfigureTellsStrategiesApart(t *testing.T) {
	l := &lister{}
	require.True(t, sameSource(Source{Name: "a", Strategy: l}, Source{Name: "a", Strategy: l}))
	require.False(t, sameSource(Source{Name: "a", Strategy: l}, Source{Name: "b", Strategy: l}))
	require.False(t, sameSource(Source{Name: "a", Strategy: l}, Source{Name: "a", Strategy: &lister{}}))
	require.False(t, sameSource(Source{Name: "a", Strategy: l}, Source{Name: "a", Strategy: l, Hearsay: true}))
	f := list("a@h")
	require.False(t, sameSource(Source{Name: "a", Strategy: f}, Source{Name: "a", Strategy: f}), "functions can't be compared")
	require.False(t, sameSource(Source{Name: "a"}, Source{Name: "a"}))
}

func TestReconfigureBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h", "b@h")
		e := New(Config{Self: "self@h", Sources: Sources(list("a@h")), Connector: w})
		w.engine = e
		require.NoError(t, e.Reconfigure(Plan{Sources: Sources(list("b@h")), Knobs: Knobs{DialTimeout: time.Minute}}))
		require.Equal(t, time.Minute, e.patience())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }() // ends with ctx
		time.Sleep(time.Second)
		require.Equal(t, "b@h", w.members())
		require.Zero(t, w.dialed("a@h"))
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.ErrorIs(t, e.Reconfigure(Plan{}), ErrEnded)
	})
}

// A source that was taken away is not heard any more, even if it has just said something.
func TestReconfigureIgnoresWhoWasRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h")
		steady := Func(func(ctx context.Context, out chan<- Set) error {
			for {
				select {
				case out <- Set{Nodes: Nodes("list", "a@h")}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				time.Sleep(time.Millisecond)
			}
		})
		e := w.run(t, Config{Sources: Sources(steady)})
		for range 50 {
			time.Sleep(10 * time.Millisecond)
			require.NoError(t, e.Reconfigure(Plan{}))
			require.Empty(t, e.Sources())
			require.NoError(t, e.Reconfigure(Plan{Sources: Sources(steady)}))
		}
		time.Sleep(time.Second)
		require.Equal(t, "a@h", w.members())
	})
}
