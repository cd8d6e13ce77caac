package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
)

// TestReadme does what README.md tells a newcomer to do, word for word, in the order in which it stands there, and waits for
// what it says will be seen. But the port of HTTP is another one: that one may be taken here.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, ln.Close())
	steps := quickStart(strings.ReplaceAll(string(text), "--http 9140", "--http "+port))
	require.Greater(t, len(steps), 5)
	release := newest(t)
	u := newUser(t, newCluster(t, release).epmd.Port, release)
	begin := time.Now()
	for i, s := range steps {
		if s.shell {
			u.tell(s.command)
			u.sees(u.erl, s.output)
			continue
		}
		p := u.run(s.command)
		switch {
		case len(s.output) > 0:
			u.sees(p, s.output)
		case strings.HasPrefix(s.command, "erl "):
			u.erl = p
		case i+1 == len(steps) || !s.last:
			u.ends(p)
		}
	}
	require.Contains(t, string(text), "{nodeup,'other@127.0.0.1'}", "this is what it is for")
	t.Logf("from the sources to the event in %v", time.Since(begin).Round(time.Second))
	require.Less(t, time.Since(begin), 5*time.Minute)
}

// TestDemoNext: what gonode run --demo tells to try next works.
func TestDemoNext(t *testing.T) {
	release := newest(t)
	c := newCluster(t, release)
	u := newUser(t, c.epmd.Port, release)
	path, err := buildCommand()
	require.NoError(t, err)
	u.env = append(u.env, "PATH="+commandDir()+":"+u.path)
	demo := u.run(path + " run --demo")
	u.sees(demo, []string{"# demo3@127.0.0.1 comes back", "  flush()."})
	require.Equal(t, recording(t), timeless(demo.text()), "docs/record.sh makes docs/demo.cast anew")
	_, next, _ := strings.Cut(demo.text(), "Try, in another terminal")
	for _, m := range regexp.MustCompile(`(?m)^  (\S.*)$`).FindAllStringSubmatch(next, -1) {
		switch command := m[1]; {
		case strings.HasSuffix(command, "."):
			u.tell(command)
		case strings.Contains(command, "erl -name"):
			u.erl = u.run(command)
		case strings.Contains(command, "watch"):
			u.sees(u.run(command), []string{"2026-11-24T01:02:03.456Z up   demo1@127.0.0.1"})
		default:
			u.ends(u.run(command))
		}
	}
	u.sees(u.erl, []string{"pong", "ok", "Shell got {nodeup,'demo2@127.0.0.1'}"})
}

// recording returns what docs/demo.cast shows, without the command and what differs between runs.
func recording(t *testing.T) []string {
	t.Helper()
	file, err := os.ReadFile("../docs/demo.cast")
	require.NoError(t, err)
	var b strings.Builder
	head, events, _ := strings.Cut(string(file), "\n")
	require.Contains(t, head, `"version": 2`)
	for line := range strings.Lines(events) {
		var event []any
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		require.Equal(t, "o", event[1])
		b.WriteString(event[2].(string))
	}
	_, text, _ := strings.Cut(b.String(), "\r\n") // the command
	return timeless(strings.ReplaceAll(text, "\r\n", "\n"))
}

// timeless returns the lines of a demo in an order of their own, without times, colours, the cookie and the port of epmd.
func timeless(text string) []string {
	for pattern, with := range map[string]string{
		`\d{4}-\d\d-\d\dT\S*Z`: "TIME", `\x1b\[\d+m`: "", `\b[0-9a-f]{16}\b`: "COOKIE", `ERL_EPMD_PORT=\d+ `: "",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return lines
}

func newest(t *testing.T) string {
	t.Helper()
	lab, err := beam.Open()
	require.NoError(t, err)
	releases, err := lab.Releases()
	require.NoError(t, err)
	return releases[len(releases)-1]
}

// instruction is a command of the README, or what is typed into erl, with what is seen then.
type instruction struct {
	command string
	shell   bool // into erl
	last    bool // of its block
	output  []string
}

// quickStart returns the steps of the section "In five minutes".
func quickStart(readme string) []instruction {
	_, section, _ := strings.Cut(readme, "\n## In five minutes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	prompt := regexp.MustCompile(`^(?:\$|(?:\(\S+\))?\d+>) (.*)$`)
	var steps []instruction
	for _, m := range regexp.MustCompile("(?s)\n```(console|erlang)\n(.*?)```\n").FindAllStringSubmatch(section, -1) {
		for line := range strings.Lines(m[2]) {
			line = strings.TrimSuffix(line, "\n")
			if typed := prompt.FindStringSubmatch(line); typed != nil {
				steps = append(steps, instruction{command: typed[1], shell: m[1] == "erlang"})
			} else if n := len(steps); n > 0 {
				steps[n-1].output = append(steps[n-1].output, line)
			}
		}
		steps[len(steps)-1].last = true
	}
	return steps
}

// user is somebody at a few terminals, in a clone of the repository.
type user struct {
	t    *testing.T
	env  []string
	path string
	erl  *terminal
}

// terminal is a program with what it has printed.
type terminal struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

func newUser(t *testing.T, epmdPort int, release string) *user {
	t.Helper()
	lab, err := beam.Open()
	require.NoError(t, err)
	programs, err := lab.Programs(release)
	require.NoError(t, err)
	u := &user{t: t, path: programs + ":" + os.Getenv("PATH")}
	u.env = append(os.Environ(), "PATH="+u.path, fmt.Sprintf("ERL_EPMD_PORT=%d", epmdPort), "GOFLAGS=-buildvcs=false", "TERM=dumb")
	return u
}

// Write implements io.Writer for what the program prints.
func (p *terminal) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *terminal) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// run starts a command in a terminal of its own. All of it is killed at the end of the test.
func (u *user) run(command string) *terminal {
	u.t.Helper()
	p := &terminal{cmd: exec.Command("/bin/sh", "-c", command), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = "..", u.env
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(u.t, err)
	require.NoError(u.t, p.cmd.Start(), command)
	go func() { // ends with the program
		defer close(p.done)
		p.cmd.Wait()
	}()
	u.t.Cleanup(func() {
		select {
		case <-p.done: // its number may be somebody else's by now
		default:
			_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			<-p.done
		}
		u.t.Logf("$ %s\n%s", command, p.text())
	})
	return p
}

// ends waits for a command that has to end well.
func (u *user) ends(p *terminal) {
	u.t.Helper()
	select {
	case <-p.done:
		require.Zero(u.t, p.cmd.ProcessState.ExitCode(), p.text())
	case <-time.After(3 * time.Minute): // it may have to compile everything
		require.FailNow(u.t, "it does not end", p.text())
	}
}

// tell types a line into erl.
func (u *user) tell(line string) {
	u.t.Helper()
	require.NotNil(u.t, u.erl, "there is no erl before %q", line)
	_, err := io.WriteString(u.erl.stdin, line+"\n")
	require.NoError(u.t, err)
}

// sees waits until a program has printed all of these lines; the digits of times may be others.
func (u *user) sees(p *terminal, lines []string) {
	u.t.Helper()
	times := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	for _, line := range lines {
		want := times.ReplaceAllLiteralString(line, "TIME")
		there := regexp.MustCompile(`(?m)(^|> )` + regexp.QuoteMeta(want) + `\s*$`)
		require.Eventually(u.t, func() bool {
			return there.MatchString(times.ReplaceAllLiteralString(p.text(), "TIME"))
		}, patience, 20*time.Millisecond, line)
	}
}
