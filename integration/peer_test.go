package integration

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/etf"
	"gonode/node"
)

// TestAnsweredLater: a call to an actor that another process answers, later or too late.
func TestAnsweredLater(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		type asked struct {
			from gen.PID
			ref  gen.Ref
		}
		waiting := make(chan asked, 10)
		spawnEach(t, g, "server", gen.ProcessOptions{}, &each{call: func(_ *each, from gen.PID, ref gen.Ref, _ any) (any, error) {
			waiting <- asked{from, ref}
			return nil, nil
		}})
		answers := make(chan error, 10)
		answer := func(a asked, what any) error {
			clerk := spawnEach(t, g, "", gen.ProcessOptions{}, &each{message: func(e *each, _ any) error {
				answers <- e.SendResponse(a.from, a.ref, what)
				return nil
			}})
			require.NoError(t, g.Runtime().Send(clerk, "begin"))
			return <-answers
		}
		const s = "{server, 'go@127.0.0.1'}"
		for _, call := range []string{
			"gen_server:call(" + s + ", x)", "gen_server:call(" + s + ", x, infinity)", "gen_statem:call(" + s + ", x)",
			"gen_statem:call(" + s + ", x, {clean_timeout, 2000})", "gen_event:call(" + s + ", handler, x)",
			"begin {[{'go@127.0.0.1', R}], []} = gen_server:multi_call(['go@127.0.0.1'], server, x, 2000), R end",
			"begin {reply, R} = gen_server:wait_response(gen_server:send_request(" + s + ", x), 2000), R end",
		} {
			eval(t, b, "ok", "begin register(caller, spawn(fun() -> R = %s, receive {get, P} -> P ! {got, R} end end)), ok end", call)
			a := <-waiting
			time.Sleep(10 * time.Millisecond)
			require.NoError(t, answer(a, gen.Atom("later")))
			eval(t, b, "{got,later}", "begin caller ! {get, self()}, receive M -> M after 2000 -> timeout end end")
			evalWithin(t, time.Second, b, "undefined", "whereis(caller)")
		}
		// Too late: the caller gets nothing.
		worker(t, b)
		eval(t, b, "timeout", "%s", asWorker("try gen_server:call("+s+", x, 20) catch exit:{timeout, _} -> timeout end"))
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')") // we know that it has given up
		require.Error(t, answer(<-waiting, gen.Atom("late")))
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		eval(t, b, "nothing", "%s", asWorker("receive M -> M after 20 -> nothing end"))
		quiet(t, b)
	})
}

// TestSpawnsOfAllKinds: every way in which Erlang makes a process on another node.
func TestSpawnsOfAllKinds(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		exported(t, g)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		const at, down = "'go@127.0.0.1', math, add, [1, 2]", "receive {'DOWN', R, process, P, W} -> W after 1000 -> timeout end"
		for _, call := range []struct{ want, expr string }{
			{"true", "node(spawn(" + at + ")) =:= 'go@127.0.0.1'"},
			{"normal", "begin process_flag(trap_exit, true), P = spawn_link(" + at + "), receive {'EXIT', P, W} -> W after 1000 -> timeout end end"},
			{"normal", "begin {P, R} = spawn_monitor(" + at + "), " + down + " end"},
			{"normal", "begin {P, R} = spawn_opt(" + at + ", [monitor, {priority, high}, {min_heap_size, 1000}, {message_queue_data, off_heap}]), " + down + " end"},
			{"{normal,normal}", "begin process_flag(trap_exit, true), {P, R} = spawn_opt(" + at + ", [link, monitor, {fullsweep_after, 5}]), " +
				"{" + down + ", receive {'EXIT', P, V} -> V after 1000 -> timeout end} end"},
			{"{ok,normal}", "begin R = spawn_request(" + at + ", [monitor, {reply_tag, mine}]), receive {mine, R, ok, P} -> {ok, " + down + "} after 1000 -> timeout end end"},
			{"none", "begin R = spawn_request(" + at + ", [{reply, no}]), receive M -> M after 50 -> none end end"},
			{"none", "begin R = spawn_request(" + at + ", [{reply, error_only}]), receive M -> M after 50 -> none end end"},
			{"badarg", "try spawn_opt(" + at + ", [nonsense]) catch error:W -> W end"},
			{"ok", "erpc:multicast(['go@127.0.0.1', node()], math, pi, [])"},
			{"5", "begin K = rpc:async_call('go@127.0.0.1', math, add, [2, 3]), {value, V} = rpc:nb_yield(K, 1000), V end"},
			{"{[5],['nowhere@127.0.0.1']}", "rpc:multicall(['go@127.0.0.1', 'nowhere@127.0.0.1'], math, add, [2, 3])"},
			{"{response,5}", "erpc:wait_response(erpc:send_request('go@127.0.0.1', math, add, [2, 3]), 1000)"},
			{"[{ok,5},{error,{erpc,noconnection}}]", "erpc:multicall(['go@127.0.0.1', 'nowhere@127.0.0.1'], math, add, [2, 3])"},
			{"noproc", "begin R = monitor(process, {'', 'go@127.0.0.1'}), receive {'DOWN', R, process, {'', 'go@127.0.0.1'}, W} -> W after 1000 -> timeout end end"},
		} {
			require.Equal(t, call.want, b.Eval(t, call.expr), call.expr)
		}
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		quiet(t, b)
	})
}

