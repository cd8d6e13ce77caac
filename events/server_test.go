package events

import (
	"fmt"
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	ergo "ergo.services/ergo/node"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// patience bounds waiting for something that ought to come at once.
const patience = 10 * time.Second

// startErgo starts an Ergo node without a network.
func startErgo(t *testing.T) gen.Node {
	t.Helper()
	options := gen.NodeOptions{}
	options.Network.Mode = gen.NetworkModeDisabled
	options.Log.DefaultLogger.Disable = true
	n, err := ergo.Start("test@localhost", options, gen.Version{})
	require.NoError(t, err)
	t.Cleanup(n.Stop)
	return n
}

// client is a process that hands on what it gets, and calls whom it is told to.
type client struct {
	act.Actor
	got chan any
}

type callOrder struct {
	to, request any
	reply       chan any
}

type failed struct{ err error }

func (c *client) HandleMessage(_ gen.PID, message any) error {
	switch m := message.(type) {
	case callOrder:
		reply, err := c.Call(m.to, m.request)
		if err != nil {
			reply = failed{err}
		}
		m.reply <- reply
	case error:
		return m
	default:
		c.got <- etf.Format(message)
	}
	return nil
}

// fixture is a server under its two names, and clients.
type fixture struct {
	*testing.T
	hub    Hub
	node   gen.Node
	server gen.PID
}

const (
	serverName    gen.Atom = "Elixir.Cluster.Events"
	forwarderName gen.Atom = "cluster_events"
)

func newFixture(t *testing.T, opts ...ServerOption) *fixture {
	f := &fixture{T: t, node: startErgo(t)}
	var err error
	f.server, err = f.node.SpawnRegister(serverName, NewServer(&f.hub, opts...), gen.ProcessOptions{})
	require.NoError(t, err)
	_, err = f.node.SpawnRegister(forwarderName, NewForwarder(serverName), gen.ProcessOptions{})
	require.NoError(t, err)
	return f
}

func (f *fixture) client() (gen.PID, <-chan any) {
	f.Helper()
	got := make(chan any, 1000)
	pid, err := f.node.Spawn(func() gen.ProcessBehavior { return &client{got: got} }, gen.ProcessOptions{})
	require.NoError(f, err)
	return pid, got
}

// call makes client call the server under the name to, and returns the answer as text.
func (f *fixture) call(client gen.PID, to gen.Atom, request any) string {
	f.Helper()
	reply := make(chan any, 1)
	require.NoError(f, f.node.Send(client, callOrder{to, request, reply}))
	got := f.receive(reply)
	if failed, ok := got.(failed); ok {
		return failed.err.Error()
	}
	return etf.Format(got)
}

func (f *fixture) receive(from <-chan any) any {
	f.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		require.Fail(f, "nothing came")
		return nil
	}
}

func (f *fixture) expect(from <-chan any, want ...string) {
	f.Helper()
	for _, w := range want {
		require.Equal(f, w, f.receive(from))
	}
}

func (f *fixture) counter(name string) string {
	f.Helper()
	counters, err := f.node.Inspect(f.server)
	require.NoError(f, err)
	return counters[name]
}

func (f *fixture) eventually(name, want string) {
	f.Helper()
	require.Eventually(f, func() bool { return f.counter(name) == want }, patience, time.Millisecond, "%s: want %s", name, want)
}

func TestServerMessages(t *testing.T) {
	f := newFixture(t)
	pid, got := f.client()
	publish(&f.hub, "+a@h")
	require.NoError(t, f.node.Send(serverName, tuple{atomSubscribe, pid}))
	f.eventually("subscribers", "1")
	publish(&f.hub, "+b@h", "-a@h")
	f.expect(got, "{nodeup,b@h}", "{nodedown,a@h}")

	require.NoError(t, f.node.Send(forwarderName, tuple{atomPublish, tuple{gen.Atom("hello"), int64(1)}}))
	f.expect(got, "{hello,1}")
	require.Equal(t, "1", f.counter("published"))

	require.NoError(t, f.node.Send(serverName, tuple{atomUnsubscribe, pid}))
	f.eventually("subscribers", "0")
	publish(&f.hub, "+c@h")
	require.Equal(t, "[b@h,c@h]", f.call(pid, serverName, atomMembers))
	require.Empty(t, got)
}

