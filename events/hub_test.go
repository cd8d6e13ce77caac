package events

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// text writes an event short: +a is up, (+a) up before the subscription, -a down, = synced, ~3 three skipped.
func text(ev Event) string {
	switch ev := ev.(type) {
	case NodeUp:
		if ev.Initial {
			return "(+" + ev.Node + ")"
		}
		return "+" + ev.Node
	case NodeDown:
		return "-" + ev.Node
	case Synced:
		return "="
	case Skipped:
		return fmt.Sprintf("~%d", ev.Count)
	}
	return "?"
}

// ready returns what can be read without waiting.
func ready(s *Subscription) []string {
	got := []string{}
	for {
		ev, ok := s.TryNext()
		if !ok {
			return got
		}
		got = append(got, text(ev))
	}
}

// publish publishes events in the form of text.
func publish(h *Hub, events ...string) {
	for _, ev := range events {
		if ev[0] == '+' {
			h.Publish(NodeUp{Node: ev[1:]})
		} else {
			h.Publish(NodeDown{Node: ev[1:], Reason: gen.Atom("connection_closed")})
		}
	}
}

func TestSnapshotThenLive(t *testing.T) {
	var h Hub
	publish(&h, "+c", "+a", "+b", "-a")
	s := h.Subscribe(t.Context())
	defer s.Close()
	publish(&h, "+a", "-c")
	require.Equal(t, []string{"(+c)", "(+b)", "=", "+a", "-c"}, ready(s))
	require.Zero(t, s.Dropped())

	members := h.Members()
	require.Len(t, members, 2)
	require.Equal(t, "b", members[0].Node)
	require.True(t, members[0].Initial)
}

func TestFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Hub
		begin := time.Now()
		up := NodeUp{Node: "a@h", Hidden: true, Creation: 7, ConnectionID: 3}
		h.Publish(up)
		time.Sleep(time.Second)
		s := h.Subscribe(t.Context())
		defer s.Close()
		down := NodeDown{Node: "a@h", Hidden: true, Creation: 7, ConnectionID: 3,
			Reason: gen.Atom("net_tick_timeout"), Err: errors.New("silent for 60 s"), Time: begin.Add(time.Minute)}
		h.Publish(down)

		up.Initial, up.Seq, up.Time = true, 1, begin
		down.Seq = 2
		for _, want := range []Event{up, Synced{Members: 1, Seq: 1, Time: begin.Add(time.Second)}, down} {
			got, err := s.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

func TestOwnKindsAreNotPublished(t *testing.T) {
	var h Hub
	s := h.Subscribe(t.Context())
	defer s.Close()
	h.Publish(Synced{})
	h.Publish(Skipped{Count: 3})
	h.Publish(nil)
	require.Equal(t, []string{"="}, ready(s))
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Hub
		s := h.Subscribe(t.Context())
		defer s.Close()
		require.Equal(t, []string{"="}, ready(s))
		go func() { // ends when it has published
			time.Sleep(time.Second)
			publish(&h, "+a")
		}()
		ev, err := s.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, "+a", text(ev))

		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		_, err = s.Next(ctx)
		require.ErrorIs(t, err, cause)
		require.NoError(t, s.Err(), "the subscription goes on")
	})
}

func TestEnds(t *testing.T) {
	cause := errors.New("cause")
	tests := []struct {
		name string
		end  func(h *Hub, s *Subscription, cancel context.CancelCauseFunc)
		err  error
		left []string
	}{
		{"context", func(_ *Hub, _ *Subscription, cancel context.CancelCauseFunc) { cancel(cause) }, cause, []string{}},
		{"Subscription.Close", func(_ *Hub, s *Subscription, _ context.CancelCauseFunc) { s.Close(); s.Close() }, ErrClosed, []string{}},
		{"Hub.Close", func(h *Hub, _ *Subscription, _ context.CancelCauseFunc) { h.Close(); h.Close() }, ErrClosed, []string{"=", "+a"}},
		{"both", func(h *Hub, s *Subscription, _ context.CancelCauseFunc) { h.Close(); s.Close() }, ErrClosed, []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h Hub
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				s := h.Subscribe(ctx)
				publish(&h, "+a")
				require.NoError(t, s.Err())
				tt.end(&h, s, cancel)
				synctest.Wait()
				publish(&h, "+b")
				got := []string{}
				for ev := range s.All() {
					got = append(got, text(ev))
				}
				require.Equal(t, tt.left, got)
				require.ErrorIs(t, s.Err(), tt.err)
				_, err := s.Next(t.Context())
				require.ErrorIs(t, err, tt.err)
				require.Empty(t, h.subs)
			})
		})
	}
}

func TestEndWakesReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Hub
		s := h.Subscribe(t.Context())
		done := make(chan []string)
		go func() { // ends with the subscription
			var got []string
			for ev := range s.All() {
				got = append(got, text(ev))
			}
			done <- got
		}()
		synctest.Wait()
		h.Close()
		require.Equal(t, []string{"="}, <-done)
	})
}

func TestSubscribeTooLate(t *testing.T) {
	var h Hub
	publish(&h, "+a")
	h.Close()
	s := h.Subscribe(t.Context())
	require.ErrorIs(t, s.Err(), ErrClosed)
	require.Empty(t, ready(s))
	require.Len(t, h.Members(), 1)

	synctest.Test(t, func(t *testing.T) {
		var h Hub
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := h.Subscribe(ctx)
		synctest.Wait()
		require.ErrorIs(t, s.Err(), context.Canceled)
		require.Empty(t, h.subs)
	})
}

func TestUseInsideOfRange(t *testing.T) {
	var h Hub
	publish(&h, "+a")
	s := h.Subscribe(t.Context())
	var got []string
	for ev := range s.All() {
		got = append(got, text(ev))
		switch ev.(type) {
		case Synced:
			require.Len(t, h.Members(), 1)
			publish(&h, "+b")
		case NodeUp:
			inner := h.Subscribe(t.Context())
			inner.Close()
		}
		if text(ev) == "+b" {
			break
		}
	}
	require.Equal(t, []string{"(+a)", "=", "+b"}, got)
	require.ErrorIs(t, s.Err(), ErrClosed, "leaving the loop closes it")
	require.Empty(t, h.subs)
}

func TestNotify(t *testing.T) {
	var h Hub
	calls := 0
	s := h.Subscribe(t.Context(), Notify(func() {
		calls++
		h.Members() // the lock is free
	}))
	defer s.Close()
	require.Zero(t, calls)
	publish(&h, "+a", "-a")
	require.Equal(t, 2, calls)
	h.Close()
	require.Equal(t, 3, calls)
}

// TestConcurrent has publishers, subscribers and readers at once; every reader sees the ups and downs of a node in turn
// and all of them in the order of Seq.
func TestConcurrent(t *testing.T) {
	const nodes, rounds, readers = 8, 500, 4
	var h Hub
	var publishers, reading sync.WaitGroup
	for r := range readers {
		s := h.Subscribe(t.Context(), Buffer(16*(r+1)))
		reading.Go(func() {
			up := map[string]bool{}
			var seq, skipped uint64
			for ev := range s.All() {
				switch ev := ev.(type) {
				case Skipped:
					skipped += ev.Count
					continue
				case Synced:
					continue
				}
				node, isUp := change(ev)
				if up[node] == isUp {
					t.Errorf("%s: %s twice in a row", node, text(ev))
				}
				up[node] = isUp
				n, _ := stamp(ev)
				if n <= seq {
					t.Errorf("event %d after %d", n, seq)
				}
				seq = n
			}
			if skipped != s.Dropped() {
				t.Errorf("told of %d skipped events, dropped %d", skipped, s.Dropped())
			}
			for node, isUp := range up {
				if isUp {
					t.Errorf("%s is still up in the end", node)
				}
			}
		})
	}
	for n := range nodes {
		publishers.Go(func() {
			name := fmt.Sprint("n", n)
			for range rounds {
				publish(&h, "+"+name, "-"+name)
			}
		})
	}
	publishers.Wait()
	h.Close()
	reading.Wait()
}
