package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// buildCommand builds gonode once for all tests of this run.
var buildCommand = sync.OnceValues(func() (string, error) {
	path := filepath.Join(commandDir(), "gonode")
	out, err := exec.Command("go", "build", "-o", path, "gonode/cmd/gonode").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// commandDir is where the command is built; TestMain removes it.
func commandDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("gonode-test-%d", os.Getpid()))
}

// command is the gonode command as a process.
type command struct {
	cmd    *exec.Cmd
	lines  chan string
	stderr bytes.Buffer
	done   chan struct{}
}

// gonode starts the command in the cluster; the cookie goes by environment. It is killed at the end of the test.
func (c *cluster) gonode(args ...string) *command {
	c.t.Helper()
	path, err := buildCommand()
	require.NoError(c.t, err)
	return c.program(path, args...)
}

// program starts a program in the cluster, as gonode does.
func (c *cluster) program(path string, args ...string) *command {
	c.t.Helper()
	r := &command{cmd: exec.Command(path, args...), lines: make(chan string, 1000), done: make(chan struct{})}
	r.cmd.Env = append(os.Environ(), "GONODE_COOKIE="+cookie, fmt.Sprintf("ERL_EPMD_PORT=%d", c.epmd.Port))
	r.cmd.Stderr = &r.stderr
	stdout, err := r.cmd.StdoutPipe()
	require.NoError(c.t, err)
	require.NoError(c.t, r.cmd.Start())
	go func() { // ends with the program
		defer close(r.done)
		defer close(r.lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			r.lines <- scanner.Text()
		}
		r.cmd.Wait()
	}()
	c.t.Cleanup(func() { r.cmd.Process.Kill(); <-r.done })
	return r
}

// exit waits for the command to end and returns its exit code.
func (r *command) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-r.done:
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		require.FailNow(t, "the command does not end")
		return 0
	}
}

// output waits for the command to end and returns all it printed.
func (r *command) output(t *testing.T) (stdout, stderr string, code int) {
	t.Helper()
	code = r.exit(t)
	var lines []string
	for line := range r.lines {
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), r.stderr.String(), code
}

// line waits for a line with all of these in it.
func (r *command) line(t *testing.T, parts ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
next:
	for {
		select {
		case line, ok := <-r.lines:
			require.True(t, ok, "the command ended without %q; it said: %s", parts, &r.stderr)
			for _, part := range parts {
				if !strings.Contains(line, part) {
					continue next
				}
			}
			return line
		case <-ctx.Done():
			require.FailNow(t, "no such line", "%q", parts)
		}
	}
}

// TestCommand: the command as in the README, among real nodes.
func TestCommand(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		run := c.gonode("run", "--name", "go@127.0.0.1", "--strategy", "epmd", "--hosts", "a@127.0.0.1,b@127.0.0.1")
		run.line(t, "up", "a@127.0.0.1")
		evalWithin(t, time.Second, a, "['go@127.0.0.1']", "nodes()")
		eval(t, a, "pong", "net_adm:ping('go@127.0.0.1')")

		hidden := c.gonode("run", "--name", "quiet@127.0.0.1", "--hidden", "--strategy", "epmd", "--hosts", "a@127.0.0.1")
		hidden.line(t, "up", "a@127.0.0.1")
		evalWithin(t, time.Second, a, "['quiet@127.0.0.1']", "nodes(hidden)")
		eval(t, a, "['go@127.0.0.1']", "nodes()")

		watch := c.gonode("watch", "-o", "json", "a@127.0.0.1")
		watch.line(t, `"nodeup"`, "a@127.0.0.1")
		watch.line(t, `"nodeup"`, "go@127.0.0.1")

		stdout, _, code := c.gonode("ping", "a@127.0.0.1").output(t)
		require.Zero(t, code)
		require.Contains(t, stdout, "pong")
		_, stderr, code := c.gonode("ping", "--cookie", "wrong", "a@127.0.0.1").output(t)
		require.Equal(t, 4, code)
		require.Contains(t, stderr, "cookie")
		_, _, code = c.gonode("ping", "nobody@127.0.0.1").output(t)
		require.Equal(t, 3, code)
		stdout, _, code = c.gonode("names", "127.0.0.1").output(t)
		require.Zero(t, code)
		require.Contains(t, stdout, fmt.Sprintf("name a at port %d", a.DistPort(t)))
		_, stderr, code = c.gonode("run", "--name", "a@127.0.0.1").output(t)
		require.Equal(t, 4, code, "the name is taken")
		require.Contains(t, stderr, "a")

		a.Kill()
		run.line(t, "down", "a@127.0.0.1", "connection_closed")
		var ev struct{ Event, Node, Reason string }
		require.NoError(t, json.Unmarshal([]byte(watch.line(t, `"nodedown"`)), &ev))
		require.Equal(t, "a@127.0.0.1", ev.Node)
		require.Equal(t, "connection_closed", ev.Reason)
		b := c.beam(release, "b")
		run.line(t, "up", "b@127.0.0.1")
		evalWithin(t, time.Second, b, "['go@127.0.0.1']", "nodes()")
		require.NoError(t, run.cmd.Process.Signal(syscall.SIGTERM))
		require.Zero(t, run.exit(t))
		evalWithin(t, time.Second, b, "[]", "nodes()")
		require.NoError(t, watch.cmd.Process.Signal(syscall.SIGINT))
		require.Zero(t, watch.exit(t))
	})
}
