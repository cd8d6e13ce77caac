package integration

import (
	"context"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

// TestShutdownBesideAStoppedPeer: a peer that takes nothing, and an actor that waits to send to it, do not keep a node
// from shutting down when its context is done.
func TestShutdownBesideAStoppedPeer(t *testing.T) {
	release := beam.Releases(t)[0]
	c := newCluster(t, release)
	b := c.beam(release, "b")
	g, err := c.tryGoNode("go")
	require.NoError(t, err)
	require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
	require.NoError(t, b.Stop())
	defer b.Cont()
	flooding := make(chan struct{})
	flood := &caller{got: make(chan any, 1), done: make(chan struct{}), do: func(p *caller) {
		// The first one shows that it has a way to the peer, which a node that shuts down no longer gives.
		for sent := 0; p.Send(gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"}, make([]byte, 64<<10)) == nil; sent++ {
			if sent == 0 {
				close(flooding)
			}
		}
	}}
	_, err = g.Runtime().Spawn(func() gen.ProcessBehavior { return flood }, gen.ProcessOptions{})
	require.NoError(t, err)
	<-flooding
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.ErrorIs(t, g.Shutdown(ctx), context.DeadlineExceeded)
	require.Less(t, time.Since(begin), 3*time.Second)
}
