package node

import (
	"context"
	"math"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// TestLinkToNobody: a link to what is not there is an exit signal, wherever it is not.
func TestLinkToNobody(t *testing.T) {
	a, b := twoNodes(t)
	x := mailbox(t, a, "")
	here, there := mailbox(t, a, ""), mailbox(t, b, "")
	gone := []gen.PID{here.PID(), from(a, there)}
	here.Close()
	there.Close()
	for _, pid := range []gen.PID{here.PID(), there.PID()} {
		for _, n := range []*Node{a, b} {
			require.Eventually(t, func() bool { _, err := n.Runtime().ProcessState(pid); return err != nil }, patience, time.Millisecond)
		}
	}
	earlier := here.PID()
	earlier.Creation++
	exit := func(other gen.PID, want error) {
		t.Helper()
		require.NoError(t, x.Link(within(t), other))
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, other, m.Body.(Exit).From)
		require.ErrorIs(t, m.Body.(Exit).Reason, want)
	}
	for _, pid := range append(gone, earlier) {
		exit(pid, gen.ErrProcessUnknown)
	}
	for _, node := range []gen.Atom{"nowhere@127.0.0.1", "no_node_name", "short@name"} {
		exit(gen.PID{Node: node, ID: 7, Creation: 7}, gen.ErrNoConnection)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, x.Link(ctx, gen.PID{Node: "nowhere@127.0.0.1", ID: 7, Creation: 7}), context.Canceled)
	x.Close()
	require.Eventually(t, func() bool { return x.Link(within(t), gone[1]) != nil }, patience, time.Millisecond)
}

// TestUnsendableReason: who waits for a process learns that it has ended, even if it can't be said why.
func TestUnsendableReason(t *testing.T) {
	a, b := twoNodes(t)
	x, y := mailbox(t, a, ""), mailbox(t, b, "y")
	require.NoError(t, x.Link(within(t), from(a, y)))
	_, err := x.Monitor(within(t), from(a, y))
	require.NoError(t, err)
	settle(t, a, b)
	y.CloseWith(&ExitReason{Term: math.NaN()})
	for range 2 {
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		switch body := m.Body.(type) {
		case Exit:
			require.ErrorContains(t, body.Reason, "finite")
		case Down:
			require.ErrorContains(t, body.Reason, "finite")
		default:
			require.Fail(t, "what is this?", "%v", m)
		}
	}
	// Nor does a caller whose answer can't be sent wait for ever.
	y = mailbox(t, b, "y2")
	served := make(chan error, 1)
	go func() { // ends with the answer
		m, err := y.Receive(within(t))
		if err == nil {
			err = m.Body.(*Request).Reply(math.Inf(1))
		}
		served <- err
	}()
	var answer etf.Tuple
	require.NoError(t, a.Call(within(t), gen.ProcessID{Name: "y2", Node: gen.Atom(b.Name())}, 1, &answer))
	require.Equal(t, gen.Atom("error"), answer[0])
	require.Error(t, <-served)
	require.NoError(t, b.Export("m", "wide", func() gen.Atom { return gen.Atom("\xff") }))
	require.ErrorContains(t, a.RPC(within(t), b.Name(), "m", "wide", nil), "UTF-8")
}