// TestRex: calls between a BEAM and a node that does not know spawn requests, as C and Java nodes do not: by rex. Into such
// a node only OTP 23 calls, later ones say notsup.
func TestRex(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", func(cfg *node.Config) { cfg.Flags = dist.Visible &^ dist.FlagSpawn })
		exported(t, g)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		in := map[bool][]struct{ want, expr string }{
			true: {
				{"5", "rpc:call('go@127.0.0.1', math, add, [2, 3])"},
				{"{badrpc,{'EXIT',{undef,[{math,add,[1],[]}]}}}", "rpc:call('go@127.0.0.1', math, add, [1])"},
				{"{error,<<\"broken\">>}", "rpc:call('go@127.0.0.1', math, fail, [])"},
				{"true", "begin {badrpc, {'EXIT', {{panic, <<\"ouch\">>}, S}}} = rpc:call('go@127.0.0.1', math, panic, []), length(S) > 0 end"},
				{"{[5],[]}", "rpc:multicall(['go@127.0.0.1'], math, add, [2, 3])"},
			},
			false: {{"{badrpc,notsup}", "rpc:call('go@127.0.0.1', math, add, [2, 3])"}},
		}[release == "23"]
		for _, call := range in {
			require.Equal(t, call.want, b.Eval(t, call.expr), call.expr)
		}
		ctx := ctxFor(t, patience)
		var list []int
		require.NoError(t, g.RPC(ctx, "b@127.0.0.1", "lists", "seq", &list, 1, 3))
		require.Equal(t, []int{1, 2, 3}, list)
		require.ErrorIs(t, g.RPC(ctx, "b@127.0.0.1", "nobody", "nothing", nil), node.ErrUndef)
		e, ok := errors.AsType[*node.Exception](g.RPC(ctx, "b@127.0.0.1", "erlang", "error", nil, gen.Atom("oops")))
		require.True(t, ok)
		require.Equal(t, gen.Atom("oops"), e.Reason)
		_, err := g.Spawn(ctx, "b@127.0.0.1", "erlang", "node", nil)
		require.ErrorIs(t, err, dist.ErrUnsupported)
		quiet(t, b)
	})
}

// TestNodeRelations: an actor that monitors a node, or is linked to it, by Ergo's means learns that it is gone.
func TestNodeRelations(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		peer := atom(b.Name())
		var errs []error
		got := inActor(t, g, func(p *caller) {
			p.SetTrapExit(true)
			errs = append(errs, p.MonitorNode(peer), p.LinkNode(peer))
		})
		require.NoError(t, errors.Join(errs...))
		b.Kill()
		kinds := map[string]bool{}
		for range 2 {
			switch m := receive(t, got).(type) {
			case gen.MessageDownNode:
				kinds["down"] = m.Name == peer
			case gen.MessageExitNode:
				kinds["exit"] = m.Name == peer
			default:
				require.Fail(t, "what is this?", "%#v", m)
			}
		}
		require.Equal(t, map[string]bool{"down": true, "exit": true}, kinds)
	})
}

