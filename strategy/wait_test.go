package strategy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWaitMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source, seen := newWorld("a@h"), make(fed), &trail{}
		e := w.run(t, Config{Sources: []Source{{Name: "dns", Strategy: source}}, MinMembers: 2, Observer: seen.observe})
		require.NoError(t, e.WaitMembers(t.Context(), 0))
		require.ErrorContains(t, e.Ready(), "0 of 2 members are there; missing: source dns (has not answered): not ready")
		source.say("a@h", "b@h", "self@h")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := e.WaitMembers(ctx, 2)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var failed *WaitError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, 1, failed.Members)
		require.ErrorContains(t, err, "1 of 2 members are there; missing: b@h (nobody listens)")
		synctest.Wait()
		require.Equal(t, "gave up", seen.of(""))
		require.EqualValues(t, 1, e.Stats().GaveUp)

		begin := time.Now()
		time.AfterFunc(5*time.Second, func() { w.comes("c@h") })
		require.NoError(t, e.WaitMembers(t.Context(), 2), "one that came in counts")
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.NoError(t, e.Ready())
		require.Equal(t, 2, e.Members())
	})
}

func TestWaitFormed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h")
		begin := time.Now()
		e := w.run(t, Config{Sources: []Source{
			{Name: "list", Strategy: list("a@h", "dead@h")},
			{Name: "broken", Strategy: Func(func(context.Context, chan<- Set) error { return errors.New("no such API") })},
			{Name: "slow", Strategy: Func(func(ctx context.Context, out chan<- Set) error {
				time.Sleep(3 * time.Second)
				return Send(ctx, out, Set{Nodes: Nodes("slow", "late@h")})
			})},
			{Name: "mesh", Hearsay: true, Strategy: make(fed)},
		}})
		require.False(t, e.Formed())
		require.ErrorContains(t, e.Ready(), "the first discovery is not over")
		require.NoError(t, e.WaitFormed(t.Context()))
		require.Equal(t, 3*time.Second+10*time.Millisecond, time.Since(begin), "and the dial of its node")
		require.Equal(t, "a@h", w.members())
		require.True(t, e.Formed())
		require.NoError(t, e.Ready())
	})
}

func TestWaitEndsWithTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Config{Connector: newWorld()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- e.WaitMembers(t.Context(), 1) }() // ends with the engine
		require.Error(t, e.Run(ctx))
		require.ErrorIs(t, <-ended, ErrEnded)
		require.NoError(t, e.WaitFormed(t.Context()), "no sources, nothing to wait for")
	})
}

// TestNobodyIsDialedAtTheEnd: whatever happens when the context is done, there is no dial after that.
func TestNobodyIsDialedAtTheEnd(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld("a@h")
			w.engine = New(Config{Self: "self@h", Sources: Sources(list("a@h")), Connector: w})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- w.engine.Run(ctx) }() // ends with ctx
			time.Sleep(time.Second)
			cancel()
			w.stop("a@h")
			w.start("a@h")
			require.ErrorIs(t, <-done, context.Canceled)
			time.Sleep(time.Minute)
			require.Equal(t, 1, w.dialed("a@h"))
		})
	}
}

func TestEngineLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h")
		e := w.run(t, Config{Sources: Sources(list("a@h"))})
		time.Sleep(time.Minute)
		e.Leaving("a@h")
		w.stop("a@h")
		w.start("a@h")
		time.Sleep(59 * time.Second)
		require.Equal(t, 1, w.dialed("a@h"))
		require.Equal(t, StateLeaving, e.Status()[0].State)
		time.Sleep(2 * time.Second)
		require.Equal(t, "a@h", w.members())
	})
}

func TestEngineAddressAndOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source := newWorld(), make(fed)
		e := w.run(t, Config{Sources: []Source{{Name: "srv", Strategy: source}}})
		source <- Set{Nodes: []Node{{Name: "a@h", Address: "10.0.0.1:9000", Origin: "SRV of x.org"}}}
		time.Sleep(time.Second)
		require.Equal(t, "10.0.0.1:9000", e.Address("a@h"))
		require.Empty(t, e.Address("b@h"))
		status := e.Status()[0]
		require.Equal(t, []Want{{Source: "srv", Origin: "SRV of x.org", Address: "10.0.0.1:9000"}}, status.Wants)
		require.Equal(t, "10.0.0.1:9000", w.address("a@h"), "the connector is told")
		require.EqualValues(t, w.dialed("a@h"), e.Stats().Sources[0].DialsFailed)

		text := e.Explain("a@h").String()
		require.Contains(t, text, "wanted by srv (SRV of x.org)")
		require.Contains(t, text, "nobody listens")
		require.Contains(t, e.Explain("b@h").String(), "no source names it")
	})
}