// TestMaxRelations: a peer has so many monitors, links and waiting calls here and no more. What is one too many is refused
// at once and counted; the rest goes on.
func TestMaxRelations(t *testing.T) {
	const most = 20
	a, b := twoNodes(t, func(c *Config) { c.MaxRelations, c.MeshInterval = most, -1 })
	x, y := mailbox(t, a, ""), mailbox(t, b, "y")
	target := from(a, y)
	var refs []gen.Ref
	for range most {
		ref, err := x.Monitor(within(t), target)
		require.NoError(t, err)
		refs = append(refs, ref)
	}
	ref, err := x.Monitor(within(t), target)
	require.NoError(t, err)
	m, err := x.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, Down{Ref: ref, Process: target, Reason: &ExitReason{Term: systemLimit}}, m.Body)
	require.NoError(t, x.Link(within(t), target))
	m, err = x.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, Exit{From: target, Reason: &ExitReason{Term: systemLimit}}, m.Body)
	require.ErrorContains(t, a.Call(within(t), target, 1, nil), "system_limit", "a call is a monitor too")
	require.NoError(t, b.Export("m", "f", func() {}))
	err = a.RPC(within(t), b.Name(), "m", "f", nil)
	require.ErrorContains(t, err, "system_limit")
	require.EqualValues(t, 4, b.Stats().Refused)
	for _, ref := range refs {
		require.True(t, x.Demonitor(ref))
	}
	require.NoError(t, a.RPC(within(t), b.Name(), "m", "f", nil), "there is room again")

	// Calls whose caller has no monitor here, as the one above, which still waits.
	request := etf.Tuple{gen.Atom("$gen_call"), etf.Tuple{x.PID(), gen.Atom("tag")}, 1}
	for range most + 5 {
		require.NoError(t, x.Send(within(t), target, request))
	}
	require.ErrorContains(t, a.Call(within(t), target, 1, nil), "system_limit")
	require.EqualValues(t, 4+6+1, b.Stats().Refused)
}

// TestCallsOfTheDead: of a call to a process that has ended nothing is kept.
func TestCallsOfTheDead(t *testing.T) {
	a, b := twoNodes(t)
	y := mailbox(t, b, "y")
	failed := make(chan error, 1)
	go func() { failed <- a.Call(within(t), gen.ProcessID{Name: "y", Node: gen.Atom(b.Name())}, 1, nil) }() // ends with y
	_, err := y.Receive(within(t))
	require.NoError(t, err)
	y.CloseWith(&ExitReason{Term: gen.Atom("oops")})
	require.ErrorContains(t, <-failed, "oops")
	settle(t, a, b)
	requests := &b.linkOf(gen.Atom(a.Name())).requests
	requests.mu.Lock()
	defer requests.mu.Unlock()
	require.Empty(t, requests.open)
	require.Empty(t, requests.byMonitor)
}

// TestMailboxFull: a mailbox keeps MaxMailbox messages; what comes beyond is dropped and counted, and room is used again.
func TestMailboxFull(t *testing.T) {
	a, _ := twoNodes(t)
	x, y := mailbox(t, a, ""), mailbox(t, a, "")
	const more = 10
	for i := range MaxMailbox + more {
		require.NoError(t, x.Send(t.Context(), y.PID(), i))
	}
	require.Eventually(t, func() bool { return a.Stats().MailboxFull == more }, patience, time.Millisecond)
	for i := range MaxMailbox {
		m, err := y.Receive(t.Context())
		require.NoError(t, err)
		if i != m.Body {
			require.Equal(t, i, m.Body)
		}
	}
	require.NoError(t, x.Send(t.Context(), y.PID(), gen.Atom("again")))
	m, err := y.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, gen.Atom("again"), m.Body)
}

// TestSpawnForNobody: a process is spawned for one of this node that is there, and for nobody else.
func TestSpawnForNobody(t *testing.T) {
	a, b := twoNodes(t)
	dead := mailbox(t, a, "")
	dead.Close()
	require.Eventually(t, func() bool { _, err := a.Runtime().ProcessState(dead.PID()); return err != nil }, patience, time.Millisecond)
	for _, owner := range []gen.PID{dead.PID(), from(a, mailbox(t, b, "")), {Node: "x@y", ID: 1}} {
		for _, opt := range []SpawnOption{SpawnLink(owner), SpawnMonitor(owner)} {
			_, err := a.Spawn(within(t), b.Name(), "m", "f", nil, opt)
			require.ErrorIs(t, err, gen.ErrProcessUnknown)
		}
	}
}
