package integration

import (
	"context"
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
)

// TestBehaviours: what OTP's behaviours and tools do to an Ergo actor.
func TestBehaviours(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		g := c.goNode("go")
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "a@127.0.0.1"))
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		pid := server(t, g, "server")
		box, err := g.Mailbox("box")
		require.NoError(t, err)
		defer box.Close()
		worker(t, b)
		const s = "{server, 'go@127.0.0.1'}"
		for _, call := range []struct{ want, expr string }{
			{"{echo,x}", "gen_server:call(" + s + ", x)"},
			{"{echo,x}", "gen_statem:call(" + s + ", x, 1000)"},
			{"{[{'go@127.0.0.1',{echo,x}}],['a@127.0.0.1','b@127.0.0.1']}", "begin {R, Bad} = gen_server:multi_call(['go@127.0.0.1', 'a@127.0.0.1', 'b@127.0.0.1'], server, x), {R, lists:sort(Bad)} end"},
			{"{echo,x}", "begin R = gen_server:send_request(" + s + ", x), {reply, X} = gen_server:wait_response(R, 1000), X end"},
			{"ok", "gen_event:notify(" + s + ", event)"},
			{"{echo,{sync_notify,event}}", "gen_event:sync_notify(" + s + ", event)"},
			{"{x,{x,y},z}", "begin " + s + " ! {x, {x, y}, z} end"},
			{"true", "case sys:get_state(" + s + ") of {ok, S} -> is_map(S); S -> is_map(S) end"},
			{"{true,running}", "begin {status, P, {module, _}, [_, St, _, _, _]} = sys:get_status(" + s + "), {is_pid(P), St} end"},
			{"true", "case sys:get_state({box, 'go@127.0.0.1'}) of {ok, S} -> is_map(S); S -> is_map(S) end"},
			{"ok", "sys:suspend(" + s + ")"},
			{"timeout", "try gen_server:call(" + s + ", x, 100) catch exit:{timeout, _} -> timeout end"},
			{"suspended", "begin {status, _, _, [_, St | _]} = sys:get_status(" + s + "), St end"},
			{"ok", "sys:resume(" + s + ")"},
			{"{echo,y}", "gen_server:call(" + s + ", y, 1000)"},
			{"unknown", "try sys:replace_state(" + s + ", fun(X) -> X end) of _ -> no catch _:_ -> unknown end"},
			{"done", "begin R = monitor(process, " + s + "), sys:terminate(" + s + ", done), receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end"},
		} {
			require.Equal(t, call.want, b.Eval(t, asWorker(call.expr)), call.expr)
		}
		_, err = g.Runtime().ProcessState(pid)
		require.Error(t, err, "it has ended")
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		quiet(t, b)
	})
}

// TestTraceTokens: messages and exits with a sequential trace token, which have operations of their own.
func TestTraceTokens(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		server(t, g, "server")
		server(t, g, "other")
		for _, call := range []struct{ want, expr string }{
			{"{echo,x}", "begin seq_trace:set_token(label, {my, label}), seq_trace:set_token(send, true), gen_server:call({server, 'go@127.0.0.1'}, x) end"},
			{"{my,<<\"reason\">>}", "begin P = gen_server:call({server, 'go@127.0.0.1'}, pid), seq_trace:set_token(label, 17), R = monitor(process, P), gen_server:cast(P, stop), receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end"},
			{"stopped", "begin P = gen_server:call({other, 'go@127.0.0.1'}, pid), seq_trace:set_token(label, 17), R = monitor(process, P), exit(P, stopped), receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end"},
			{"{undef,[{m,f,[],[]}]}", "begin seq_trace:set_token(label, 17), {_, R} = spawn_monitor('go@127.0.0.1', m, f, []), receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end"},
		} {
			require.Equal(t, call.want, b.Eval(t, call.expr), call.expr)
		}
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		quiet(t, b)
	})
}

