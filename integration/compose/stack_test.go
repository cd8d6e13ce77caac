package compose

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// projectVariable names the project in the environment of a test that is run by a test.
const projectVariable = "GONODE_TEST_PROJECT"

// Limits. The scenario takes about a minute; with a machine that is busy with other things, two.
const (
	runLimit  = 5 * time.Minute
	downLimit = time.Minute
	patience  = 20 * time.Second // for what takes a second or a few
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// interruptible returns a context that ends with the test, and when the program is told to end: what runs under it fails
// then, and what is to be cleaned up is.
func interruptible(t *testing.T) context.Context {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	t.Cleanup(cancel)
	return ctx
}

// run runs a program and returns what it prints, without the space around it. It does not get the signals of the terminal.
func run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), err
}

// stack is one project of Compose: the containers and networks of the cluster.
type stack struct {
	t       *testing.T // that owns it
	ctx     context.Context
	project string
	compose []string // the command with its first arguments
	env     []string
}

// project returns the name of the project of this tree: two trees do not disturb each other, and what a run left behind that
// was killed is found by the next.
func project(t *testing.T) string {
	if name := os.Getenv(projectVariable); name != "" {
		return name
	}
	dir, err := filepath.Abs(".")
	require.NoError(t, err)
	return fmt.Sprintf("gonode-%x", sha256.Sum256([]byte(dir)))[:15]
}

// newStack makes the images and brings the cluster up. It is taken down at the end of the test, whatever comes.
func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, ctx: interruptible(t), project: project(t), env: []string{"GONODE_COOKIE=" + rand.Text()}}
	s.compose = []string{"docker", "compose"}
	if _, err := run(s.ctx, nil, "docker", "compose", "version"); err != nil {
		s.compose = []string{"docker-compose"}
	}
	s.compose = append(s.compose, "-p", s.project, "-f", "../docker-compose.yml")
	begin := time.Now()
	out, err := run(s.ctx, nil, "../images.sh")
	require.NoError(t, err, "exit status 3: there is no Docker engine")
	t.Logf("images, after %v:\n%s", since(begin), out)
	s.down()
	t.Cleanup(s.down)
	t.Cleanup(s.logs)
	begin = time.Now()
	_, err = run(s.ctx, s.env, s.compose[0], append(s.compose[1:], "up", "-d", "--build")...)
	require.NoError(t, err)
	t.Logf("up after %v", since(begin))
	return s
}

// label is what containers have that are made beside Compose's.
func (s *stack) label() string { return "gonode.test.project=" + s.project }

// remove removes the containers that were made beside Compose's.
func (s *stack) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), downLimit)
	defer cancel()
	ids, err := run(ctx, nil, "docker", "ps", "-aq", "--filter", "label="+s.label())
	require.NoError(s.t, err)
	if ids != "" {
		_, err = run(ctx, nil, "docker", append([]string{"rm", "-f"}, strings.Fields(ids)...)...)
		require.NoError(s.t, err)
	}
}

// down removes all that is of the project.
func (s *stack) down() {
	s.remove()
	ctx, cancel := context.WithTimeout(context.Background(), downLimit)
	defer cancel()
	_, err := run(ctx, s.env, s.compose[0], append(s.compose[1:], "down", "-t", "5", "--volumes", "--remove-orphans")...)
	require.NoError(s.t, err)
}

// logs shows, if the test has failed, what the containers printed.
func (s *stack) logs() {
	if !s.t.Failed() || s.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), downLimit)
	defer cancel()
	out, err := run(ctx, s.env, s.compose[0], append(s.compose[1:], "logs", "--no-color", "-t", "--tail", "100")...)
	s.t.Log(out, err)
}

// docker runs the docker command.
func (s *stack) docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := run(s.ctx, nil, "docker", args...)
	require.NoError(t, err)
	return out
}

// container returns the id of the container of a service.
func (s *stack) container(t *testing.T, service string) string {
	t.Helper()
	id := s.docker(t, "ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project="+s.project,
		"--filter", "label=com.docker.compose.service="+service)
	require.Len(t, strings.Fields(id), 1, "containers of %s", service)
	return id
}

// inspect returns what a template makes of the container of a service.
func (s *stack) inspect(t *testing.T, service, template string) string {
	t.Helper()
	return s.docker(t, "inspect", "--format", template, s.container(t, service))
}

// ask evaluates Erlang on the BEAM of a service and returns the value as the BEAM prints it.
func (s *stack) ask(t *testing.T, service, expr string) string {
	t.Helper()
	return s.docker(t, "exec", s.container(t, service), "erl", "-noinput", "-pa", "/gonode", "-run", "gonode_container", "ask", expr)
}

// await waits until an expression has a value on the BEAM of a service.
func (s *stack) await(t *testing.T, service, want, expr string) {
	t.Helper()
	begin := time.Now()
	got := s.ask(t, service, fmt.Sprintf("F = fun() -> %s end, gonode_test:wait(fun() -> F() =:= (%s) end, %d), F()",
		expr, want, patience.Milliseconds()))
	require.Equal(t, squeeze(want), squeeze(got), "%s on %s, after %v", expr, service, since(begin))
}

// squeeze takes out the space and the line breaks that make an Erlang term readable.
func squeeze(term string) string { return strings.Join(strings.Fields(term), "") }

func since(begin time.Time) time.Duration { return time.Since(begin).Round(time.Millisecond) }
