package beam

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/etf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs test for every release, with two nodes that know each other's cookie.
func each(t *testing.T, test func(t *testing.T, e *EPMD, a, b *Node)) {
	for _, release := range Releases(t) {
		t.Run("otp"+release, func(t *testing.T) {
			t.Parallel()
			e := StartEPMD(t, release)
			o := Options{Release: release, Name: "a@127.0.0.1", Cookie: "secret", EPMDPort: e.Port}
			p := o
			p.Name = "b@127.0.0.1"
			nodes := StartAll(t, o, p)
			test(t, e, nodes[0], nodes[1])
		})
	}
}

func TestPing(t *testing.T) {
	each(t, func(t *testing.T, e *EPMD, a, b *Node) {
		require.Equal(t, `"`+a.Options.Release+`"`, a.Eval(t, "erlang:system_info(otp_release)"))
		require.Equal(t, "secret", a.Eval(t, "erlang:get_cookie()"))
		require.Equal(t, "[]", a.Eval(t, "nodes()."))
		require.Equal(t, "pong", a.Eval(t, "net_adm:ping('b@127.0.0.1')"))
		require.Equal(t, "['a@127.0.0.1']", b.Eval(t, "nodes()"))
		require.Equal(t, fmt.Sprintf(`"%d"`, a.Pid()), a.Eval(t, "os:getpid()"), "the process is the emulator itself")
		require.Positive(t, a.DistPort(t))
		require.Equal(t, fmt.Sprint(e.Port), a.Eval(t, `list_to_integer(os:getenv("ERL_EPMD_PORT"))`))

		b.Kill()
		require.Equal(t, "true", a.Eval(t, "gonode_test:wait(fun() -> nodes() =:= [] end)"))
		require.NoDirExists(t, fmt.Sprintf("/proc/%d", b.Pid()))
		_, err := b.Query(t.Context(), "1")
		require.ErrorContains(t, err, "the node has ended")

		b = Start(t, b.Options)
		require.Equal(t, "pong", a.Eval(t, "net_adm:ping('b@127.0.0.1')"))
		require.NoError(t, b.Leave(t.Context()))
		require.Equal(t, "true", a.Eval(t, "gonode_test:wait(fun() -> nodes() =:= [] end)"))

		b = Start(t, b.Options)
		b.Halt()
		require.Equal(t, "pang", a.Eval(t, "net_adm:ping('b@127.0.0.1')"))
	})
}

func TestEval(t *testing.T) {
	for _, release := range Releases(t) {
		t.Run("otp"+release, func(t *testing.T) {
			t.Parallel()
			n := Start(t, Options{Release: release})
			for expr, want := range map[string]string{
				"1 + 1":                               "2",
				"X = 1, X + 1.":                       "2",
				"X = [a], {X, <<\"b\">>}":             `{[a],<<"b">>}`,
				`"grüße"`:                             `"grüße"`,
				"'✓'":                                 "'✓'",
				"lists:seq(1001, 1100)":               numbers(1001, 1100),
				"(fun(A) -> A * 2 end)(4)":            "8",
				"catch error(x), caught":              "caught",
				"try throw(a) catch B -> {b, B} end ": "{b,a}",
				"spawn_link(fun() -> ok end), ok":     "ok",
			} {
				require.Equal(t, want, n.Eval(t, expr), expr)
			}
			for expr, want := range map[string]string{
				"1 +":                   "syntax error",
				"\"":                    "syntax error",
				"Unbound":               "unbound",
				"error(oops)":           "error: oops",
				"exit(self(), because)": "the evaluating process was ended: because",
			} {
				_, err := n.Query(t.Context(), expr)
				require.ErrorContains(t, err, want, expr)
			}
			require.Equal(t, etf.Tuple{gen.Atom("a"), int64(1), []byte("b")}, n.EvalTerm(t, `{a, 1, <<"b">>}`))

			n.Eval(t, `io:format("printed ~s~n", [hello]), io:format(standard_error, "and wailed~n", [])`)
			for _, printed := range []string{"printed hello\n", "and wailed\n"} { // ports write when they come to it
				require.Eventually(t, func() bool { return strings.Contains(n.Log(), printed) }, time.Second, time.Millisecond)
			}
		})
	}
}

func numbers(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		fmt.Fprintf(&b, ",%d", i)
	}
	return "[" + b.String()[1:] + "]"
}

