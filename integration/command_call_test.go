package integration

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCommandCall: call, cast, send and eval against every release, and how each fails.
func TestCommandCall(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")

		c.exits(0, "call", "a@127.0.0.1", "lists", "seq", "[1, 3]").is("[1,2,3]")
		c.exits(0, "call", "a@127.0.0.1", "erlang", "node").is("'a@127.0.0.1'")
		c.exits(0, "call", "a@127.0.0.1", "erlang", "tuple_size", "-i", "json", `[{"$tuple":[1,2]}]`).is("2")
		c.exits(0, "call", "-o", "erl", "a@127.0.0.1", "lists", "seq", "[1, 3]").is("[1,2,3].")
		c.exits(0, "call", "-o", "name", "a@127.0.0.1", "lists", "seq", "[1, 3]").is("1\n2\n3")
		c.exits(0, "call", "-o", "json", "--strings", "a@127.0.0.1", "erlang", "system_info", "[otp_release]").
			says(`{"v":1,"node":"a@127.0.0.1","result":"`+release+`","ms":`, `"exit":0}`)
		c.exits(0, "call", "-o", "json", "--json-form", "exact", "a@127.0.0.1", "erlang", "list_to_tuple", "[[a, 1]]").
			says(`"result":{"$tuple":[{"$atom":"a"},1]}`)

		c.exits(7, "call", "a@127.0.0.1", "erlang", "hd", "[[]]").is("").
			complains("exception error: badarg", "in erlang:hd/1")
		c.exits(7, "call", "-o", "json", "a@127.0.0.1", "no_such", "function").
			says(`"exception":{"class":"error","reason":"undef"`, `"exit":7`)
		c.exits(7, "call", "a@127.0.0.1", "erlang", "throw", "[ball]").complains("exception throw: ball")
		c.exits(7, "call", "a@127.0.0.1", "erlang", "exit", "[done]").complains("exception exit: done")
		c.exits(5, "call", "--timeout", "500ms", "a@127.0.0.1", "timer", "sleep", "[60000]").complains("no answer within 500ms")
		c.exits(2, "call", "a@127.0.0.1", "lists", "seq", "{1, 3}").complains("want a list of the arguments")
		c.exits(2, "call", "a@127.0.0.1", "lists", "seq", "[1,").complains("ARGS is no Erlang term")
		c.exits(3, "call", "b@127.0.0.1", "erlang", "node").complains("epmd knows no node of that name")
		c.exits(4, "call", "--cookie", "wrong", "a@127.0.0.1", "erlang", "node").complains("cookie")
		c.exits(2, "call", "--name", "me@localhost", "a@127.0.0.1", "erlang", "node").complains("long")

		c.exits(0, "eval", "a@127.0.0.1", "X = 6, X * 7").is("42")
		c.exits(0, "eval", "a@127.0.0.1", "io:format(\"hello ~s~n\", [\"you\"]), io:put_chars(<<\"there\">>), F = fun(Y) -> Y + 1 end, F(1). % done").
			is("2").complains("hello you\nthere")
		c.exits(2, "eval", "a@127.0.0.1", "foo(").complains("the expression is wrong: syntax error before")
		c.exits(2, "eval", "a@127.0.0.1", "\"x").complains("the expression is wrong: unterminated string")
		c.exits(7, "eval", "a@127.0.0.1", "1 / 0").complains("exception error: badarith")

		eval(t, a, "true", "ets:insert(ets:new(got, [named_table, public, {heir, whereis(kernel_sup), x}]), {c, 0})")
		c.exits(0, "cast", "a@127.0.0.1", "ets", "insert", "[got, {c, 1}]").says("<a@127.0.0.1.")
		evalWithin(t, time.Second, a, "[{c,1}]", "ets:lookup(got, c)")

		eval(t, a, "true", "register(echo, spawn(fun() -> (fun L() -> receive {'$gen_call', {P, T}, R} -> P ! {T, {got, R}}, L(); "+
			"M -> ets:insert(got, {M}), L() end end)() end))")
		c.exits(0, "send", "echo@a@127.0.0.1", "{hi, 1}")
		evalWithin(t, time.Second, a, "[{{hi,1}}]", "ets:lookup(got, {hi, 1})")
		c.exits(0, "send", "--as", "cast", "echo", "a@127.0.0.1", "-i", "json", `"x"`)
		evalWithin(t, time.Second, a, "[{{'$gen_cast',<<\"x\">>}}]", "ets:lookup(got, {'$gen_cast', <<\"x\">>})")
		c.exits(0, "send", "--as", "call", "echo@a@127.0.0.1", "ask").is("{got,ask}")
		c.exits(3, "send", "nobody@a@127.0.0.1", "hi").complains("no process has that name")
		c.exits(3, "send", "--as", "call", "nobody@a@127.0.0.1", "hi").complains("no process has that name")
		c.exits(0, "send", "--unchecked", "nobody@a@127.0.0.1", "hi")
		c.exits(2, "send", "echo", "hi").complains("is no NAME@NODE")

		for _, end := range []struct {
			how  func()
			code int
		}{
			{func() { a.Kill() }, 3}, // the node dies in the middle
		} {
			waiting := c.gonode("call", "--timeout", "1m", "a@127.0.0.1", "timer", "sleep", "[60000]")
			evalWithin(t, patience, a, "1", "length(nodes(hidden))")
			end.how()
			require.Equal(t, end.code, waiting.exit(t), waiting.stderr.String())
		}
	})
}

// TestCommandCallInterrupted: an interrupt ends a call with code 1, and nothing is left on the node.
func TestCommandCallInterrupted(t *testing.T) {
	c := newCluster(t, "27")
	a := c.beam("27", "a")
	call := c.gonode("call", "--timeout", "1m", "a@127.0.0.1", "timer", "sleep", "[60000]")
	evalWithin(t, patience, a, "1", "length(nodes(hidden))")
	require.NoError(t, call.cmd.Process.Signal(syscall.SIGINT))
	require.Equal(t, 1, call.exit(t))
	require.Contains(t, call.stderr.String(), "interrupted")
	evalWithin(t, time.Second, a, "0", "length(nodes(hidden))")
}
