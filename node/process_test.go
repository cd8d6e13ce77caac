package node

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

func twoNodes(t *testing.T, change ...func(*Config)) (a, b *Node) {
	t.Helper()
	port := freePort(t)
	return start(t, "a@127.0.0.1", port, change...), start(t, "b@127.0.0.1", port, change...)
}

func mailbox(t *testing.T, n *Node, name string) *Mailbox {
	t.Helper()
	m, err := n.Mailbox(name)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

// abroad returns pid, of a process on n, as other nodes know it.
func abroad(n *Node, pid gen.PID) gen.PID {
	pid.Creation = int64(n.Creation())
	return pid
}

// from returns the pid of a mailbox as the node n knows it.
func from(n *Node, m *Mailbox) gen.PID {
	if m.node == n {
		return m.PID()
	}
	return abroad(m.node, m.PID())
}

// settle waits until what a has sent to b is done there.
func settle(t *testing.T, a, b *Node) {
	t.Helper()
	if a != b {
		_, err := a.Ping(within(t), b.Name())
		require.NoError(t, err)
	}
}

func TestMailbox(t *testing.T) {
	a, b := twoNodes(t)
	x, y := mailbox(t, a, "x"), mailbox(t, b, "y")
	require.NoError(t, x.Send(within(t), gen.ProcessID{Name: "y", Node: "b@127.0.0.1"}, etf.Tuple{x.PID(), "hello"}))
	m, err := y.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, from(b, x), m.From)
	for i := range 5 {
		require.NoError(t, y.Send(within(t), m.From, i))
	}
	isThree := func(m Message) bool { return m.Body == int64(3) }
	m, err = x.ReceiveMatch(within(t), isThree)
	require.NoError(t, err)
	require.Equal(t, int64(3), m.Body)
	for _, want := range []int64{0, 1, 2, 4} {
		m, err = x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, want, m.Body)
	}
	_, err = a.Mailbox("x")
	require.ErrorIs(t, err, gen.ErrTaken)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = x.Receive(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	x.Close()
	_, err = x.Receive(within(t))
	require.ErrorIs(t, err, ErrMailboxClosed)
}

// What is recycled is used for later messages, what is kept is not.
func TestRecycle(t *testing.T) {
	a, b := twoNodes(t)
	x, y := mailbox(t, a, "x"), mailbox(t, b, "y")
	var kept [][]byte
	seen, again := make(map[*byte]bool), 0 // seen keeps alive what was not used again, so that it can't come back by chance
	for i := range 20 {
		sent := bytes.Repeat([]byte{byte(i)}, 1<<20)
		require.NoError(t, x.Send(within(t), gen.ProcessID{Name: "y", Node: "b@127.0.0.1"}, sent))
		m, err := y.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, sent, m.Body)
		got := m.Body.([]byte)
		if seen[&got[0]] {
			again++
		}
		seen[&got[0]] = true
		if i%5 == 0 {
			kept = append(kept, got)
		} else {
			b.Recycle(got)
		}
	}
	require.Positive(t, again)
	for i, k := range kept {
		require.Equal(t, bytes.Repeat([]byte{byte(5 * i)}, 1<<20), k)
	}
}

func TestMailboxCalls(t *testing.T) {
	a, b := twoNodes(t)
	x, y := mailbox(t, a, ""), mailbox(t, b, "y")
	record(t, b, "server")
	var answer etf.Tuple
	require.NoError(t, x.Call(within(t), gen.ProcessID{Name: "server", Node: "b@127.0.0.1"}, 17, &answer))
	require.Equal(t, etf.Tuple{gen.Atom("echo"), int64(17)}, answer)

	served := make(chan error, 1)
	go func() {
		m, err := y.Receive(within(t))
		if err == nil {
			r := m.Body.(*Request)
			err = r.Reply(etf.Tuple{gen.Atom("you_said"), r.Body})
		}
		served <- err
	}()
	require.NoError(t, a.Call(within(t), gen.ProcessID{Name: "y", Node: "b@127.0.0.1"}, gen.Atom("hi"), &answer))
	require.Equal(t, etf.Tuple{gen.Atom("you_said"), gen.Atom("hi")}, answer)
	require.NoError(t, <-served)

	// The caller gives up: nothing is left of the call on either side.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, a.Call(ctx, gen.ProcessID{Name: "y", Node: "b@127.0.0.1"}, gen.Atom("late"), nil), context.DeadlineExceeded)
	m, err := y.Receive(within(t))
	require.NoError(t, err)
	lb := b.linkOf("a@127.0.0.1")
	require.Eventually(t, func() bool {
		lb.requests.mu.Lock()
		defer lb.requests.mu.Unlock()
		lb.watched.mu.Lock()
		defer lb.watched.mu.Unlock()
		return len(lb.requests.open) == 0 && len(lb.watched.monitors) == 0
	}, patience, time.Millisecond)
	require.Error(t, m.Body.(*Request).Reply(1))
	require.Empty(t, a.linkOf("b@127.0.0.1").calls.open)

	for _, to := range []any{gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"}, gen.ProcessID{Name: "nobody", Node: "a@127.0.0.1"}} {
		require.ErrorIs(t, a.Call(within(t), to, 1, nil), gen.ErrProcessUnknown)
	}
	err = a.Call(within(t), gen.ProcessID{Name: "x", Node: "nowhere@127.0.0.1"}, 1, nil)
	_, ok := errors.AsType[*ConnectError](err)
	require.True(t, ok, "%v", err)
	require.ErrorContains(t, err, "x on nowhere@127.0.0.1")
	require.Error(t, a.Call(within(t), 17, 1, nil), "no address")
}