func TestStopAndCont(t *testing.T) {
	each(t, func(t *testing.T, _ *EPMD, a, _ *Node) {
		require.NoError(t, a.Stop())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := a.Query(ctx, "1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, a.Cont())
		require.Equal(t, "2", a.Eval(t, "2"))
		require.NoError(t, a.Stop()) // and is killed so
	})
}

func TestEPMD(t *testing.T) {
	each(t, func(t *testing.T, e *EPMD, a, _ *Node) {
		const registered = `element(1, erl_epmd:port_please("b", {127, 0, 0, 1}))`
		require.Equal(t, "port", a.Eval(t, registered))
		e.Kill()
		e.Kill()
		require.Equal(t, "noport", a.Eval(t, strings.Replace(registered, "element(1, ", "(", 1)))
		require.NoError(t, e.Restart(t.Context()))
		if a.Options.Release == "23" { // 23.2.6 does not yet register again by itself
			a = Start(t, Options{Release: "23", Name: "b@127.0.0.1", EPMDPort: e.Port})
		}
		require.Equal(t, "true", a.Eval(t, "gonode_test:wait(fun() -> "+registered+" =:= port end, 10000)"))
	})
}

func TestHelpers(t *testing.T) {
	each(t, func(t *testing.T, _ *EPMD, a, b *Node) {
		begin := time.Now()
		a.Eval(t, "gonode_test:recorder(r)")
		require.Equal(t, "hello", b.Eval(t, "{r, 'a@127.0.0.1'} ! hello"))
		require.Equal(t, "[hello]", a.Eval(t, "gonode_test:await(r, 1, 5000)"))
		at := time.UnixMicro(a.EvalTerm(t, "[{At, hello}] = gonode_test:recorded_at(r), At").(int64))
		require.WithinRange(t, at, begin.Add(-time.Millisecond), time.Now().Add(time.Millisecond), "the clock is Go's")
		require.Equal(t, "true", a.Eval(t, "gonode_test:record(r, fun() -> monitor_node('b@127.0.0.1', true) end)"))
		require.Equal(t, "ok", a.Eval(t, "gonode_test:clear(r)"))
		b.Kill()
		require.Equal(t, "[{nodedown,'b@127.0.0.1'}]", a.Eval(t, "gonode_test:await(r, 1, 5000)"))
		require.Equal(t, "{timeout,[]}", a.Eval(t, "gonode_test:clear(r), gonode_test:await(r, 1, 10)"))
		require.Equal(t, "ok", a.Eval(t, "gonode_test:stop(r)"))
		require.Equal(t, "undefined", a.Eval(t, "whereis(r)"))

		require.Equal(t, "hello", a.Eval(t, "gonode_test:echo(e), gen_server:call(e, hello)"))
		require.Equal(t, "[{cast,a},{info,b}]", a.Eval(t, "gen_server:cast(e, a), e ! b, gen_server:call(e, seen)"))
		require.Contains(t, a.Eval(t, "gonode_test:subscriber(s, nobody)"), "noproc")
	})
}

func TestDistributions(t *testing.T) {
	for _, release := range Releases(t) {
		t.Run("otp"+release, func(t *testing.T) {
			t.Parallel()
			e := StartEPMD(t, release)
			o := Options{Release: release, Name: "short@localhost", Cookie: "secret", EPMDPort: e.Port, Hidden: true}
			hidden, other := o, o
			other.Name, other.Hidden = "other@localhost", false
			nodes := StartAll(t, hidden, other, Options{Release: release})
			require.Equal(t, "pong", nodes[0].Eval(t, "net_adm:ping('other@localhost')"))
			require.Equal(t, "{[],[short@localhost]}", nodes[1].Eval(t, "{nodes(), nodes(hidden)}"))
			require.Equal(t, "nonode@nohost", nodes[2].Eval(t, "node()"))
		})
	}
}

// A node whose harness has died without a word must not stay behind.
func TestLeash(t *testing.T) {
	release := Releases(t)[0]
	n := Start(t, Options{Release: release})
	n.control.nc.Close()
	<-n.Done()

	e := StartEPMD(t, release)
	e.leash.Close()
	<-e.process.done
}

func TestWhatFails(t *testing.T) {
	release := Releases(t)[0]
	l, err := Open()
	require.NoError(t, err)
	port, err := FreePort()
	require.NoError(t, err)
	_, err = l.Launch(t.Context(), Options{Release: release, Name: "a@127.0.0.1", EPMDPort: port})
	require.ErrorContains(t, err, "it ended at once; it printed:", "no epmd")
	_, err = l.Launch(t.Context(), Options{Release: "24"})
	require.ErrorContains(t, err, "want one of 23, 25, 27, 29")

	t.Setenv("GONODE_OTP", "relative")
	_, err = Open()
	require.ErrorContains(t, err, "absolute")
}

// No port comes twice, so that of two who ask before either listens neither gets the other's.
func TestFreePort(t *testing.T) {
	seen := map[int]bool{}
	for range 2000 {
		port, err := FreePort()
		require.NoError(t, err)
		require.False(t, seen[port], port)
		seen[port] = true
	}
}

// fatal is a TB that remembers what it was failed with.
type fatal struct {
	*testing.T
	with string
}

func (f *fatal) Fatalf(format string, args ...any) { f.with = fmt.Sprintf(format, args...) }

// What is missing fails a test and says what to do; it must not skip it.
func TestMissingRelease(t *testing.T) {
	t.Setenv("GONODE_OTP", t.TempDir())
	f := &fatal{T: t}
	Releases(f)
	require.Contains(t, f.with, "run `make otp`")
	require.Contains(t, f.with, os.Getenv("GONODE_OTP"))
}