// TestGivenUp: what Go code has given up leaves nothing behind, on either side.
func TestGivenUp(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		eval(t, b, "ok", "gonode_relations:maker()")
		m, err := g.Mailbox("box")
		require.NoError(t, err)
		defer m.Close()
		const module, staying = "gonode_relations", "[P || P <- processes(), process_info(P, current_function) =:= {current_function, {gonode_relations, stay, 0}}]"
		stays := func(n string) {
			t.Helper()
			evalWithin(t, patience, b, n, "gen_server:call(maker, stays)")
		}
		// The function runs on, and nobody waits for it.
		require.ErrorIs(t, g.RPC(ctxFor(t, 50*time.Millisecond), b.Name(), module, "stay", nil), context.DeadlineExceeded)
		stays("1")
		evalWithin(t, patience, b, "[{monitored_by,[]}]", "[process_info(P, monitored_by) || P <- %s]", staying)
		eval(t, b, "ok", "begin [exit(P, kill) || P <- %s], ok end", staying)

		// The answer to these is late: the one that was to be linked ends.
		require.NoError(t, b.Stop())
		time.Sleep(50 * time.Millisecond) // until it has stopped
		for _, opt := range []node.SpawnOption{node.SpawnLink(m.PID()), node.SpawnMonitor(m.PID())} {
			_, err = g.Spawn(ctxFor(t, 50*time.Millisecond), b.Name(), module, "stay", nil, opt)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.ErrorIs(t, g.RPC(ctxFor(t, 50*time.Millisecond), b.Name(), module, "stay", nil), context.DeadlineExceeded)
		require.ErrorIs(t, m.Call(ctxFor(t, 50*time.Millisecond), gen.ProcessID{Name: "maker", Node: atom(b.Name())}, gen.Atom("stays"), nil), context.DeadlineExceeded)
		require.NoError(t, b.Cont())
		// The one that ends may do so before it has run.
		evalWithin(t, patience, b, "true", "gen_server:call(maker, stays) >= 3")
		evalWithin(t, patience, b, "[{[],[]},{[],[]}]", "[begin [{_, M}, {_, L}] = process_info(P, [monitored_by, links]), {M, L} end || P <- %s]", staying)
		eval(t, b, "{monitored_by,[]}", "process_info(whereis(maker), monitored_by)")
		late, err := m.Receive(ctxFor(t, 50*time.Millisecond))
		require.ErrorIs(t, err, context.DeadlineExceeded, "%v comes late", late)
		quiet(t, b)
	})
}

// TestLinkAgain: a link that was taken back can be made again, from the other side too; and reasons come whole.
func TestLinkAgain(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		ctx := ctxFor(t, patience)
		m, err := g.Mailbox("box")
		require.NoError(t, err)
		defer m.Close()
		pid := decodePIDs(t, g, b, "[spawn(fun() -> receive {link, P} -> link(P), P ! linked end, receive {stop, W} -> exit(W) end end)]")[0]
		require.NoError(t, m.Link(ctx, pid))
		require.NoError(t, m.Unlink(pid))
		require.NoError(t, m.Send(ctx, pid, etf.Tuple{gen.Atom("link"), m.PID()}))
		msg, err := m.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, gen.Atom("linked"), msg.Body)
		reason := etf.Tuple{gen.Atom("big"), bytes.Repeat([]byte("reason"), 200_000)}
		require.NoError(t, m.Send(ctx, pid, etf.Tuple{gen.Atom("stop"), reason}))
		msg, err = m.Receive(ctx)
		require.NoError(t, err)
		exit, ok := errors.AsType[*node.ExitReason](msg.Body.(node.Exit).Reason)
		require.True(t, ok)
		require.True(t, etf.Equal(reason, exit.Term))

		server(t, g, "server")
		eval(t, b, "true", "begin {P, R} = {gen_server:call({server, 'go@127.0.0.1'}, pid), monitor(process, {server, 'go@127.0.0.1'})}, "+
			"W = {big, binary:copy(<<\"reason\">>, 200000)}, exit(P, W), receive {'DOWN', R, _, _, V} -> V =:= W after 2000 -> timeout end end")
		quiet(t, b)
	})
}
