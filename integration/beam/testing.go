package beam

import (
	"context"
	"strconv"
	"sync"
	"time"

	"gonode/etf"
)

// TB is what of *testing.T and *testing.B the functions below use, so that programs that import this package do not
// carry package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// evalLimit bounds Eval. A test that wants less gives Query a context.
const evalLimit = 30 * time.Second

// Releases returns the releases to test with; see Lab.Releases. One that is missing fails the test.
func Releases(t TB) []string {
	t.Helper()
	releases, err := lab(t).Releases()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return releases
}

// Start starts a node, which is killed when the test ends. If the test has failed by then, what the node printed is logged.
func Start(t TB, o Options) *Node {
	t.Helper()
	n, err := lab(t).Launch(context.Background(), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	keep(t, n)
	return n
}

// StartAll starts several nodes at the same time, as Start does.
func StartAll(t TB, all ...Options) []*Node {
	t.Helper()
	l := lab(t)
	nodes, errs := make([]*Node, len(all)), make([]error, len(all))
	var starting sync.WaitGroup
	for i, o := range all {
		starting.Go(func() { nodes[i], errs[i] = l.Launch(context.Background(), o) })
	}
	starting.Wait()
	var failed error
	for i, n := range nodes {
		if n != nil {
			keep(t, n)
		} else {
			failed = errs[i]
		}
	}
	if failed != nil {
		t.Fatalf("%v", failed)
	}
	return nodes
}

func keep(t TB, n *Node) {
	t.Cleanup(func() {
		n.Kill()
		if t.Failed() {
			t.Logf("%s (OTP %s) printed:\n%s", n.Name(), n.Options.Release, n.Log())
		}
	})
}

// StartEPMD starts the epmd of a release on a free port; it is killed when the test ends.
func StartEPMD(t TB, release string) *EPMD {
	t.Helper()
	e, err := lab(t).LaunchEPMD(context.Background(), release)
	if e != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("epmd on port %d %s; it printed:\n%s", e.Port, e.state(), e.Log())
			}
			e.Kill()
		})
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return e
}

// Eval returns what Query does; an error fails the test, so call it from the goroutine of the test only.
func (n *Node) Eval(t TB, expr string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), evalLimit)
	defer cancel()
	text, err := n.Query(ctx, expr)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return text
}

// EvalTerm is Eval for the value itself, decoded by package etf. Pids and references come as the node writes them.
func (n *Node) EvalTerm(t TB, expr string) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), evalLimit)
	defer cancel()
	b, err := n.QueryTerm(ctx, expr)
	if err != nil {
		t.Fatalf("%v", err)
	}
	term, err := etf.Decode(b)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return term
}

// DistPort returns the port on which the node listens for other nodes. A node that does not listen fails the test.
func (n *Node) DistPort(t TB) int {
	t.Helper()
	port, err := strconv.Atoi(n.Eval(t, "gonode_test:dist_port()"))
	if err != nil || port == 0 {
		t.Fatalf("%s (OTP %s) does not listen", n.Name(), n.Options.Release)
	}
	return port
}

func lab(t TB) *Lab {
	t.Helper()
	l, err := Open()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return l
}
