package kernel

import (
	"context"
	"errors"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

func parse(t *testing.T, text string) any {
	t.Helper()
	term, err := etf.ParseText(text)
	require.NoError(t, err, text)
	return term
}

func requireTerm(t *testing.T, want string, got any) {
	t.Helper()
	require.True(t, etf.Equal(parse(t, want), got), "want %s, got %s", want, etf.Format(got))
}

func TestInitConnect(t *testing.T) {
	for name, test := range map[string]struct {
		message string
		known   []gen.Atom
		ok      bool
	}{
		"OTP 25": {
			"{'$gen_cast', {init_connect, {8, {1, 2}}, 'b@h', {locker, no_longer_a_pid, #{'a@h' => 8, {connection_id, 'a@h'} => 5, {pending, 'c@h'} => 8}, pid}}}",
			[]gen.Atom{"a@h"}, true,
		},
		"OTP 23":          {"{'$gen_cast', {init_connect, {5, 1}, 'b@h', {locker, x, ['a@h', 'c@h'], pid}}}", []gen.Atom{"a@h", "c@h"}, true},
		"unknown locker":  {"{'$gen_cast', {init_connect, {9, 1}, 'b@h', something}}", nil, true},
		"another message": {"{'$gen_cast', {in_sync, 'b@h', true}}", nil, false},
		"no cast":         {"{init_connect, {8, 1}, 'b@h', x}", nil, false},
		"nonsense":        {"17", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			known, ok := InitConnect(parse(t, test.message))
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.known, known)
		})
	}
	requireTerm(t, "{'$gen_cast', {in_sync, 'go@h', true}}", InSync("go@h"))
}

// TestUndefined: what is not exported is not run, and ends as on a BEAM that lacks the module.
func TestUndefined(t *testing.T) {
	var none Exports
	for name, test := range map[string]struct {
		module, function gen.Atom
		args, options    string
		link, monitor    bool
		exit             string
	}{
		"plain":      {"m", "f", "[1, 2]", "[]", false, false, "{undef, [{m, f, [1, 2], []}]}"},
		"monitored":  {"m", "f", "[]", "[monitor, {priority, high}]", false, true, "{undef, [{m, f, [], []}]}"},
		"linked":     {"m", "f", "[]", "[link]", true, false, "{undef, [{m, f, [], []}]}"},
		"erpc call":  {"erpc", "execute_call", "[res, lists, seq, [1, 3]]", "[monitor]", false, true, "{res, error, undef, [{lists, seq, [1, 3], []}]}"},
		"erpc cast":  {"erpc", "execute_cast", "[lists, seq, [1, 3]]", "[]", false, false, "{undef, [{lists, seq, [1, 3], []}]}"},
		"erpc fun":   {"erpc", "execute_call", "[res, 1, 2, []]", "[monitor]", false, true, "{res, error, {erpc, badarg}}"},
		"other erpc": {"erpc", "execute_other", "[]", "[]", false, false, "{undef, [{erpc, execute_other, [], []}]}"},
	} {
		t.Run(name, func(t *testing.T) {
			args := parse(t, test.args)
			s := ParseSpawn(test.module, test.function, len(args.(etf.List)), args, parse(t, test.options))
			require.Empty(t, s.Refused)
			require.Equal(t, test.link, s.Link)
			require.Equal(t, test.monitor, s.Monitor)
			requireTerm(t, test.exit, s.Exit(none.Run(t.Context(), s.Module, s.Function, s.Args)))
		})
	}
	require.Equal(t, gen.Atom("badopt"), ParseSpawn("m", "f", 0, etf.List{}, etf.List{gen.Atom("nonsense")}).Refused)
	require.Equal(t, gen.Atom("badarg"), ParseSpawn("m", "f", 2, etf.List{}, nil).Refused, "wrong arity")
	require.Equal(t, gen.Atom("badarg"), ParseSpawn("m", "f", 0, gen.Atom("x"), nil).Refused, "no list")
}

func TestParseCallExit(t *testing.T) {
	ref := gen.Ref{Node: "go@h", Creation: 1, ID: [3]uint64{1, 2, 3 << 32}}
	result, err := ParseCallExit(ref, etf.Tuple{ref, gen.Atom("return"), gen.Atom("x")})
	require.NoError(t, err)
	require.Equal(t, gen.Atom("x"), result)
	for _, test := range []struct {
		reason any
		want   Exception
	}{
		{etf.Tuple{ref, ClassThrow, gen.Atom("x")}, Exception{ClassThrow, gen.Atom("x"), nil}},
		{etf.Tuple{ref, ClassExit, gen.Atom("x")}, Exception{ClassExit, gen.Atom("x"), nil}},
		{etf.Tuple{ref, ClassError, gen.Atom("undef"), etf.List{int64(1)}}, Exception{ClassError, gen.Atom("undef"), etf.List{int64(1)}}},
		{etf.Tuple{ref, ClassError, etf.Tuple{gen.Atom("erpc"), gen.Atom("badarg")}}, Exception{ClassError, etf.Tuple{gen.Atom("erpc"), gen.Atom("badarg")}, nil}},
	} {
		_, err := ParseCallExit(ref, test.reason)
		e, ok := errors.AsType[*Exception](err)
		require.True(t, ok)
		require.Equal(t, test.want, *e)
		require.Equal(t, test.want.Reason == gen.Atom("undef"), errors.Is(err, ErrUndef))
	}
	_, err = ParseCallExit(ref, gen.Atom("noconnection"))
	require.ErrorIs(t, err, gen.ErrNoConnection)
	_, err = ParseCallExit(ref, etf.Tuple{gen.Atom("y"), gen.Atom("return"), gen.Atom("x")})
	require.Error(t, err)
}

