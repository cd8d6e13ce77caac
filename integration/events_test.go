package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/events"
	"gonode/node"
)

// TestSubscribe: how Erlang processes subscribe at a Go node, with nothing of ours loaded there.
func TestSubscribe(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		worker(t, b)
		const server = "{'Elixir.Cluster.Events', 'go@127.0.0.1'}"
		for _, call := range []struct{ want, expr string }{
			{"ok", "gen_server:call(" + server + ", subscribe)"},
			{"ok", "gen_server:call(" + server + ", {subscribe, self()})"},
			{"['b@127.0.0.1']", "gen_server:call(" + server + ", members)"},
			{"['b@127.0.0.1']", "gen_server:call({cluster_events, 'go@127.0.0.1'}, members)"},
			{"ok", "gen_server:call({cluster_events, 'go@127.0.0.1'}, {subscribe, self(), [info, replay]})"},
			{"{nodeup,'b@127.0.0.1',visible}", "receive {nodeup, N, #{node_type := T, connection_id := _}} -> {nodeup, N, T} after 1000 -> timeout end"},
			{"hello", "begin " + server + " ! {publish, hello}, receive hello -> hello after 1000 -> timeout end end"},
			{"nonsense", server + " ! nonsense"},
			{"{subscribe,nobody}", server + " ! {subscribe, nobody}"},
			{"error", "element(1, gen_server:call(" + server + ", {what, is, this}))"},
		} {
			require.Equal(t, call.want, b.Eval(t, asWorker(call.expr)), call.expr)
		}
		a := c.beam(release, "a")
		eval(t, a, "pong", "net_adm:ping('go@127.0.0.1')")
		eval(t, b, "{nodeup,'a@127.0.0.1',visible}", "%s", asWorker("receive {nodeup, 'a@127.0.0.1' = N, #{node_type := T}} -> {nodeup, N, T} after 1000 -> timeout end"))
		eval(t, b, "true", "begin exit(spawn(fun() -> "+server+" ! {subscribe, self()}, receive stop -> ok end end), kill) end")
		eval(t, a, "true", "erlang:disconnect_node('go@127.0.0.1')")
		eval(t, b, "{'a@127.0.0.1',connection_closed}", "%s",
			asWorker("receive {nodedown, N, #{nodedown_reason := R}} -> {N, R} after 1000 -> timeout end"))
		eval(t, b, "ok", "%s", asWorker("gen_server:call("+server+", unsubscribe)"))
		eval(t, a, "pong", "net_adm:ping('go@127.0.0.1')")
		eval(t, b, "[]", "%s", asWorker("begin timer:sleep(100), {messages, M} = process_info(self(), messages), [X || X <- M, element(1, X) =:= nodeup] end"))
		quiet(t, b)
	})
}

// TestOrder: a node is up before anything that comes from it, and down after everything, for a process that subscribes
// by message before the node is known.
func TestOrder(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", func(cfg *node.Config) { cfg.MeshInterval = -1 })
		got := make(chan stamped, 100)
		_, err := g.Runtime().SpawnRegister("sink", newSink(got), processOptions)
		require.NoError(t, err)
		sub := g.Events().Subscribe(t.Context())
		defer sub.Close()
		for round := range 10 {
			eval(t, b, "hello", "{sink, 'go@127.0.0.1'} ! hello") // makes the connection
			m := <-got
			require.Equal(t, 1, upsSoFar(sub), "nodeups before the message in round %d", round)
			require.Equal(t, atom("hello"), m.message)
			// The message may be here before net_kernel there has heard that the connection is up.
			evalWithin(t, time.Second, b, "true", "erlang:disconnect_node('go@127.0.0.1')")
			eventually(t, time.Second, "down", func() bool { return len(g.Nodes()) == 0 })
		}
	})
}

// upsSoFar reads what the subscription has and counts the nodeups.
func upsSoFar(sub *events.Subscription) int {
	ups := 0
	for {
		ev, ok := sub.TryNext()
		if !ok {
			return ups
		}
		if _, up := ev.(events.NodeUp); up {
			ups++
		}
	}
}
