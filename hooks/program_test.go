//go:build unix

package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/events"
)

const patience = 10 * time.Second

// rig is a Runner that runs.
type rig struct {
	*Runner
	hub  events.Hub
	log  logged
	done chan error
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func runHooks(t *testing.T, ctx context.Context, hooks ...Hook) *rig {
	t.Helper()
	r := &rig{done: make(chan error, 1)}
	var err error
	r.Runner, err = New(Config{Self: "go@h", Hub: &r.hub, Hooks: hooks, Logger: slog.New(slog.NewTextHandler(&r.log, nil))})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(ctx)
	go func() { r.done <- r.Run(ctx) }() // ends with the hub or ctx
	t.Cleanup(func() {
		cancel()
		r.hub.Close()
	})
	return r
}

// finish closes the hub and waits until all that was queued is done.
func (r *rig) finish(t *testing.T) []Stats {
	t.Helper()
	require.Eventually(t, func() bool { return r.hub.Stats().Subscribers == len(r.hooks) }, patience, time.Millisecond)
	r.hub.Close()
	select {
	case err := <-r.done:
		require.NoError(t, err)
	case <-time.After(patience):
		require.FailNow(t, "it does not end")
	}
	return r.Stats()
}

// TestProgram: what a program is told, whole.
func TestProgram(t *testing.T) {
	t.Setenv("GONODE_COOKIE", "monster")
	t.Setenv("NOTIFY_SOCKET", "/run/x")
	dir := t.TempDir()
	script := `{ env | grep -E '^(GONODE_|NOTIFY_|OURS=)' | sort; echo "in: $(cat)"; } > "$0/$GONODE_EVENT"`
	t.Setenv("OURS", "kept")
	r := runHooks(t, t.Context(), Hook{Name: "it", Command: []string{"/bin/sh", "-c", script, dir}, Events: Filter{"*"}})
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	r.hub.Publish(events.NodeUp{Node: "a@h", Hidden: true, Creation: 7, ConnectionID: 8, Time: at})
	r.hub.Publish(events.NodeDown{Node: "a@h", Reason: gen.Atom("net_tick_timeout"), Err: errors.New("silence"), Time: at})
	r.hub.Publish(events.Decision{Kind: "failed", Node: "a@h", Source: "dns", Text: "failed a@h\x00", Err: errors.New("no"), Time: at})
	stats := r.finish(t)
	require.Equal(t, []Stats{{Name: "it", OK: 3}}, stats, r.log.String())

	all := func(values map[string]string) string {
		var b strings.Builder
		for _, name := range strings.Fields("CONNECTION_ID CREATION ERROR EVENT HIDDEN HOOK INITIAL KIND MEMBERS NODE REASON SELF SEQ SOURCE TEXT TIME") {
			fmt.Fprintf(&b, "GONODE_%s=%s\n", name, values[name])
		}
		return b.String() + "OURS=kept\n"
	}
	const stamp = "2026-05-04T03:02:01Z"
	requireFile(t, filepath.Join(dir, "nodeup"), all(map[string]string{
		"CONNECTION_ID": "8", "CREATION": "7", "EVENT": "nodeup", "HIDDEN": "true", "HOOK": "it", "INITIAL": "false",
		"MEMBERS": "0", "NODE": "a@h", "SELF": "go@h", "SEQ": "1", "TIME": stamp,
	})+`in: {"v":1,"time":"2026-05-04T03:02:01Z","event":"nodeup","self":"go@h","seq":1,"node":"a@h","hidden":true,`+
		`"initial":false,"creation":7,"connection_id":8}`+"\n")
	requireFile(t, filepath.Join(dir, "decision"), all(map[string]string{
		"EVENT": "decision", "HOOK": "it", "MEMBERS": "0", "NODE": "a@h", "SELF": "go@h", "SEQ": "3", "TIME": stamp,
		"KIND": "failed", "SOURCE": "dns", "TEXT": "failed a@h", "ERROR": "no",
	})+`in: {"v":1,"time":"2026-05-04T03:02:01Z","event":"decision","self":"go@h","seq":3,"kind":"failed","node":"a@h",`+
		`"source":"dns","error":"no","text":"failed a@h\u0000"}`+"\n")
	down, err := os.ReadFile(filepath.Join(dir, "nodedown"))
	require.NoError(t, err)
	require.Contains(t, string(down), "GONODE_REASON=net_tick_timeout\n")
	require.Contains(t, string(down), "GONODE_ERROR=silence\n")
}

// requireFile compares, but for the number of members, which depends on when the program ran.
func requireFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, strings.ReplaceAll(string(got), "GONODE_MEMBERS=1\n", "GONODE_MEMBERS=0\n"))
}

// TestMembersOnInput: the members as lines, as serf has them.
func TestMembersOnInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	r := runHooks(t, t.Context(), Hook{
		Command: []string{"/bin/sh", "-c", `cat > "$0"`, path}, Events: Filter{"nodedown"}, Input: InputMembers,
	})
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	r.hub.Publish(events.NodeUp{Node: "a@h", Time: at})
	r.hub.Publish(events.NodeUp{Node: "b@h", Hidden: true, Time: at})
	r.hub.Publish(events.NodeDown{Node: "c@h"})
	require.EqualValues(t, 1, r.finish(t)[0].OK)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "a@h\tvisible\t2026-05-04T03:02:01Z\nb@h\thidden\t2026-05-04T03:02:01Z\n", string(got))
}