func TestExports(t *testing.T) {
	var e Exports
	for name, fn := range map[string]any{
		"add":    func(a, b int64) int64 { return a + b },
		"ctx":    func(ctx context.Context, s string) (string, error) { return s + "!", ctx.Err() },
		"fail":   func() error { return errors.New("broken") },
		"term":   func() (int, error) { return 0, &ExitReason{Term: gen.Atom("enoent")} },
		"fine":   func() error { return nil },
		"panic":  func() { panic("ouch") },
		"two":    func() (int, string) { return 1, "x" },
		"small":  func(n uint8) uint8 { return n },
		"any":    func(v any) any { return v },
		"badret": func() chan int { return nil },
	} {
		require.NoError(t, e.Add("m", name, fn))
	}
	for _, test := range []struct{ function, args, want string }{
		{"add", "[1, 2]", "3"},
		{"add", "[1]", "{'EXIT', {undef, [{m, add, [1], []}]}}"},
		{"ctx", "[<<\"hi\">>]", "<<\"hi!\">>"},
		{"fail", "[]", "{error, <<\"broken\">>}"},
		{"term", "[]", "enoent"},
		{"fine", "[]", "ok"},
		{"two", "[]", "{1, <<\"x\">>}"},
		{"any", "[{a, [b]}]", "{a, [b]}"},
		{"none", "[]", "{'EXIT', {undef, [{m, none, [], []}]}}"},
	} {
		got := e.Run(t.Context(), "m", gen.Atom(test.function), parse(t, test.args).(etf.List)).RPC()
		if bad, ok := got.(etf.Tuple); ok && len(bad) == 2 && bad[0] == gen.Atom("badrpc") {
			got = bad[1]
		}
		requireTerm(t, test.want, got)
	}
	small := e.Run(t.Context(), "m", "small", etf.List{int64(300)}).Exception
	require.Equal(t, gen.Atom("badarg"), small.Reason)
	require.Contains(t, etf.Format(small.Stack), "300")
	ouch := e.Run(t.Context(), "m", "panic", nil).Exception
	require.Equal(t, etf.Tuple{gen.Atom("panic"), []byte("ouch")}, ouch.Reason)
	require.Contains(t, etf.Format(ouch.Stack), "TestExports")
	require.NotNil(t, e.Run(t.Context(), "m", "badret", nil).Exception)

	require.True(t, e.Remove("m", "add"))
	require.False(t, e.Remove("m", "add"))
	require.Nil(t, e.Find("m", "add", 2))
	var nilFunc func()
	for _, fn := range []any{nil, 17, nilFunc, func(...int) {}} {
		require.Error(t, e.Add("m", "x", fn))
	}
	require.Error(t, e.Add("", "x", func() {}))
}

func TestIOReply(t *testing.T) {
	from := gen.PID{Node: "b@h", ID: 5, Creation: 1}
	for request, want := range map[string]string{
		"{put_chars, unicode, \"x\"}":             "ok",
		"{put_chars, unicode, io_lib, format, x}": "ok",
		"{requests, []}":                          "ok",
		"{get_line, unicode, \"> \"}":             "eof",
		"getopts":                                 "{error, request}",
		"{setopts, []}":                           "{error, enotsup}",
	} {
		to, reply, ok := IOReply(etf.Tuple{gen.Atom("io_request"), from, gen.Atom("ra"), parse(t, request)})
		require.True(t, ok)
		require.Equal(t, from, to)
		requireTerm(t, "{io_reply, ra, "+want+"}", reply)
	}
	_, _, ok := IOReply(gen.Atom("x"))
	require.False(t, ok)
}

func TestNetKernel(t *testing.T) {
	var k NetKernel
	reply, err := k.HandleCall(gen.PID{}, gen.Ref{}, IsAuth("b@h"))
	require.NoError(t, err)
	require.Equal(t, gen.Atom("yes"), reply)
	for _, request := range []any{gen.Atom("longnames"), etf.Tuple{gen.Atom("spawn")}, nil} {
		reply, err = k.HandleCall(gen.PID{}, gen.Ref{}, request)
		require.NoError(t, err)
		require.Nil(t, reply, "no answer")
	}
}

func TestFeatures(t *testing.T) {
	from := gen.PID{Node: "b@h", ID: 5, Creation: 1}
	to, reply, ok := Features("go@h", etf.Tuple{from, gen.Atom("features_request")})
	require.True(t, ok)
	require.Equal(t, from, to)
	requireTerm(t, "{features_reply, 'go@h', [erpc]}", reply)
	for _, message := range []any{gen.Atom("x"), etf.Tuple{from, gen.Atom("x")}, etf.Tuple{gen.Atom("x"), gen.Atom("features_request")}} {
		_, _, ok = Features("go@h", message)
		require.False(t, ok)
	}
}