// TestPriority: a priority message (OTP 28 and later) overtakes what waits in the mailbox of an actor.
func TestPriority(t *testing.T) {
	c := newCluster(t, "29")
	b := c.beam("29", "b")
	g := c.goNode("go")
	got, begun, hold := make(chan stamped, 10), make(chan struct{}, 10), make(chan struct{})
	_, err := g.Runtime().SpawnRegister("busy", func() gen.ProcessBehavior {
		return &busy{sink: sink{got: got}, begun: begun, hold: hold}
	}, processOptions)
	require.NoError(t, err)
	eval(t, b, "first", "{busy, 'go@127.0.0.1'} ! first")
	<-begun
	eval(t, b, "ok", "begin [{busy, 'go@127.0.0.1'} ! N || N <- [second, third]], ok end")
	eval(t, b, "ok", "erlang:send({busy, 'go@127.0.0.1'}, urgent, [priority])")
	eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')") // all of it is here
	close(hold)
	for _, want := range []string{"first", "urgent", "second", "third"} {
		require.Equal(t, atom(want), (<-got).message)
	}
}

// busy is a sink that takes nothing more while it is held.
type busy struct {
	sink
	begun chan<- struct{}
	hold  <-chan struct{}
}

func (b *busy) HandleMessage(from gen.PID, message any) error {
	b.begun <- struct{}{}
	<-b.hold
	return b.sink.HandleMessage(from, message)
}

// adder starts a gen_server-like process called adder on b.
func adder(t *testing.T, b *beam.Node) {
	t.Helper()
	eval(t, b, "true", "begin P = spawn(fun() -> (fun Loop() -> receive "+
		"{'$gen_call', F, {add, X, Y}} -> gen:reply(F, X + Y), Loop(); "+
		"{'$gen_call', _, crash} -> exit({my, crash}); "+
		"{'$gen_call', _, never} -> Loop(); "+
		"{From, Any} when is_pid(From) -> From ! {self(), Any}, Loop(); "+
		"_ -> Loop() end end)() end), register(adder, P) end")
}

// TestGoProcess: Go code that is no actor calls, sends to, monitors and links Erlang processes.
func TestGoProcess(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		adder(t, b)
		ctx := ctxFor(t, patience)
		to := gen.ProcessID{Name: "adder", Node: "b@127.0.0.1"}

		var sum int
		require.NoError(t, g.Call(ctx, to, etf.Tuple{gen.Atom("add"), 2, 3}, &sum))
		require.Equal(t, 5, sum)
		require.ErrorIs(t, g.Call(ctx, gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"}, 1, nil), gen.ErrProcessUnknown)
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, g.Call(short, to, gen.Atom("never"), nil), context.DeadlineExceeded)
		evalWithin(t, time.Second, b, "{monitored_by,[]}", "process_info(whereis(adder), monitored_by)")

		m, err := g.Mailbox("box")
		require.NoError(t, err)
		defer m.Close()
		require.NoError(t, m.Send(ctx, to, etf.Tuple{m.PID(), gen.Atom("hi")}))
		msg, err := m.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, gen.Atom("hi"), msg.Body.(etf.Tuple)[1])
		eval(t, b, "hello", "{box, 'go@127.0.0.1'} ! hello")
		msg, err = m.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, gen.Atom("hello"), msg.Body)

		pid, err := g.Whereis(ctx, "b@127.0.0.1", "adder")
		require.NoError(t, err)
		byPID, err := m.Monitor(ctx, pid)
		require.NoError(t, err)
		_, err = m.Monitor(ctx, to)
		require.NoError(t, err)
		require.NoError(t, m.Link(ctx, pid))
		require.NoError(t, m.Unlink(pid))
		require.NoError(t, m.Link(ctx, pid))
		evalWithin(t, time.Second, b, "1", "begin {links, L} = process_info(whereis(adder), links), length(L) end")
		err = m.Call(ctx, to, gen.Atom("crash"), nil)
		require.ErrorContains(t, err, "{my,crash}")
		reason, ok := errors.AsType[*node.ExitReason](err)
		require.True(t, ok)
		require.Equal(t, etf.Tuple{gen.Atom("my"), gen.Atom("crash")}, reason.Term)
		got := map[string]int{}
		for range 3 {
			msg, err := m.Receive(ctx)
			require.NoError(t, err)
			switch body := msg.Body.(type) {
			case node.Down:
				got["down"]++
				require.Equal(t, "{my,crash}", body.Reason.Error())
				if body.Ref == byPID {
					require.Equal(t, pid, body.Process)
				}
			case node.Exit:
				got["exit"]++
				require.Equal(t, pid, body.From)
				require.Equal(t, "{my,crash}", body.Reason.Error())
			}
		}
		require.Equal(t, map[string]int{"down": 2, "exit": 1}, got)
		require.NoError(t, m.Link(ctx, pid), "it is gone")
		msg, err = m.Receive(ctx)
		require.NoError(t, err)
		require.ErrorIs(t, msg.Body.(node.Exit).Reason, gen.ErrProcessUnknown)

		// An Erlang process that waits for the mailbox sees it end.
		eval(t, b, "true", "begin spawn(fun() -> process_flag(trap_exit, true), link(gen_server:call({box, 'go@127.0.0.1'}, pid)), "+
			"register(trapper, self()), {box, 'go@127.0.0.1'} ! linked, receive {'EXIT', _, W} -> receive {get, P} -> P ! W end end end), true end")
		req, err := m.Receive(ctx)
		require.NoError(t, err)
		require.NoError(t, req.Body.(*node.Request).Reply(m.PID()))
		msg, err = m.Receive(ctx) // the link has come before it
		require.NoError(t, err)
		require.Equal(t, gen.Atom("linked"), msg.Body)
		m.CloseWith(&node.ExitReason{Term: gen.Atom("goodbye")})
		eval(t, b, "goodbye", "begin trapper ! {get, self()}, receive W -> W after 1000 -> timeout end end")
		quiet(t, b)
	})
}

