package integration

import (
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

// TestGlobal: what OTP's kernel does on BEAMs that see a visible Go node returns within 1 s.
func TestGlobal(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		g := c.goNode("go")
		for _, name := range []string{"a@127.0.0.1", "b@127.0.0.1"} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), name))
		}
		for n, b := range map[string]*beam.Node{"a": a, "b": b} {
			worker(t, b)
			for _, call := range []struct{ want, expr string }{
				{"ok", "global:sync()"},
				{"yes", "global:register_name(name_" + n + ", self())"},
				{"true", "is_pid(global:whereis_name(name_" + n + "))"},
				{"name_" + n, "begin global:unregister_name(name_" + n + "), name_" + n + " end"},
				{"true", "global:set_lock({lock, self()})"},
				{"true", "global:del_lock({lock, self()})"},
				{"done", "global:trans({lock, self()}, fun() -> done end)"},
				{"true", "begin {_, Bad} = gen_server:multi_call([node() | nodes()], nobody, hello), lists:member('go@127.0.0.1', Bad) end"},
				{"ok", "global:sync()"},
			} {
				begin := time.Now()
				require.Equal(t, call.want, b.Eval(t, asWorker(call.expr)), call.expr)
				require.Less(t, time.Since(begin), time.Second, call.expr)
			}
		}
		quiet(t, a)
	})
}

// TestPG: a visible Go node that has no pg scope does not disturb that of the BEAMs, whose scopes greet it.
func TestPG(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		g := c.goNode("go")
		for _, b := range []*beam.Node{a, b} {
			eval(t, b, "ok", "begin {ok, P} = pg:start_link(), unlink(P), ok end")
			require.NoError(t, g.Connect(ctxFor(t, time.Second), b.Name()))
		}
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		eval(t, a, "ok", "pg:join(group, spawn(fun() -> receive stop -> ok end end))")
		evalWithin(t, time.Second, b, "['a@127.0.0.1']", "[node(P) || P <- pg:get_members(group)]")
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		require.Equal(t, "a@127.0.0.1 b@127.0.0.1", names(g.Nodes()))
		quiet(t, a)
	})
}

// TestAskedOfUs: requests to processes and functions that a Go node does not have are answered as a BEAM answers them,
// at once, and the link lives on.
func TestAskedOfUs(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		w := watchEvents(t, g)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		down := "receive {'DOWN', R, process, O, Why} -> {O, Why} after 1000 -> timeout end end"
		for _, call := range []struct{ want, expr string }{
			{"{{nobody,'go@127.0.0.1'},noproc}", "begin R = monitor(process, {nobody, 'go@127.0.0.1'}), " + down},
			{"{global_name_server,'go@127.0.0.1'}", "element(1, begin R = monitor(process, {global_name_server, 'go@127.0.0.1'}), " + down + ")"},
			{"true", "begin R = monitor(process, {net_kernel, 'go@127.0.0.1'}), demonitor(R, [flush, info]) end"},
			{"noproc", "try gen_server:call({nobody, 'go@127.0.0.1'}, hello, infinity) catch exit:{W, _} -> W end"},
			{"{badrpc,{'EXIT',{undef,[{lists,seq,[1,3],[]}]}}}", "rpc:call('go@127.0.0.1', lists, seq, [1, 3], 1000)"},
			{"true", "rpc:cast('go@127.0.0.1', lists, seq, [1, 3])"},
			{"{badrpc,{'EXIT',{undef,[{lists,seq,[1,3],[]}]}}}", "rpc:block_call('go@127.0.0.1', lists, seq, [1, 3], 1000)"},
			{"{exception,undef,[{lists,seq,[1,3],[]}]}", "try erpc:call('go@127.0.0.1', lists, seq, [1, 3], 1000) catch error:{exception, X, S} -> {exception, X, S} end"},
			{"{undef,[{m,f,[1],[]}]}", "begin {_, R} = spawn_monitor('go@127.0.0.1', m, f, [1]), receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end"},
			{"{undef,[{m,f,[],[]}]}", "begin process_flag(trap_exit, true), P = spawn_link('go@127.0.0.1', m, f, []), receive {'EXIT', P, W} -> W after 1000 -> timeout end end"},
			{"true", "is_pid(spawn('go@127.0.0.1', m, f, []))"},
			{"badopt", "begin R = spawn_request('go@127.0.0.1', m, f, [], [nonsense]), receive {spawn_reply, R, error, W} -> W after 1000 -> timeout end end"},
			{"{[],['go@127.0.0.1']}", "rpc:sbcast(['go@127.0.0.1'], nobody, hello)"},
			{"{['go@127.0.0.1'],[]}", "rpc:sbcast(['go@127.0.0.1'], net_kernel, hello)"},
			{"hello", "{nobody, 'go@127.0.0.1'} ! hello"},
			{"pong", "net_adm:ping('go@127.0.0.1')"},
		} {
			begin := time.Now()
			require.Equal(t, call.want, b.Eval(t, call.expr), call.expr)
			require.Less(t, time.Since(begin), time.Second, call.expr)
		}
		require.Equal(t, 1, w.count("b@127.0.0.1"), "the link has lived")
		quiet(t, b)
	})
}

