package remote

import (
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/etf"
)

// What needs a node is tested in integration: TestCommandCall, TestCommandMembers, TestCommandRegistry, TestCommandTop and
// TestDoctorCluster.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t *testing.T, text string) any {
	t.Helper()
	term, err := etf.ParseText(text)
	require.NoError(t, err)
	return term
}

func TestStackText(t *testing.T) {
	for stack, want := range map[string]string{
		`[]`:                      "",
		`[{lists, seq, 2, []}]`:   "\n  in lists:seq/2",
		`[{m, f, [1, 2, 3], []}]`: "\n  in m:f/3",
		`[{'My.M', f, 0, [{file, "m.erl"}, {line, 7}, {error_info, x}]}]`: "\n  in 'My.M':f/0 (m.erl:7)",
		`[{m, f, 1, [{file, 7}]}, other, {1, 2, 3, 4}]`:                   "\n  in m:f/1\n  in other\n  in {1,2,3,4}",
	} {
		require.Equal(t, want, StackText(parse(t, stack).(etf.List)), stack)
	}
	long := make(etf.List, 25)
	for i := range long {
		long[i] = gen.Atom("x")
	}
	require.Contains(t, StackText(long), "and 5 more")
}

func TestMember(t *testing.T) {
	for info, want := range map[string]Member{
		`[{owner, x}, {state, up}, {address, {net_address, {{127,0,0,1}, 4711}, "h", tcp, inet}}, {type, normal}, {in, 1}]`: {Node: "a@h", Kind: KindVisible, Address: "127.0.0.1:4711"},
		`[{state, up}, {address, {net_address, {{0,0,0,0,0,0,0,1}, 1}, "h", tcp, inet6}}, {type, hidden}]`:                  {Node: "a@h", Kind: KindHidden, Address: "[::1]:1"},
		`[{state, up}, {address, {net_address, undefined, "h", tcp, inet}}]`:                                                {Node: "a@h", Kind: KindVisible},
		`[{address, {net_address, {{1, 2}, 3}, "h", tcp, inet}}]`:                                                           {Node: "a@h", Kind: KindVisible},
		`nonsense`: {Node: "a@h", Kind: KindVisible},
	} {
		m, up := member(gen.Atom("a@h"), parse(t, info))
		require.True(t, up)
		require.Equal(t, want, m, info)
	}
	_, up := member(gen.Atom("a@h"), parse(t, `[{state, pending}]`))
	require.False(t, up)
}

func TestMFA(t *testing.T) {
	require.Equal(t, "gen_server:loop/7", MFA(parse(t, `{gen_server, loop, 7}`)))
	require.Empty(t, MFA(gen.Atom("undefined")))
}

func TestDot(t *testing.T) {
	require.True(t, endsWithDot(parse(t, `[{atom, 1, a}, {dot, 1}]`).(etf.List)))
	require.False(t, endsWithDot(parse(t, `[{atom, 1, a}]`).(etf.List)))
	require.False(t, endsWithDot(nil))
}
