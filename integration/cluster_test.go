package integration

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/epmd"
	"gonode/events"
	"gonode/integration/beam"
	"gonode/node"
)

// The acceptance tests: a Go node among real Erlang nodes of several releases. Every bound in them is one that the
// project promises.

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(commandDir())
		os.Exit(code)
	}))
}

const (
	cookie   = "monster"
	patience = 10 * time.Second // for what has no bound of its own
)

// eachRelease runs test for every Erlang release there is.
func eachRelease(t *testing.T, test func(t *testing.T, release string)) {
	for _, release := range beam.Releases(t) {
		t.Run("otp"+release, func(t *testing.T) { test(t, release) })
	}
}

// cluster is an epmd and the nodes that register with it.
type cluster struct {
	t    *testing.T
	epmd *beam.EPMD
}

func newCluster(t *testing.T, release string) *cluster {
	return &cluster{t: t, epmd: beam.StartEPMD(t, release)}
}

// beam starts an Erlang node called name@127.0.0.1.
func (c *cluster) beam(release, name string, change ...func(*beam.Options)) *beam.Node {
	c.t.Helper()
	opts := beam.Options{Release: release, Name: name + "@127.0.0.1", Cookie: cookie, EPMDPort: c.epmd.Port}
	for _, f := range change {
		f(&opts)
	}
	return beam.Start(c.t, opts)
}

// goNode starts a Go node called name@127.0.0.1 and shuts it down at the end of the test.
func (c *cluster) goNode(name string, change ...func(*node.Config)) *node.Node {
	c.t.Helper()
	n, err := c.tryGoNode(name, change...)
	require.NoError(c.t, err)
	c.t.Cleanup(func() { require.NoError(c.t, shutdown(n)) })
	return n
}

func (c *cluster) tryGoNode(name string, change ...func(*node.Config)) (*node.Node, error) {
	cfg := node.Config{
		Name:     name + "@127.0.0.1",
		Cookie:   cookie,
		EPMD:     epmd.External,
		EPMDPort: c.epmd.Port,
		Logger:   slog.New(slog.NewTextHandler(c.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	return node.Start(c.t.Context(), cfg)
}

func shutdown(n *node.Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return n.Shutdown(ctx)
}

func ctxFor(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition, within the bound d.
func eventually(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	begin := time.Now()
	for !ok() {
		require.Less(t, time.Since(begin), d, "not in time: %s", what)
		time.Sleep(2 * time.Millisecond)
	}
}

// eval asserts what an Erlang expression is.
func eval(t *testing.T, n *beam.Node, want, expr string, args ...any) {
	t.Helper()
	require.Equal(t, want, n.Eval(t, fmt.Sprintf(expr, args...)))
}

// evalWithin waits for what an Erlang expression is to become.
func evalWithin(t *testing.T, d time.Duration, n *beam.Node, want, expr string, args ...any) {
	t.Helper()
	got := ""
	begin := time.Now()
	for {
		if got = n.Eval(t, fmt.Sprintf(expr, args...)); got == want {
			return
		}
		require.Less(t, time.Since(begin), d, "%s is %s, want %s", expr, got, want)
		time.Sleep(2 * time.Millisecond)
	}
}

// watch records the events of a node, with the time of each.
type watch struct {
	mu   sync.Mutex
	seen []seen
}

type seen struct {
	at time.Time
	ev events.Event
}

func watchEvents(t *testing.T, n *node.Node) *watch {
	w := &watch{}
	sub := n.Events().Subscribe(t.Context())
	var reader sync.WaitGroup
	reader.Go(func() {
		for ev := range sub.All() {
			w.mu.Lock()
			w.seen = append(w.seen, seen{time.Now(), ev})
			w.mu.Unlock()
		}
	})
	t.Cleanup(func() { sub.Close(); reader.Wait() })
	return w
}

// down returns when the first nodedown of name after since came, and its reason; the zero time if it did not yet.
func (w *watch) down(name string, since time.Time) (time.Time, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if ev, ok := s.ev.(events.NodeDown); ok && ev.Node == name && s.at.After(since) {
			return s.at, fmt.Sprint(ev.Reason)
		}
	}
	return time.Time{}, ""
}

func (w *watch) up(name string, since time.Time) (time.Time, events.NodeUp) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if ev, ok := s.ev.(events.NodeUp); ok && ev.Node == name && s.at.After(since) {
			return s.at, ev
		}
	}
	return time.Time{}, events.NodeUp{}
}

// count returns how many nodeups of name there were.
func (w *watch) count(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, s := range w.seen {
		if ev, ok := s.ev.(events.NodeUp); ok && ev.Node == name {
			n++
		}
	}
	return n
}

func names(peers []node.Peer) string {
	var list []string
	for _, p := range peers {
		list = append(list, p.Name)
	}
	return strings.Join(list, " ")
}

// quiet asserts that a BEAM has logged no error.
func quiet(t *testing.T, n *beam.Node) {
	t.Helper()
	log := n.Log()
	for _, bad := range []string{"=ERROR", "=CRASH", "=WARNING", "Error in process", "error_logger"} {
		require.NotContains(t, log, bad)
	}
}
