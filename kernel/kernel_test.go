package kernel

import (
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

func TestSpawn(t *testing.T) {
	for name, test := range map[string]struct {
		module, function gen.Atom
		args, options    string
		want             Spawned
		exit             string
	}{
		"plain":      {"m", "f", "[1, 2]", "[]", Spawned{}, "{undef, [{m, f, [1, 2], []}]}"},
		"monitored":  {"m", "f", "[]", "[monitor, {priority, high}]", Spawned{Monitor: true}, "{undef, [{m, f, [], []}]}"},
		"linked":     {"m", "f", "[]", "[link]", Spawned{Link: true}, "{undef, [{m, f, [], []}]}"},
		"bad option": {"m", "f", "[]", "[nonsense]", Spawned{Refused: "badopt"}, ""},
		"erpc call":  {"erpc", "execute_call", "[res, lists, seq, [1, 3]]", "[monitor]", Spawned{Monitor: true}, "{res, error, undef, [{lists, seq, [1, 3], []}]}"},
		"erpc cast":  {"erpc", "execute_cast", "[lists, seq, [1, 3]]", "[]", Spawned{}, "{undef, [{lists, seq, [1, 3], []}]}"},
		"erpc fun":   {"erpc", "execute_call", "[res, 1, 2, []]", "[monitor]", Spawned{Monitor: true}, "{res, error, {erpc, badarg}}"},
		"other erpc": {"erpc", "execute_other", "[]", "[]", Spawned{}, "{undef, [{erpc, execute_other, [], []}]}"},
	} {
		t.Run(name, func(t *testing.T) {
			args := parse(t, test.args)
			got := Spawn(test.module, test.function, len(args.(etf.List)), args, parse(t, test.options))
			if test.exit != "" {
				requireTerm(t, test.exit, got.Exit)
			}
			got.Exit = nil
			require.Equal(t, test.want, got)
		})
	}
	require.Equal(t, gen.Atom("badarg"), Spawn("m", "f", 2, etf.List{}, nil).Refused, "wrong arity")
	require.Equal(t, gen.Atom("badarg"), Spawn("m", "f", 0, gen.Atom("x"), nil).Refused, "no list")
}

func TestCallExit(t *testing.T) {
	ref := gen.Ref{Node: "go@h", Creation: 1, ID: [3]uint64{1, 2, 3 << 32}}
	result, returned := ParseCallExit(ref, etf.Tuple{ref, gen.Atom("return"), gen.Atom("x")})
	require.True(t, returned)
	require.Equal(t, gen.Atom("x"), result)
	for _, reason := range []any{
		etf.Tuple{ref, gen.Atom("throw"), gen.Atom("x")},
		etf.Tuple{gen.Atom("y"), gen.Atom("return"), gen.Atom("x")},
		gen.Atom("noconnection"),
	} {
		result, returned = ParseCallExit(ref, reason)
		require.False(t, returned)
		require.Equal(t, reason, result)
	}
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