func TestMonitors(t *testing.T) {
	a, b := twoNodes(t)
	for _, where := range []*Node{a, b} { // here and elsewhere
		x := mailbox(t, a, "")
		target := mailbox(t, where, "target")
		byPID, err := x.Monitor(within(t), from(a, target))
		require.NoError(t, err)
		byName, err := x.Monitor(within(t), gen.ProcessID{Name: "target", Node: gen.Atom(where.Name())})
		require.NoError(t, err)
		taken, err := x.Monitor(within(t), from(a, target))
		require.NoError(t, err)
		require.True(t, x.Demonitor(taken))
		require.False(t, x.Demonitor(taken))
		settle(t, a, where)
		require.NoError(t, target.Send(within(t), from(where, x), gen.Atom("last words")))
		target.CloseWith(&ExitReason{Term: etf.Tuple{gen.Atom("my"), int64(1)}})
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, gen.Atom("last words"), m.Body, "the DOWN keeps its order")
		refs := map[gen.Ref]any{}
		for range 2 {
			m, err := x.Receive(within(t))
			require.NoError(t, err)
			down := m.Body.(Down)
			require.Equal(t, "{my,1}", down.Reason.Error())
			refs[down.Ref] = down.Process
		}
		require.Equal(t, map[gen.Ref]any{byPID: from(a, target), byName: gen.ProcessID{Name: "target", Node: gen.Atom(where.Name())}}, refs)
		_, err = x.Monitor(within(t), from(a, target))
		require.NoError(t, err)
		m, err = x.Receive(within(t))
		require.NoError(t, err)
		require.ErrorIs(t, m.Body.(Down).Reason, gen.ErrProcessUnknown)
	}
	x := mailbox(t, a, "")
	_, err := x.Monitor(within(t), gen.ProcessID{Name: "x", Node: "nowhere@127.0.0.1"})
	require.NoError(t, err)
	m, err := x.Receive(within(t))
	require.NoError(t, err)
	require.ErrorIs(t, m.Body.(Down).Reason, gen.ErrNoConnection)
	y := mailbox(t, b, "")
	_, err = x.Monitor(within(t), from(a, y))
	require.NoError(t, err)
	require.True(t, a.Disconnect(b.Name()))
	m, err = x.Receive(within(t))
	require.NoError(t, err)
	require.ErrorIs(t, m.Body.(Down).Reason, gen.ErrNoConnection)
}

// TestMonitorGoesWithItsWatcher: when the watcher ends its monitors go too.
func TestMonitorGoesWithItsWatcher(t *testing.T) {
	a, b := twoNodes(t)
	x, y := mailbox(t, a, ""), mailbox(t, b, "")
	_, err := x.Monitor(within(t), from(a, y))
	require.NoError(t, err)
	settle(t, a, b)
	lb := b.linkOf("a@127.0.0.1")
	monitors := func() int {
		lb.watched.mu.Lock()
		defer lb.watched.mu.Unlock()
		return len(lb.watched.monitors)
	}
	require.Eventually(t, func() bool { return monitors() == 1 }, patience, time.Millisecond)
	x.Close()
	require.Eventually(t, func() bool { return monitors() == 0 }, patience, time.Millisecond)
}

