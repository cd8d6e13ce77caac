package node

import (
	"sync"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// TestRelationsOfTheGone: a process that has ended is gone for who comes now, also while those who knew it have yet to be
// told of its end.
func TestRelationsOfTheGone(t *testing.T) {
	a, b := twoNodes(t)
	x, y, z := mailbox(t, a, ""), mailbox(t, b, ""), mailbox(t, b, "")
	busy := make(chan struct{})
	free := sync.OnceFunc(func() { close(busy) })
	defer free()
	hold := &localMonitor{target: z.PID(), ref: b.makeRef(), down: func(error) { <-busy }}
	b.relations.addLocal(hold)
	require.True(t, b.relations.watch(nil, z.PID()))
	require.True(t, b.relations.watch(nil, y.PID()), "y is known")
	z.Close() // and the one who tells of ends waits for busy
	y.Close()
	require.Eventually(t, func() bool { _, err := b.Runtime().ProcessState(y.PID()); return err != nil }, patience, time.Millisecond)

	gone := from(a, y)
	require.NoError(t, x.Link(within(t), gone))
	m, err := x.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, gone, m.From)
	require.ErrorIs(t, m.Body.(Exit).Reason, gen.ErrProcessUnknown)
	ref, err := x.Monitor(within(t), gone)
	require.NoError(t, err)
	m, err = x.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, ref, m.Body.(Down).Ref)
	require.ErrorIs(t, m.Body.(Down).Reason, gen.ErrProcessUnknown)

	free()
	require.Eventually(t, func() bool {
		b.relations.mu.Lock()
		defer b.relations.mu.Unlock()
		return b.relations.links[y.PID()] == nil
	}, patience, time.Millisecond)
	settle(t, a, b)
	require.NoError(t, x.Send(within(t), x.PID(), gen.Atom("nothing more")))
	m, err = x.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, gen.Atom("nothing more"), m.Body)
}

// TestLinkHereToOneThatEnds: who links to a process of this node while it ends gets one exit, whether it came in time or
// too late.
func TestLinkHereToOneThatEnds(t *testing.T) {
	n := start(t, "a@127.0.0.1", freePort(t))
	var linkers [8]*Mailbox
	for i := range linkers {
		linkers[i] = mailbox(t, n, "")
	}
	ctx := within(t)
	for range 2000 {
		y := mailbox(t, n, "")
		linked := make(chan error)
		for _, x := range linkers {
			go func() { linked <- x.Link(ctx, y.PID()) }() // ends with Link
		}
		y.Close()
		for range linkers {
			require.NoError(t, <-linked)
		}
		for _, x := range linkers {
			m, err := x.Receive(ctx)
			require.NoError(t, err)
			require.Equal(t, y.PID(), m.Body.(Exit).From)
		}
	}
	for _, x := range linkers {
		require.NoError(t, x.Send(within(t), x.PID(), gen.Atom("nothing more")))
		m, err := x.Receive(within(t))
		require.NoError(t, err)
		require.Equal(t, gen.Atom("nothing more"), m.Body)
	}
}

// TestLinkHere: a link within the node follows Erlang's rules, for actors too: the end of either is told to the other, a
// normal one does not end it, and one that was taken back tells nothing.
func TestLinkHere(t *testing.T) {
	n := start(t, "a@127.0.0.1", freePort(t))
	actor, got := record(t, n, "actor")
	x, y, z := mailbox(t, n, ""), mailbox(t, n, ""), mailbox(t, n, "")
	for _, m := range []*Mailbox{x, y, z} {
		require.NoError(t, n.Link(within(t), actor, m.PID()))
	}
	require.NoError(t, x.Unlink(actor))
	x.CloseWith(&ExitReason{Term: gen.Atom("unheard")})
	y.Close()
	require.Equal(t, gen.MessageExitPID{PID: y.PID(), Reason: gen.TerminateReasonNormal}, receive(t, got))
	require.NoError(t, n.Exit(z.PID(), actor, gen.Atom("oops")))
	m, err := z.Receive(within(t))
	require.NoError(t, err)
	require.Equal(t, actor, m.From)
	require.Equal(t, "oops", m.Body.(Exit).Reason.Error())
}
