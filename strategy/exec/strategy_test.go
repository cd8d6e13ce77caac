package exec

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
	"gonode/strategy/nodelist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shell(script string, args ...string) *Strategy {
	return &Strategy{Command: append([]string{"sh", "-c", script, "sh"}, args...), Interval: time.Millisecond}
}

func TestExec(t *testing.T) {
	s := shell(`test -z "$(ls)"; echo "# by $0"; echo "$1"; echo "b@h 127.0.0.1:$PORT"`, "a@h")
	s.Dir, s.Env = t.TempDir(), []string{"PATH=" + os.Getenv("PATH"), "PORT=9100"}
	set := strategytest.Run(t, s).Next()
	require.Equal(t, "a@h b@h=127.0.0.1:9100", strategytest.Text(set))
	require.Equal(t, "program sh", set.Nodes[0].Origin)
}

// TestNoShell: arguments arrive as they are.
func TestNoShell(t *testing.T) {
	dir := t.TempDir()
	s := &Strategy{Command: []string{"printf", "%s", `["a@h"]`, "; touch " + dir + "/x"}}
	strategytest.Run(t, s).Next()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestFailures: each keeps the last set, and says what was wrong.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		says   []string
	}{
		"exit status": {"echo c@h; echo 'cannot  log\nin' >&2; exit 3", []string{"program sh: exit status 3: cannot log in"}},
		"silent":      {"exit 3", []string{"exit status 3", "run it by hand"}},
		"killed":      {"kill -9 $$", []string{"signal: killed"}},
		"bad list":    {"echo a@h; echo hello", []string{"output of sh: line 2", "hello"}},
		"too much":    {"yes a@h", []string{"more than 1048576 bytes"}},
		"long error":  {"yes complaint | head -c 1000000 >&2; echo last words >&2; exit 1", []string{"complaint last words"}},
	} {
		t.Run(name, func(t *testing.T) {
			flag := filepath.Join(t.TempDir(), "flag")
			r := strategytest.Run(t, shell(`if [ -e "$1" ]; then `+c.script+"\nelse echo a@h; echo b@h; touch $1; fi", flag))
			require.Equal(t, "a@h b@h", r.Text())
			set := r.Next()
			require.Len(t, set.Nodes, 2)
			for _, says := range c.says {
				require.ErrorContains(t, set.Partial, says)
			}
			require.Less(t, len(set.Partial.Error()), maxComplaint+200)
		})
	}
}

func TestNoProgram(t *testing.T) {
	set := strategytest.Run(t, &Strategy{Command: []string{"there-is-no-such-program", "secret"}}).Next()
	require.Empty(t, set.Nodes)
	require.ErrorIs(t, set.Partial, exec.ErrNotFound)
	require.ErrorContains(t, set.Partial, "install it")
	require.NotContains(t, set.Partial.Error(), "secret")
}

// gone waits until a process has ended.
func gone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(stat), ") Z ") || syscall.Kill(pid, 0) != nil
	}, 10*time.Second, 5*time.Millisecond, "process %d lives on", pid)
}

// TestTimeout: the program is killed, and what it has started too.
func TestTimeout(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	s := shell(`sleep 1000 & echo $! > "$1"; echo a@h; wait`, pid)
	s.Timeout = 300 * time.Millisecond
	begin := time.Now()
	set := strategytest.Run(t, s).Next()
	require.Less(t, time.Since(begin), 10*time.Second)
	require.Empty(t, set.Nodes)
	require.ErrorIs(t, set.Partial, errTimeout)
	require.ErrorContains(t, set.Partial, "more than 300ms")
	gone(t, pid)
}

// TestLeftover: a process that stays behind with the output does not hold us up, and does not stay.
func TestLeftover(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	set := strategytest.Run(t, shell(`sleep 1000 & echo $! > "$1"; echo a@h`, pid)).Next()
	require.ErrorIs(t, set.Partial, errLeftover)
	gone(t, pid)
}

// TestStop: the end of the context ends the program.
func TestStop(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	s := shell(`echo $$ > "$1.tmp"; mv "$1.tmp" "$1"; sleep 1000`, pid)
	go func() { done <- s.Run(ctx, make(chan strategy.Set)) }() // ends below
	require.Eventually(t, func() bool { _, err := os.Stat(pid); return err == nil }, 10*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	gone(t, pid)
}

func TestCheck(t *testing.T) {
	require.NoError(t, (&Strategy{Command: []string{"x"}}).Check())
	s := &Strategy{Interval: -1, Timeout: -1, Env: []string{"A=b", "secret"}}
	err := s.Check()
	for _, want := range []string{"exec: Command: is missing", "exec: Interval: -1ns", "exec: Timeout: -1ns", "exec: Env[1]: "} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "secret")
	var field *strategy.FieldError
	require.ErrorAs(t, s.Run(t.Context(), nil), &field)
}

func TestTail(t *testing.T) {
	b := tail{max: 5}
	for _, s := range []string{"abc", "def", "", "ghijklm\n"} {
		n, err := b.Write([]byte(s))
		require.NoError(t, err)
		require.Len(t, s, n)
	}
	require.Equal(t, "jklm", b.String())
	h := head{max: nodelist.MaxBytes, full: func() { t.Error("full") }}
	_, err := h.Write(make([]byte, nodelist.MaxBytes))
	require.NoError(t, err)
}
