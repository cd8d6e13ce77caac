package integration

import (
	"context"
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/node"
)

// exported offers functions at a Go node. ended gets what ended the context of math:wait.
func exported(t *testing.T, g *node.Node) (ended chan error, casts chan int64) {
	t.Helper()
	ended, casts = make(chan error, 100), make(chan int64, 100)
	for name, fn := range map[string]any{
		"add":    func(_ context.Context, a, b int64) (int64, error) { return a + b, nil },
		"fail":   func() error { return errors.New("broken") },
		"enoent": func() error { return &node.ExitReason{Term: gen.Atom("enoent")} },
		"panic":  func() { panic("ouch") },
		"echo":   func(v any) any { return v },
		"caller": func(ctx context.Context) gen.PID { pid, _ := node.Caller(ctx); return pid },
		"cast":   func(n int64) { casts <- n },
		"wait": func(ctx context.Context) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		},
	} {
		require.NoError(t, g.Export("math", name, fn))
	}
	return ended, casts
}

// TestExportedFunctions: Erlang calls Go functions by rpc, erpc and spawn of all kinds.
func TestExportedFunctions(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		ended, casts := exported(t, g)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		const n = "'go@127.0.0.1'"
		for _, call := range []struct{ want, expr string }{
			{"5", "rpc:call(" + n + ", math, add, [2, 3])"},
			{"5", "rpc:call(" + n + ", math, add, [2, 3], 1000)"},
			{"5", "rpc:block_call(" + n + ", math, add, [2, 3])"},
			{"5", "rpc:yield(rpc:async_call(" + n + ", math, add, [2, 3]))"},
			{"{[5],[]}", "rpc:multicall([" + n + "], math, add, [2, 3])"},
			{"true", "rpc:cast(" + n + ", math, cast, [17])"},
			{"5", "erpc:call(" + n + ", math, add, [2, 3])"},
			{"[{ok,5}]", "erpc:multicall([" + n + "], math, add, [2, 3], 1000)"},
			{"5", "erpc:receive_response(erpc:send_request(" + n + ", math, add, [2, 3]))"},
			{"ok", "erpc:cast(" + n + ", math, cast, [18])"},
			{"true", "begin T = {a, [1.5, <<\"x\">>, #{k => self()}], make_ref()}, T =:= rpc:call(" + n + ", math, echo, [T]) end"},
			{"true", "is_pid(rpc:call(" + n + ", math, caller, []))"},
			{"{badrpc,{'EXIT',{undef,[{math,add,[1],[]}]}}}", "rpc:call(" + n + ", math, add, [1])"},
			{"{badrpc,{'EXIT',{undef,[{os,cmd,[\"id\"],[]}]}}}", "rpc:call(" + n + ", os, cmd, [\"id\"])"},
			{"{badrpc,{'EXIT',{badarg,math,add}}}", "begin {badrpc, {'EXIT', {R, [{M, F, _, _} | _]}}} = rpc:call(" + n + ", math, add, [1, x]), {badrpc, {'EXIT', {R, M, F}}} end"},
			{"{error,<<\"broken\">>}", "rpc:call(" + n + ", math, fail, [])"},
			{"enoent", "erpc:call(" + n + ", math, enoent, [])"},
			{"{error,{panic,<<\"ouch\">>},true}", "try erpc:call(" + n + ", math, panic, []) catch C:{exception, R, S} -> {C, R, length(S) > 0} end"},
			{"normal", "begin {_, R} = spawn_monitor(" + n + ", math, add, [1, 2]), receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end"},
			{"{enoent,{error,<<\"broken\">>}}", "begin {_, R1} = spawn_monitor(" + n + ", math, enoent, []), {_, R2} = spawn_monitor(" + n + ", math, fail, []), " +
				"{receive {'DOWN', R1, _, _, W1} -> W1 after 1000 -> timeout end, receive {'DOWN', R2, _, _, W2} -> W2 after 1000 -> timeout end} end"},
			{"{panic,<<\"ouch\">>}", "begin process_flag(trap_exit, true), P = spawn_link(" + n + ", math, panic, []), receive {'EXIT', P, {W, _}} -> W after 1000 -> timeout end end"},
			{"{ok,normal}", "begin R = spawn_request(" + n + ", math, add, [1, 2], [monitor]), receive {spawn_reply, R, ok, P} -> receive {'DOWN', R, process, P, W} -> {ok, W} after 1000 -> timeout end after 1000 -> timeout end end"},
		} {
			begin := time.Now()
			require.Equal(t, call.want, b.Eval(t, call.expr), call.expr)
			require.Less(t, time.Since(begin), time.Second, call.expr)
		}
		require.ElementsMatch(t, []int64{17, 18}, []int64{<-casts, <-casts})

		// The caller gives up, or goes: the context of the function ends.
		for _, expr := range []string{
			"try erpc:call(" + n + ", math, wait, [], 50) catch error:{erpc, timeout} -> gone end",
			"begin {P, R} = spawn_monitor(fun() -> erpc:call(" + n + ", math, wait, []) end), timer:sleep(50), exit(P, kill), receive {'DOWN', R, _, _, _} -> gone end end",
			"begin P = spawn(" + n + ", math, wait, []), timer:sleep(50), exit(P, stop), gone end",
			"begin {P, R} = spawn_monitor(" + n + ", math, wait, []), timer:sleep(50), exit(P, kill), receive {'DOWN', R, _, _, killed} -> gone end end",
		} {
			eval(t, b, "gone", "%s", expr)
			select {
			case err := <-ended:
				require.ErrorIs(t, err, context.Canceled)
			case <-time.After(time.Second):
				require.Fail(t, "the function was not told", expr)
			}
		}
		quiet(t, b)
	})
}

// TestPermissions: who may call what.
func TestPermissions(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		ops, app := c.beam(release, "ops"), c.beam(release, "app")
		g := c.goNode("go", func(cfg *node.Config) {
			cfg.Permissions = []node.Permission{{Nodes: []string{"ops@*"}}, {Functions: []string{"math:e*"}}}
		})
		exported(t, g)
		eval(t, ops, "3", "rpc:call('go@127.0.0.1', math, add, [1, 2])")
		eval(t, app, "x", "rpc:call('go@127.0.0.1', math, echo, [x])")
		eval(t, app, "{badrpc,{'EXIT',{not_allowed,[{math,add,[1,2],[]}]}}}", "rpc:call('go@127.0.0.1', math, add, [1, 2])")
	})
}
