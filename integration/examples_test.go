package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

// The examples as their comments say to use them: each a program of its own, with the Erlang beside it.

// example builds an example and starts it in the cluster. It is killed at the end of the test.
func (c *cluster) example(name string, args ...string) *command {
	c.t.Helper()
	path := filepath.Join(commandDir(), "example-"+name)
	if _, err := os.Stat(path); err != nil {
		out, err := exec.Command("go", "build", "-o", path, "gonode/examples/"+name).CombinedOutput()
		require.NoError(c.t, err, "%s", out)
	}
	return c.program(path, args...)
}

// interrupt ends an example as Ctrl-C does.
func (r *command) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
	require.Zero(t, r.exit(t), "%s", &r.stderr)
}

// load compiles the Erlang module of an example on b.
func load(t *testing.T, b *beam.Node, path string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "examples", path))
	require.NoError(t, err)
	eval(t, b, "module", `begin {ok, M, Code} = compile:file(%q, [binary, warnings_as_errors]), `+
		`{T, M} = code:load_binary(M, "", Code), T end`, path)
}

func TestExampleGenserver(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		r := c.example("genserver")
		r.line(t, "call {counter, 'genserver@127.0.0.1'}")
		const s = "{counter, 'genserver@127.0.0.1'}"
		eval(t, a, "5", "gen_server:call(%s, {add, 5})", s)
		eval(t, a, "-2", "gen_server:call(%s, {add, -7})", s)
		eval(t, a, "{error,unknown_request}", "gen_server:call(%s, {add, many})", s)
		eval(t, a, "ok", "gen_server:cast(%s, reset)", s)
		eval(t, a, "0", "gen_server:call(%s, get)", s)
		eval(t, a, "17", "begin gen_server:call(%s, {add, 17}), gen_server:call(%s, get) end", s, s)
		eval(t, a, "{stopped_at,17}", "begin R = monitor(process, %s), gen_server:cast(%s, stop), "+
			"receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end end", s, s)
		r.interrupt(t)
		quiet(t, a)
	})
}

func TestExampleClient(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		load(t, a, "client/stock.erl")
		eval(t, a, "ok", "element(1, stock:start())")
		stdout, stderr, code := c.example("client", "a@127.0.0.1", "nut", "bolt", "screw", "", "nut").output(t)
		require.Zero(t, code, stderr)
		require.Regexp(t, "^nut: 17, metal and small\n"+
			"bolt: 0, metal\n"+
			"screw: there is no such item\n"+
			": the stock ended, because of \\{function_clause,.*\n"+
			"nut: nobody there is called stock$", stdout)
		evalWithin(t, time.Second, a, "[]", "nodes()")
		stdout, _, _ = c.example("client", "nowhere@127.0.0.1", "nut").output(t)
		require.Contains(t, stdout, "nut: not connected: ")
	})
}

func TestExampleWorker(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		load(t, a, "worker/worker_sup.erl")
		r := c.example("worker", "-every", "50ms")
		r.line(t, "start workers on 'worker@127.0.0.1'")
		worker(t, a)

		// It breaks after three rounds, and the supervisor starts it again.
		eval(t, a, "[1,2,3,1,2,3,1]", "%s", asWorker("begin {ok, S} = worker_sup:start_link('worker@127.0.0.1', self(), 3), "+
			"Rounds = [receive {round, N} -> N after 1000 -> timeout end || _ <- lists:seq(1, 7)], unlink(S), Rounds end"))
		for range 3 {
			r.line(t, "started by ")
		}
		eval(t, a, "ok", "gen_server:stop(worker_sup)")

		// It ends when the supervisor says so, or somebody else.
		const child = "element(2, hd(supervisor:which_children(worker_sup)))"
		eval(t, a, "true", "%s", asWorker("begin {ok, S} = worker_sup:start_link('worker@127.0.0.1', self(), 1000000), unlink(S) end"))
		r.line(t, "started by ")
		eval(t, a, "ok", "supervisor:terminate_child(worker_sup, worker)")
		r.line(t, "told to end")
		eval(t, a, "undefined", child)
		eval(t, a, "true", "begin {ok, P} = supervisor:restart_child(worker_sup, worker), node(P) =:= 'worker@127.0.0.1' end")
		r.line(t, "started by ")
		eval(t, a, "true", "exit("+child+", kill)")
		r.line(t, "told to end")
		r.line(t, "started by ")
		eval(t, a, "'worker@127.0.0.1'", "node("+child+")")

		// The Go program goes: the supervisor tries some times, and gives up.
		r.interrupt(t)
		evalWithin(t, patience, a, "undefined", "whereis(worker_sup)")
	})
}

func TestExampleMailbox(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		r := c.example("mailbox")
		r.line(t, "send to {echo, 'mailbox@127.0.0.1'}")
		const echo = "{echo, 'mailbox@127.0.0.1'}"
		eval(t, a, "{[hello,{1,<<\"two\">>}],goodbye}", "begin Self = self(), {_, R} = spawn_monitor(fun() -> "+
			"Get = fun() -> receive {E, M} when is_pid(E) -> M after 1000 -> timeout end end, "+
			"%s ! hello, H = Get(), %s ! {1, <<\"two\">>}, Self ! {got, [H, Get()]}, exit(goodbye) end), "+
			"Got = receive {got, L} -> L after 3000 -> timeout end, "+
			"{Got, receive {'DOWN', R, _, _, W} -> W after 1000 -> timeout end} end", echo, echo)
		r.line(t, " says hello")
		r.line(t, ` says {1,<<"two">>}`)
		r.line(t, " is gone: goodbye")
		eval(t, a, "{a,call}", "gen_server:call(%s, {a, call})", echo)
		worker(t, a)
		eval(t, a, "hello", "%s", asWorker("begin "+echo+" ! hello, receive {_, M} -> M after 1000 -> timeout end end"))
		r.line(t, " says hello")
		a.Kill()
		r.line(t, " is gone: noconnection")
		r.interrupt(t)
	})
}
