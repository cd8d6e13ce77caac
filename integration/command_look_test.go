package integration

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

// TestCommandMembers: who a BEAM is connected to, as it sees them, without the one that asks.
func TestCommandMembers(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		c.beam(release, "b")
		c.beam(release, "h", func(o *beam.Options) { o.Hidden = true })
		c.goNode("go")
		eval(t, a, "[pong,pong,pong]", "[net_adm:ping(N) || N <- ['b@127.0.0.1', 'h@127.0.0.1', 'go@127.0.0.1']]")

		var got struct {
			V     int
			Kind  string
			Items []struct {
				Node, Status, Kind, Address string
				RTT                         float64 `json:"rtt_ms"`
				Release                     string  `json:"otp_release"`
			}
		}
		c.exits(0, "members", "--node", "a@127.0.0.1", "-o", "json").decode(&got)
		require.Equal(t, 1, got.V)
		require.Equal(t, "members", got.Kind)
		var seen []string
		for _, m := range got.Items {
			seen = append(seen, m.Node+" "+m.Status+" "+m.Kind+" "+m.Release)
			require.Positive(t, m.RTT, m.Node)
			require.Contains(t, m.Address, "127.0.0.1:")
		}
		require.Equal(t, []string{
			"a@127.0.0.1 up self " + release, "b@127.0.0.1 up visible " + release, "go@127.0.0.1 up visible ", "h@127.0.0.1 up hidden " + release,
		}, seen)
		c.exits(0, "members", "-n", "a@127.0.0.1", "-o", "name").is("a@127.0.0.1\nb@127.0.0.1\ngo@127.0.0.1\nh@127.0.0.1")
		c.exits(0, "members", "-n", "go@127.0.0.1", "-o", "name").says("go@127.0.0.1", "a@127.0.0.1") // no BEAM: nodes/0 only
		require.Regexp(t, `(?m)^b@127\.0\.0\.1 +up +visible +`+release+` +\d+\.\d\dms$`, c.exits(0, "members", "-n", "a@127.0.0.1").stdout)
	})
}

// TestCommandMembersWatch: -w prints who comes and goes, and ends when the node does.
func TestCommandMembersWatch(t *testing.T) {
	c := newCluster(t, "27")
	a := c.beam("27", "a")
	watch := c.gonode("members", "-w", "--interval", "50ms", "-n", "a@127.0.0.1", "-o", "json")
	watch.line(t, `"node":"a@127.0.0.1","status":"up","kind":"self"`)
	b := c.beam("27", "b")
	eval(t, b, "pong", "net_adm:ping('a@127.0.0.1')")
	watch.line(t, `"node":"b@127.0.0.1","status":"up","kind":"visible"`)
	b.Kill()
	watch.line(t, `"node":"b@127.0.0.1","status":"down"`)

	short := c.gonode("members", "-w", "--interval", "50ms", "-n", "a@127.0.0.1")
	short.line(t, "NODE")
	require.NoError(t, short.cmd.Process.Signal(syscall.SIGINT))
	require.Zero(t, short.exit(t))

	a.Kill()
	require.Equal(t, 3, watch.exit(t))

	c.exits(2, "members").complains("no --node given")
	c.exits(3, "members", "-n", "b@127.0.0.1")
}

// TestCommandRegistry: pg, global and whereis.
func TestCommandRegistry(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		c.exits(3, "pg", "a@127.0.0.1").complains("the pg scope does not run there")
		for _, n := range []*beam.Node{a, b} {
			eval(t, n, "ok", "{ok, P} = pg:start_link(), unlink(P), W = spawn(fun() -> receive stop -> ok end end), pg:join({jobs, 1}, [W, W])")
		}
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		eval(t, a, "true", "global:sync(), register(worker, spawn(fun() -> receive stop -> ok end end))")
		eval(t, a, "yes", "global:register_name({leader, 1}, whereis(worker))")
		evalWithin(t, patience, a, "4", "length(pg:get_members({jobs, 1}))")

		require.Regexp(t, `(?m)^\{jobs,1\} +4  a@127\.0\.0\.1,b@127\.0\.0\.1$`, c.exits(0, "pg", "a@127.0.0.1").stdout)
		c.exits(0, "pg", "b@127.0.0.1", "{jobs,1}", "-o", "json").says(`"kind":"pg","items":[{"group":"{jobs,1}","members":[{"pid":"<`)
		c.exits(3, "pg", "a@127.0.0.1", "others").complains(`pg knows no group "others"`)
		c.exits(3, "pg", "a@127.0.0.1", "--scope", "mine")
		evalWithin(t, patience, b, "true", "is_pid(global:whereis_name({leader, 1}))")
		c.exits(0, "global", "b@127.0.0.1", "{leader,1}", "-o", "json").says(`"name":"{leader,1}"`, `"node":"a@127.0.0.1"`)
		c.exits(3, "global", "b@127.0.0.1", "follower")
		c.exits(0, "whereis", "a@127.0.0.1", "worker").says("worker", "<a@127.0.0.1.")
		c.exits(0, "whereis", "a@127.0.0.1").says("kernel_sup", "MEMORY")
		c.exits(3, "whereis", "a@127.0.0.1", "nobody").complains(`there is no process or port with the name "nobody"`)
		c.exits(4, "whereis", "--cookie", "wrong", "a@127.0.0.1")
	})
}

