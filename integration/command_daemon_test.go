package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

// TestCommandDaemon: members, watch, wait and explain of a running gonode run, over its unix socket, while BEAMs come, die
// and come back.
func TestCommandDaemon(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		dir, err := os.MkdirTemp("", "g") // the path of a socket is short
		require.NoError(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		at := "unix:" + filepath.Join(dir, "s")
		run := c.gonode("run", "--name", "go@127.0.0.1", "--http", at, "--ping-interval", "100ms",
			"--strategy", "epmd", "--hosts", "a@127.0.0.1,h@127.0.0.1", "-o", "json")
		run.line(t, `"synced"`)
		wait := c.gonode("wait", "--http", at, "--members", "2", "--nodes", "a@127.0.0.1", "--timeout", "20s")
		watch := c.gonode("watch", "--http", at)
		changes := c.gonode("members", "-w", "--interval", "50ms", "--http", at, "-o", "ndjson")
		changes.line(t, `"node":"a@127.0.0.1","status":"`)
		c.exits(0, "explain", "--http", at, "a@127.0.0.1").says("a@127.0.0.1: it is ", "wanted by epmd")

		a := c.beam(release, "a")
		c.beam(release, "h", func(o *beam.Options) { o.Hidden = true })
		watch.line(t, "Z up   a@127.0.0.1")
		require.Zero(t, wait.exit(t))
		changes.line(t, `"node":"h@127.0.0.1","status":"up","kind":"hidden"`)
		full := regexp.MustCompile(`(?m)^a@127\.0\.0\.1 +up +visible +` + release + ` +\d+\.\d\dms +127\.0\.0\.1:\d+ +\d{4}-\S+Z +\S*epmd\S* +-$`)
		require.Eventually(t, func() bool { // the release is there after the first ping
			stdout, _, code := c.gonode("members", "--http", at).output(t)
			return code == 0 && full.MatchString(stdout)
		}, patience, 100*time.Millisecond)
		c.exits(6, "wait", "--http", at, "--members", "3", "--timeout", "200ms").complains("it has 2 of 3 members") // h is hidden

		a.Kill()
		watch.line(t, "Z down a@127.0.0.1 connection_closed")
		changes.line(t, `"node":"a@127.0.0.1"`, `"last_reason":"connection_closed"`)
		c.exits(0, "explain", "--http", at, "a@127.0.0.1").says("epmd knows no node of that name")
		c.beam(release, "a")
		watch.line(t, "Z up   a@127.0.0.1")
		c.exits(0, "watch", "--http", at, "--since", "0", "--until", "down a@127.0.0.1", "--for", "5s").says("up   a@127.0.0.1", "down a@127.0.0.1")

		// The daemon stops for a while, and is started anew with other numbers.
		require.NoError(t, run.cmd.Process.Signal(syscall.SIGSTOP))
		c.exits(5, "members", "--http", at, "--timeout", "300ms").complains("no answer within 300ms")
		require.NoError(t, run.cmd.Process.Signal(syscall.SIGCONT))
		require.NoError(t, run.cmd.Process.Kill())
		run.exit(t)
		c.exits(3, "members", "--http", at).complains("nothing listens there") // the socket of one that died is left
		again := c.gonode("run", "--name", "go@127.0.0.1", "--http", at, "--strategy", "epmd", "--hosts", "a@127.0.0.1")
		again.line(t, "up", "a@127.0.0.1")
		watch.line(t, "what happened before is not known")
		watch.line(t, "Z up   a@127.0.0.1")
		require.NoError(t, watch.cmd.Process.Signal(syscall.SIGINT))
		require.Zero(t, watch.exit(t))
		require.Contains(t, watch.stderr.String(), fmt.Sprintf("ask %s: it closed the connection", at))
		require.Contains(t, watch.stderr.String(), "connecting again")
	})
}