func TestServerCalls(t *testing.T) {
	for _, name := range []gen.Atom{serverName, forwarderName} {
		t.Run(string(name), func(t *testing.T) {
			f := newFixture(t)
			publish(&f.hub, "+a@h", "+b@h")
			pid, got := f.client()
			observer, _ := f.client()
			require.Equal(t, "[a@h,b@h]", f.call(pid, name, atomMembers))
			require.Equal(t, "ok", f.call(pid, name, atomSubscribe))
			publish(&f.hub, "-a@h")
			f.expect(got, "{nodedown,a@h}")

			// Again, with other options: the last ones count, and there is one subscription.
			require.Equal(t, "ok", f.call(observer, name, tuple{atomSubscribe, pid, list{atomInfo, tuple{atomReplay, yes}}}))
			require.Equal(t, "1", f.counter("subscribers"))
			publish(&f.hub, "-b@h")
			f.expect(got, "{nodeup,b@h,#{node_type => visible,connection_id => 0}}",
				"{nodedown,b@h,#{node_type => visible,connection_id => 0,nodedown_reason => connection_closed}}")

			require.Equal(t, "ok", f.call(pid, name, atomUnsubscribe))
			require.Equal(t, "ok", f.call(pid, name, atomUnsubscribe))
			require.Equal(t, "[]", f.call(pid, name, atomMembers))
			require.Equal(t, "{error,badarg}", f.call(pid, name, gen.Atom("nonsense")))
			require.NoError(t, f.node.Send(name, "nonsense"))
			f.eventually("ignored", "2")
			require.Empty(t, got)
		})
	}
}

func TestServerForgetsTheDead(t *testing.T) {
	f := newFixture(t)
	pid, _ := f.client()
	require.Equal(t, "ok", f.call(pid, serverName, atomSubscribe))
	require.NoError(t, f.node.Send(pid, gen.TerminateReasonNormal))
	f.eventually("subscribers", "0")

	alive, _ := f.client()
	require.Equal(t, "ok", f.call(alive, serverName, tuple{atomSubscribe, pid}), "a dead one")
	// A remote one that can't be reached: there is no network.
	require.Equal(t, "ok", f.call(alive, serverName, tuple{atomSubscribe, other}))
	require.Equal(t, "0", f.counter("subscribers"))

	// It can come back: nothing of the first subscription is left.
	require.Equal(t, "ok", f.call(alive, serverName, atomSubscribe))
	require.Equal(t, "ok", f.call(alive, serverName, atomUnsubscribe))
	require.Equal(t, "ok", f.call(alive, serverName, atomSubscribe))
	require.Equal(t, "1", f.counter("subscribers"))
}

func TestServerForgetsThoseOfALostNode(t *testing.T) {
	f := newFixture(t)
	pid, got := f.client()
	require.Equal(t, "ok", f.call(pid, serverName, atomSubscribe))
	// The process is one of this node, which stands in for a remote one here.
	publish(&f.hub, "+test@localhost", "-test@localhost")
	f.eventually("subscribers", "0")
	f.expect(got, "{nodeup,test@localhost}")
}

func TestServerLimit(t *testing.T) {
	f := newFixture(t, MaxSubscribers(1))
	one, _ := f.client()
	two, _ := f.client()
	require.Equal(t, "ok", f.call(one, serverName, atomSubscribe))
	require.Equal(t, "{error,system_limit}", f.call(two, serverName, atomSubscribe))
	require.Equal(t, "ok", f.call(one, serverName, atomSubscribe))
	require.Equal(t, "1", f.counter("refused"))
}

func TestServerKeepsOrder(t *testing.T) {
	f := newFixture(t)
	pid, got := f.client()
	require.Equal(t, "ok", f.call(pid, serverName, atomSubscribe))
	for i := range 300 {
		publish(&f.hub, fmt.Sprintf("+n%d@h", i))
	}
	for i := range 300 {
		f.expect(got, fmt.Sprintf("{nodeup,n%d@h}", i))
	}
}

func TestServerEndsItsSubscription(t *testing.T) {
	f := newFixture(t)
	require.NoError(t, f.node.SendExit(f.server, gen.TerminateReasonShutdown))
	require.Eventually(t, func() bool {
		f.hub.mu.Lock()
		defer f.hub.mu.Unlock()
		return len(f.hub.subs) == 0
	}, patience, time.Millisecond)
	publish(&f.hub, "+a@h") // nobody is left to be told

	pid, _ := f.client()
	require.Equal(t, gen.ErrProcessUnknown.Error(), f.call(pid, forwarderName, atomMembers))
	require.NoError(t, f.node.Send(forwarderName, "dropped"))
	forwarder, err := f.node.ProcessPID(forwarderName)
	require.NoError(t, err)
	require.NoError(t, f.node.SendExit(forwarder, gen.TerminateReasonShutdown))
	require.Eventually(t, func() bool {
		_, err := f.node.ProcessPID(forwarderName)
		return err != nil
	}, patience, time.Millisecond)
}