// TestRelations: monitors and links of Erlang processes to Go actors, and the other way round.
func TestRelations(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		for _, name := range []gen.Atom{"one", "two", "three", "four"} {
			server(t, g, name)
		}
		const down = "receive {'DOWN', R, process, O, W} -> {O, W} after 1000 -> timeout end end"
		const exit = "receive {'EXIT', P, W} -> W after 1000 -> timeout end end"
		for _, call := range []struct{ want, expr string }{
			{"{echo,{a,[1,2.5,<<\"x\">>]}}", "gen_server:call({one, 'go@127.0.0.1'}, {a, [1, 2.5, <<\"x\">>]})"},
			{"true", "begin P1 = gen_server:call({one, 'go@127.0.0.1'}, pid), put(one, P1), is_pid(P1) end"},
			{"{echo,x}", "gen_server:call(gen_server:call({one, 'go@127.0.0.1'}, pid), x)"},
			// by name: the DOWN names {Name, Node}
			{"{{two,'go@127.0.0.1'},{my,<<\"reason\">>}}", "begin R = monitor(process, {two, 'go@127.0.0.1'}), gen_server:cast({two, 'go@127.0.0.1'}, stop), " + down},
			// by pid
			{"{my,<<\"reason\">>}", "element(2, begin P = gen_server:call({three, 'go@127.0.0.1'}, pid), R = monitor(process, P), gen_server:cast(P, stop), " + down + ")"},
			// the same pid again, when it is gone
			{"noproc", "begin P = gen_server:call({four, 'go@127.0.0.1'}, pid), R0 = monitor(process, P), exit(P, kill), " +
				"receive {'DOWN', R0, process, _, killed} -> ok after 1000 -> error(timeout) end, " +
				"R = monitor(process, P), element(2, " + "receive {'DOWN', R, process, O, W} -> {O, W} after 1000 -> timeout end) end"},
			{"noproc", "begin process_flag(trap_exit, true), P = gen_server:call({one, 'go@127.0.0.1'}, pid), unlink(P), link(P), unlink(P), " +
				"exit(P, kill), timer:sleep(50), link(P), " + exit},
		} {
			require.Equal(t, call.want, b.Eval(t, call.expr), call.expr)
		}
		server(t, g, "five")
		require.Equal(t, "{my,<<\"reason\">>}", b.Eval(t, "begin process_flag(trap_exit, true), "+
			"P = gen_server:call({five, 'go@127.0.0.1'}, pid), link(P), gen_server:cast(P, stop), "+exit))

		// An Erlang process that ends takes the Go actors that it linked itself to with it, unless it ends normally.
		server(t, g, "six")
		const linked = "begin G = gen_server:call({six, 'go@127.0.0.1'}, pid), R = monitor(process, G), " +
			"spawn(fun() -> link(G), exit(%s) end), receive {'DOWN', R, process, _, W} -> W after %d -> alive end end"
		eval(t, b, "alive", linked, "normal", 100)
		eval(t, b, "{my,<<\"crash\">>}", linked, "{my, <<\"crash\">>}", 1000)
		server(t, g, "seven")
		eval(t, b, "alive", "begin G = gen_server:call({seven, 'go@127.0.0.1'}, pid), R = monitor(process, G), exit(G, normal), "+
			"receive {'DOWN', R, process, _, W} -> W after 100 -> alive end end")
		eval(t, b, "shutdown", "begin G = gen_server:call({seven, 'go@127.0.0.1'}, pid), R = monitor(process, G), exit(G, shutdown), "+
			"receive {'DOWN', R, process, _, W} -> W after 1000 -> alive end end")
		quiet(t, b)
	})
}
