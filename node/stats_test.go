package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/events"
	"gonode/strategy"
)

// TestStats: handshakes by result on both sides, attempts that found nobody, reconnects, and sums that outlive connections.
func TestStats(t *testing.T) {
	port := freePort(t)
	quiet := func(c *Config) { c.MeshInterval = -1 }
	a, b := start(t, "a@127.0.0.1", port, quiet), start(t, "b@127.0.0.1", port, quiet)
	for range 3 {
		require.NoError(t, a.Connect(within(t), b.Name()))
		_, err := a.Ping(within(t), b.Name())
		require.NoError(t, err)
		require.True(t, a.Disconnect(b.Name()))
		require.Eventually(t, func() bool { return len(b.Nodes()) == 0 }, patience, time.Millisecond)
	}
	other := start(t, "other@127.0.0.1", port, quiet, func(c *Config) { c.Cookie = "other" })
	require.ErrorIs(t, other.Connect(within(t), a.Name()), dist.ErrCookie)
	require.Error(t, a.Connect(within(t), "nobody@127.0.0.1"))
	nc, err := net.Dial("tcp", a.Addr().String())
	require.NoError(t, err)
	_, err = nc.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return a.Stats().HandshakesFailed == 2 }, patience, time.Millisecond)
	require.NoError(t, nc.Close())

	st, peer := a.Stats(), b.Stats()
	require.EqualValues(t, 3, st.HandshakesOut[HandshakeOK])
	require.EqualValues(t, 3, peer.HandshakesIn[HandshakeOK])
	require.EqualValues(t, 1, st.HandshakesIn[HandshakeCookie])
	require.EqualValues(t, 1, other.Stats().HandshakesOut[HandshakeCookie])
	require.EqualValues(t, 1, st.HandshakesIn[HandshakeMalformed])
	require.Len(t, st.HandshakesIn, len(handshakeResults))
	require.EqualValues(t, 1, st.Unresolved)
	require.EqualValues(t, 2, st.Reconnects)
	require.Equal(t, map[gen.Atom]uint64{"disconnect": 3}, st.Downs)
	require.Equal(t, map[gen.Atom]uint64{"connection_closed": 3}, peer.Downs)
	require.Zero(t, st.TickMisses)
	require.Equal(t, st.BytesIn, peer.BytesOut, "of connections that have ended")
	require.Equal(t, st.BytesOut, peer.BytesIn)
	require.GreaterOrEqual(t, st.SignalsOut, uint64(6))

	past := a.Past(b.Name())
	require.EqualValues(t, 3, past.Connects)
	require.Equal(t, gen.Atom("disconnect"), past.Reason)
	require.WithinDuration(t, time.Now(), past.Down, patience)
	require.Zero(t, a.Past("nobody@127.0.0.1"))
}

// TestUnreachableIsCounted: epmd or discovery knows where, and nobody listens there.
func TestUnreachableIsCounted(t *testing.T) {
	closed := freePort(t)
	a := start(t, "a@127.0.0.1", freePort(t), func(c *Config) {
		c.Topologies = []strategy.Source{{Name: "test", Strategy: strategyOf(strategy.Node{
			Name: "b@127.0.0.1", Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(closed)),
		})}}
	})
	require.Eventually(t, func() bool { return a.Stats().Unreachable > 0 }, patience, time.Millisecond)
	require.Zero(t, a.Stats().HandshakesOut[HandshakeOK])
}

func strategyOf(nodes ...strategy.Node) strategy.Strategy {
	source := make(fed, 1)
	source <- strategy.Set{Nodes: nodes}
	return source
}

// TestWaitingIsCounted: what is sent to a peer that is being dialled.
func TestWaitingIsCounted(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // takes the connection and says nothing
	require.NoError(t, err)
	defer ln.Close()
	a := start(t, "a@127.0.0.1", freePort(t), func(c *Config) {
		c.Resolve = func(context.Context, string) (string, error) { return ln.Addr().String(), nil }
	})
	for range 3 {
		require.NoError(t, a.Send(within(t), gen.ProcessID{Name: "x", Node: "b@127.0.0.1"}, gen.Atom("hello")))
	}
	st := a.Stats()
	require.Equal(t, 3, st.Waiting)
	require.Equal(t, 1, st.Flights)
}

// TestLookOn: a round trip and the release are asked for over a connection that is there, and do not make it the
// application's, so that it can still be pruned.
func TestLookOn(t *testing.T) {
	port := freePort(t)
	source := make(fed)
	b := start(t, "b@127.0.0.1", port, func(c *Config) { c.MeshInterval = -1 })
	a := start(t, "a@127.0.0.1", port, discovers(source, strategy.PruneNow))
	_, err := a.RoundTrip(within(t), b.Name())
	require.ErrorIs(t, err, gen.ErrNoConnection)
	_, err = a.Release(within(t), b.Name())
	require.ErrorIs(t, err, gen.ErrNoConnection)
	require.Empty(t, a.Nodes())
	sub := a.Events().Subscribe(t.Context())
	defer sub.Close()
	source.say(b.Name())
	next[events.NodeUp](t, sub)
	took, err := a.RoundTrip(within(t), b.Name())
	require.NoError(t, err)
	require.Positive(t, took)
	_, err = a.Release(within(t), b.Name())
	require.ErrorAs(t, err, new(*Exception), "a Go node has none")
	source.say()
	require.Equal(t, b.Name(), next[events.NodeDown](t, sub).Node)
}

func TestHandshakeResults(t *testing.T) {
	for want, err := range map[HandshakeResult]error{
		HandshakeOK:        nil,
		HandshakeYielded:   fmt.Errorf("x: %w", errOvertaken),
		HandshakeCookie:    &dist.HandshakeError{Kind: dist.ErrCookie},
		HandshakeFlags:     &dist.HandshakeError{Kind: dist.ErrOldVersion},
		HandshakeRefused:   &dist.HandshakeError{Kind: dist.ErrName},
		HandshakeMalformed: &dist.HandshakeError{Kind: dist.ErrTLS},
		HandshakeTimeout:   &dist.HandshakeError{Kind: dist.ErrTimeout},
		HandshakeClosed:    errors.New("reset"),
	} {
		require.Equal(t, want, handshakeResult(err))
	}
}

// TestPastIsBounded: the longest gone are forgotten, and odd reasons are counted together.
func TestPastIsBounded(t *testing.T) {
	var p past
	conn := func() *dist.Conn {
		ours, _ := net.Pipe()
		return dist.NewConn(ours, dist.Result{}, dist.Config{})
	}()
	began := time.Unix(1e9, 0)
	for i := range maxPast + 10 {
		l := &link{peer: gen.Atom(fmt.Sprintf("n%d@h", i)), conn: conn}
		p.up(l)
		p.down(l, began.Add(time.Duration(i)*time.Second), &dist.LinkError{Reason: gen.Atom(fmt.Sprintf("r%d", i)), Err: errors.New("x")})
	}
	require.Len(t, p.peers, maxPast)
	require.NotContains(t, p.peers, gen.Atom("n9@h"))
	require.Contains(t, p.peers, gen.Atom("n10@h"))
	require.Len(t, p.downs, maxReasons+1)
	require.EqualValues(t, maxPast+10-maxReasons, p.downs[restOfThem])
	require.Empty(t, p.live)
}