// TestCommandTop: samples as a table and as JSON, on a terminal again and again, with the busiest process first.
func TestCommandTop(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		eval(t, a, "true", "register(spinner, spawn(fun() -> (fun L(N) -> L(N + 1) end)(0) end))")
		eval(t, a, "ok", "P = spawn(fun() -> receive {never} -> ok end end), register(sleeper, P), [P ! N || N <- lists:seq(1, 50)], ok")

		table := strings.Split(c.exits(0, "top", "--interval", "100ms", "-l", "3", "a@127.0.0.1").stdout, "\n")
		require.Contains(t, table[0], "a@127.0.0.1  OTP "+release)
		require.Contains(t, table[3], "REDUCTIONS")
		require.Contains(t, table[4], "spinner")
		require.Len(t, table, 7)
		c.exits(0, "top", "-n", "1", "--interval", "10ms", "--sort", "messages", "-l", "1", "-o", "json", "a@127.0.0.1").
			says(`"otp_release":"`+release+`"`, `"name":"sleeper"`, `"messages":50`)
		c.exits(7, "eval", "a@127.0.0.1", "exit(whereis(spinner), kill), error(done)")
	})
}

// TestCommandTopOnATerminal: it draws again and again, and gives the terminal back when it is interrupted.
func TestCommandTopOnATerminal(t *testing.T) {
	c := newCluster(t, "27")
	a := c.beam("27", "a")
	path, err := buildCommand()
	require.NoError(t, err)
	shell, err := exec.LookPath("script") // of bsdutils, which every Debian has: it runs a command on a terminal
	require.NoError(t, err)
	top := c.program(shell, "-qefc", "exec "+path+" top --interval 50ms a@127.0.0.1", "/dev/null")
	for range 3 {
		top.line(t, "a@127.0.0.1", "OTP 27", "\x1b[K")
	}
	a.Kill() // the node dies in the middle
	stdout, _, code := top.output(t)
	require.Equal(t, 3, code)
	require.Contains(t, stdout, "\x1b[?25h\x1b[?1049l")
}

// TestCommandStops: what goes on ends when nobody reads it, and when it is interrupted.
func TestCommandStops(t *testing.T) {
	c := newCluster(t, "27")
	c.beam("27", "a")
	path, err := buildCommand()
	require.NoError(t, err)
	for _, args := range []string{"top --interval 20ms -o ndjson a@127.0.0.1", "whereis a@127.0.0.1", "names"} {
		begin := time.Now()
		piped := c.program("/bin/sh", "-c", "("+path+" "+args+"; echo $? >&2) | head -n 1")
		_, stderr, _ := piped.output(t)
		require.Equal(t, "0\n", stderr, args)
		require.Less(t, time.Since(begin), patience)
	}
}

// TestCommandColors: a terminal has them, unless NO_COLOR is set, and a pipe has none.
func TestCommandColors(t *testing.T) {
	c := newCluster(t, "27")
	c.beam("27", "a")
	path, err := buildCommand()
	require.NoError(t, err)
	const head = "\x1b[1mNAME\x1b[0m"
	run := func(env string) string {
		stdout, _, code := c.program("/usr/bin/env", env, "script", "-qefc", path+" whereis a@127.0.0.1", "/dev/null").output(t)
		require.Zero(t, code)
		return stdout
	}
	require.Contains(t, run("TERM=xterm"), head)
	require.NotContains(t, run("NO_COLOR=1"), "\x1b[")
	require.NotContains(t, run("TERM=dumb"), "\x1b[")
	require.NotContains(t, c.exits(0, "whereis", "a@127.0.0.1").stdout, "\x1b[")
	require.Contains(t, c.exits(0, "whereis", "a@127.0.0.1", "--color", "always").stdout, head)
}