// TestFailure: a program that fails or is not there is counted and logged with what it said; others go on.
func TestFailure(t *testing.T) {
	r := runHooks(t, t.Context(),
		Hook{Name: "bad", Command: []string{"/bin/sh", "-c", "echo the disk is full >&2; exit 3"}},
		Hook{Name: "missing", Command: []string{"/no/such/program"}},
		Hook{Name: "good", Command: []string{"true"}})
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	require.Equal(t, []Stats{{Name: "bad", Failed: 1}, {Name: "missing", Failed: 1}, {Name: "good", OK: 1}}, r.finish(t))
	require.Contains(t, r.log.String(), "exit status 3; it said: the disk is full")
	require.Contains(t, r.log.String(), "no such file")
}

// TestTimeLimit: a program whose time is over is killed, and so is what it started.
func TestTimeLimit(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	r := runHooks(t, t.Context(), Hook{
		Name: "slow", Timeout: 300 * time.Millisecond,
		Command: []string{"/bin/sh", "-c", `trap '' TERM; sleep 100 & echo $! $$ > "$0"; sleep 100`, pids},
	})
	begin := time.Now()
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	require.Equal(t, []Stats{{Name: "slow", TimedOut: 1}}, r.finish(t))
	require.Less(t, time.Since(begin), 300*time.Millisecond+waitDelay)
	require.Contains(t, r.log.String(), "it took more than 300ms and was killed")
	requireDead(t, pids)
}

// requireDead waits until the processes named in a file are gone, or are left for init to bury.
func requireDead(t *testing.T, pids string) {
	t.Helper()
	text, err := os.ReadFile(pids)
	require.NoError(t, err)
	require.Len(t, strings.Fields(string(text)), 2)
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !alive(pid) }, patience, time.Millisecond, "process %d", pid)
	}
}

func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// TestRunEnds: when the context of Run is done, what runs is killed, and Run returns its cause.
func TestRunEnds(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := runHooks(t, ctx, Hook{Command: []string{"/bin/sh", "-c", `sleep 100 & echo $! $$ > "$0"; sleep 100`, pids}})
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(pids)
		return bytes.HasSuffix(text, []byte("\n"))
	}, patience, time.Millisecond)
	require.Equal(t, 1, r.Stats()[0].Running)
	why := errors.New("enough")
	cancel(why)
	require.ErrorIs(t, <-r.done, why)
	requireDead(t, pids)
}

// TestOrderAndQueue: with one worker the order is that of the events; what is too much is skipped and counted, and the
// node is not held up.
func TestOrderAndQueue(t *testing.T) {
	dir := t.TempDir()
	gate, out := filepath.Join(dir, "gate"), filepath.Join(dir, "out")
	require.NoError(t, syscall.Mkfifo(gate, 0o600))
	r := runHooks(t, t.Context(), Hook{
		Command: []string{"/bin/sh", "-c", `read x < "$0"; echo $GONODE_EVENT $GONODE_NODE >> "$1"`, gate, out}, Queue: 10,
	})
	r.hub.Publish(events.NodeUp{Node: "first@h"})
	require.Eventually(t, func() bool { return r.Stats()[0].Running == 1 }, patience, time.Millisecond)
	for range 100 {
		r.hub.Publish(events.NodeUp{Node: "a@h"})
		r.hub.Publish(events.NodeDown{Node: "a@h"})
	}
	r.hub.Publish(events.NodeUp{Node: "b@h"})
	require.LessOrEqual(t, r.Stats()[0].Queued, 12)
	open, err := os.OpenFile(gate, os.O_RDWR, 0)
	require.NoError(t, err)
	defer open.Close()
	_, err = open.WriteString(strings.Repeat("go\n", 100))
	require.NoError(t, err)
	st := r.finish(t)[0]
	require.NotZero(t, st.Skipped)
	require.EqualValues(t, 202, st.OK+st.Skipped)
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(got)), "\n")
	require.Equal(t, "nodeup first@h", lines[0])
	require.Equal(t, "nodeup b@h", lines[len(lines)-1])
	for i, line := range lines[1 : len(lines)-1] {
		require.Equal(t, []string{"nodeup a@h", "nodedown a@h"}[i%2], line, "they take turns")
	}
}

// TestConcurrency: as many run at once as are allowed.
func TestConcurrency(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	require.NoError(t, syscall.Mkfifo(gate, 0o600))
	r := runHooks(t, t.Context(), Hook{Command: []string{"/bin/sh", "-c", `read x < "$0"`, gate}, Concurrency: 3})
	for i := range 8 {
		r.hub.Publish(events.NodeUp{Node: fmt.Sprintf("n%d@h", i)})
	}
	require.Eventually(t, func() bool { return r.Stats()[0].Running == 3 && r.Stats()[0].Queued >= 5 }, patience, time.Millisecond)
	open, err := os.OpenFile(gate, os.O_RDWR, 0)
	require.NoError(t, err)
	defer open.Close()
	_, err = open.WriteString(strings.Repeat("go\n", 100))
	require.NoError(t, err)
	require.EqualValues(t, 8, r.finish(t)[0].OK)
}
