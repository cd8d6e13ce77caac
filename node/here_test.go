package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// TestCallHere: a call of a process of the same node ends as one over the wire does.
func TestCallHere(t *testing.T) {
	n := start(t, "here@127.0.0.1", freePort(t))
	x, y := mailbox(t, n, "x"), mailbox(t, n, "y")
	to := gen.ProcessID{Name: "y", Node: gen.Atom(n.Name())}

	t.Run("answer", func(t *testing.T) {
		go func() { // ends with the answer
			if m, err := y.Receive(within(t)); err == nil {
				_ = y.Send(t.Context(), m.From, m.From)
				r := m.Body.(*Request)
				_ = r.Reply(etf.Tuple{gen.Atom("you_said"), r.Body})
			}
		}()
		var answer etf.Tuple
		require.NoError(t, x.Call(within(t), y.PID(), gen.Atom("hi"), &answer))
		require.Equal(t, etf.Tuple{gen.Atom("you_said"), gen.Atom("hi")}, answer)
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, x.PID(), m.Body, "a mailbox knows who calls it")
		require.Equal(t, y.PID(), m.From)
	})
	t.Run("an actor that sends to its caller", func(t *testing.T) {
		factory := func() gen.ProcessBehavior { return &teller{} }
		pid, err := n.Runtime().Spawn(factory, gen.ProcessOptions{})
		require.NoError(t, err)
		require.NoError(t, x.Call(within(t), pid, 1, nil))
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, gen.Atom("told"), m.Body)
	})
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, n.Call(ctx, to, gen.Atom("late"), nil), context.DeadlineExceeded)
		m, err := y.Receive(within(t))
		require.NoError(t, err)
		require.Error(t, m.Body.(*Request).Reply(1), "nobody waits")
		n.callers.mu.Lock()
		defer n.callers.mu.Unlock()
		require.Empty(t, n.callers.open)
	})
	t.Run("nobody", func(t *testing.T) {
		gone := mailbox(t, n, "")
		gone.Close()
		require.Eventually(t, func() bool {
			return errors.Is(n.Call(within(t), gone.PID(), 1, nil), gen.ErrProcessUnknown)
		}, patience, time.Millisecond)
		require.ErrorIs(t, n.Call(within(t), gen.Atom("nobody"), 1, nil), gen.ErrProcessUnknown)
		require.ErrorIs(t, n.Call(within(t), gen.Alias(n.makeRef()), 1, nil), gen.ErrProcessUnknown)
		require.ErrorIs(t, x.Call(within(t), x.PID(), 1, nil), gen.ErrNotAllowed)
	})
	t.Run("the process ends", func(t *testing.T) {
		reason := &ExitReason{Term: gen.Atom("boom")}
		go func() { // ends with the request
			if _, err := y.Receive(within(t)); err == nil {
				y.CloseWith(reason)
			}
		}()
		err := n.Call(within(t), to, 1, nil)
		got, ok := errors.AsType[*ExitReason](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, gen.Atom("boom"), got.Term)
	})
}

// teller sends to its caller before it answers.
type teller struct{ act.Actor }

func (e *teller) HandleCall(from gen.PID, _ gen.Ref, request any) (any, error) {
	return request, e.Send(from, gen.Atom("told"))
}

// TestCallHereThenShutdown: a call that was given up leaves nothing behind that a shutdown could meet; with the race
// detector.
func TestCallHereThenShutdown(t *testing.T) {
	n := start(t, "here@127.0.0.1", freePort(t))
	y := mailbox(t, n, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		require.ErrorIs(t, n.Call(ctx, y.PID(), 1, nil), context.Canceled)
	}
	require.NoError(t, n.Shutdown(within(t)))
	require.Error(t, n.Call(within(t), y.PID(), 1, nil))
}

// TestShutdownEndsCallsHere: a call without a limit does not outlive its node.
func TestShutdownEndsCallsHere(t *testing.T) {
	n := start(t, "here@127.0.0.1", freePort(t))
	y := mailbox(t, n, "")
	ended := make(chan error, 1)
	go func() { ended <- n.Call(context.Background(), y.PID(), 1, nil) }() // ends with the node
	_, err := y.Receive(within(t))
	require.NoError(t, err)
	require.NoError(t, n.Shutdown(within(t)))
	require.Error(t, <-ended)
}