// TestGoCallsErlang: rpc and spawn from Go.
func TestGoCallsErlang(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		ctx := ctxFor(t, patience)
		const peer = "b@127.0.0.1"
		var list []int
		require.NoError(t, g.RPC(ctx, peer, "lists", "seq", &list, 1, 10))
		require.Len(t, list, 10)
		var text string
		require.NoError(t, g.RPC(ctx, peer, "string", "uppercase", &text, "hello"))
		require.Equal(t, "HELLO", text)
		err := g.RPC(ctx, peer, "no_such", "thing", nil)
		require.ErrorIs(t, err, node.ErrUndef)
		for call, want := range map[string]node.Exception{
			"error": {Class: "error", Reason: gen.Atom("oops")},
			"exit":  {Class: "exit", Reason: gen.Atom("oops")},
			"throw": {Class: "throw", Reason: gen.Atom("oops")},
		} {
			err := g.RPC(ctx, peer, "erlang", call, nil, gen.Atom("oops"))
			e, ok := errors.AsType[*node.Exception](err)
			require.True(t, ok, "%s: %v", call, err)
			require.Equal(t, want.Class, e.Class)
			require.Equal(t, want.Reason, e.Reason)
		}
		require.NoError(t, g.RPC(ctx, peer, "io", "format", nil, "printed through us~n"))
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, g.RPC(short, peer, "timer", "sleep", nil, 5000), context.DeadlineExceeded)
		require.Less(t, time.Since(begin), time.Second)
		require.Error(t, g.RPC(ctx, "nowhere@127.0.0.1", "erlang", "node", nil))

		m, err := g.Mailbox("")
		require.NoError(t, err)
		defer m.Close()
		s, err := g.Spawn(ctx, peer, "erlang", "exit", []any{gen.Atom("done")}, node.SpawnMonitor(m.PID()), node.SpawnLink(m.PID()))
		require.NoError(t, err)
		kinds := map[string]string{}
		for range 2 {
			msg, err := m.Receive(ctx)
			require.NoError(t, err)
			switch body := msg.Body.(type) {
			case node.Down:
				require.Equal(t, s.Monitor, body.Ref)
				kinds["down"] = body.Reason.Error()
			case node.Exit:
				require.Equal(t, s.PID, body.From)
				kinds["exit"] = body.Reason.Error()
			}
		}
		require.Equal(t, map[string]string{"down": "done", "exit": "done"}, kinds)
		s, err = g.Spawn(ctx, peer, "timer", "sleep", []any{60000})
		require.NoError(t, err)
		require.NoError(t, g.Exit(gen.PID{}, s.PID, gen.Atom("kill")))
		var alive bool
		require.Eventually(t, func() bool {
			require.NoError(t, g.RPC(ctx, peer, "erlang", "is_process_alive", &alive, s.PID))
			return !alive
		}, time.Second, time.Millisecond)
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
	})
}