func TestLinks(t *testing.T) {
	a, b := twoNodes(t)
	for _, where := range []*Node{a, b} {
		x, y := mailbox(t, a, ""), mailbox(t, where, "")
		require.NoError(t, x.Link(within(t), from(a, y)))
		require.NoError(t, x.Unlink(from(a, y)))
		require.NoError(t, x.Link(within(t), from(a, y)))
		settle(t, a, where)
		require.NoError(t, y.Send(within(t), from(where, x), gen.Atom("last words")))
		y.CloseWith(&ExitReason{Term: gen.Atom("oops")})
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, gen.Atom("last words"), m.Body, "the exit keeps its order")
		m, err = x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, from(a, y), m.From)
		require.Equal(t, "oops", m.Body.(Exit).Reason.Error())
	}
	x, y := mailbox(t, a, ""), mailbox(t, b, "")
	require.NoError(t, x.Link(within(t), from(a, y)))
	require.NoError(t, x.Unlink(from(a, y)))
	settle(t, a, b) // else its end may be told to the first link, and be taken for news of the second, as in Erlang
	y.Close()
	gone := from(a, y)
	require.Eventually(t, func() bool { _, err := b.Runtime().ProcessState(y.PID()); return err != nil }, patience, time.Millisecond)
	require.NoError(t, x.Link(within(t), gone))
	m, err := x.Receive(within(t))
	require.NoError(t, err)
	require.ErrorIs(t, m.Body.(Exit).Reason, gen.ErrProcessUnknown, "and not the normal of the link that was taken back")

	y = mailbox(t, b, "")
	require.NoError(t, x.Exit(from(a, y), gen.Atom("please")))
	m, err = y.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, Exit{From: from(b, x), Reason: &ExitReason{Term: gen.Atom("please")}}, m.Body)
	require.NoError(t, x.Exit(from(a, y), gen.Atom("kill")))
	_, err = y.Receive(within(t))
	require.ErrorIs(t, err, ErrMailboxClosed)
}

func TestRPC(t *testing.T) {
	a, b := twoNodes(t)
	stopped := make(chan error, 1)
	for name, fn := range map[string]any{
		"add":   func(x, y int) int { return x + y },
		"fail":  func() error { return errors.New("broken") },
		"panic": func() { panic("ouch") },
	} {
		require.NoError(t, b.Export("m", name, fn))
	}
	var sum int
	require.NoError(t, a.RPC(within(t), b.Name(), "m", "add", &sum, 2, 3))
	require.Equal(t, 5, sum)
	require.NoError(t, b.RPC(within(t), b.Name(), "m", "add", &sum, 4, 5), "at home")
	require.Equal(t, 9, sum)
	err := a.RPC(within(t), b.Name(), "m", "add", nil, 1)
	require.ErrorIs(t, err, ErrUndef)
	require.ErrorContains(t, err, "m:add/1 on b@127.0.0.1")
	err = a.RPC(within(t), b.Name(), "m", "panic", nil)
	e, ok := errors.AsType[*Exception](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, etf.Tuple{gen.Atom("panic"), []byte("ouch")}, e.Reason)
	require.NotEmpty(t, e.Stack)

	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan struct{})
	require.NoError(t, b.Export("m", "wait", func(ctx context.Context) {
		close(running)
		<-ctx.Done()
		stopped <- ctx.Err()
	}))
	go func() { <-running; cancel() }()
	require.ErrorIs(t, a.RPC(ctx, b.Name(), "m", "wait", nil), context.Canceled)
	require.ErrorIs(t, receive(t, stopped), context.Canceled)

	var nodes []string
	require.NoError(t, a.RPC(within(t), b.Name(), "erlang", "nodes", &nodes))
	require.Equal(t, []string{"a@127.0.0.1"}, nodes)
	pid, _ := record(t, b, "here")
	found, err := a.Whereis(within(t), b.Name(), "here")
	require.NoError(t, err)
	require.Equal(t, abroad(b, pid), found)
	for _, n := range []*Node{a, b} {
		_, err = n.Whereis(within(t), b.Name(), "not_here")
		require.ErrorIs(t, err, gen.ErrProcessUnknown)
	}
}

func TestSendAndCast(t *testing.T) {
	a, b := twoNodes(t)
	pid, got := record(t, b, "sink")
	pid = abroad(b, pid)
	for _, to := range []any{pid, gen.ProcessID{Name: "sink", Node: "b@127.0.0.1"}} {
		require.NoError(t, a.Send(within(t), to, gen.Atom("sent")))
		require.Equal(t, gen.Atom("sent"), receive(t, got))
		require.NoError(t, a.Cast(within(t), to, gen.Atom("cast")))
		require.Equal(t, gen.Atom("cast"), receive(t, got))
	}
	require.NoError(t, b.Send(within(t), gen.Atom("sink"), 1))
	require.Equal(t, 1, receive(t, got))
	require.NoError(t, a.Send(within(t), gen.ProcessID{Name: "nobody", Node: "nowhere@127.0.0.1"}, 1))
	require.Error(t, a.Send(within(t), "sink", 1))
	require.Error(t, a.Send(within(t), pid, make(chan int)), "no term")
}
