package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
)

const (
	processKinds = "link monitor_pid monitor_name call_pid call_name request multi_call"
	spawnKinds   = "spawn_monitor spawn_link spawn_request"
	nodeKinds    = processKinds + " " + spawnKinds + " rpc erpc monitor_node"
)

// processHows are the ways in which a process fails: it ends by itself, with a reason; somebody sends it an exit; or it had
// ended before.
func processHows() []string {
	return []string{
		"{cast, normal}", "{cast, shutdown}", "{cast, {shutdown, [x]}}", "{cast, {my, <<\"term\">>, #{a => [1, 2.5]}}}",
		"{cast, kill}", "{cast, killed}", "{cast, noproc}", "{cast, noconnection}", "{cast, \"text\"}", "gone",
		"{exit, kill}", "{exit, shutdown}", "{exit, {my, [b]}}", "{exit, normal}",
	}
}

func spawnHows() []string {
	return []string{"{exit, kill}", "{exit, shutdown}", "{exit, {my, [b]}}", "{exit, normal}"}
}

// TestProcessFailure: what a BEAM learns when a process of a Go node ends is what it learns when one of a BEAM does.
func TestProcessFailure(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		g := c.goNode("go", quietly)
		eval(t, a, "ok", "gonode_relations:maker()")
		victims(t, g)
		for _, how := range processHows() {
			for _, kind := range fields(processKinds) {
				same(t, b, kind+" "+how, "gonode_relations:one("+kind+", '%s', "+how+")")
			}
		}
		for _, how := range spawnHows() {
			for _, kind := range fields(spawnKinds) {
				same(t, b, kind+" "+how, "gonode_relations:one("+kind+", '%s', "+how+")")
			}
		}
		same(t, b, "spawn_quick", "gonode_relations:one(spawn_quick, '%s', nothing)")
		quiet(t, b)
		same(t, b, "spawn_undef", "gonode_relations:one(spawn_undef, '%s', nothing)") // which is logged
	})
}

// fields are the words of a list as Erlang writes it.
func fields(s string) []string { return strings.Fields(s) }

// same asserts that b learns of the Go node what it learns of a. The expression has the name of the node in it.
func same(t *testing.T, b *beam.Node, what, expr string) {
	t.Helper()
	want := b.Eval(t, fmt.Sprintf(expr, "a@127.0.0.1"))
	got := b.Eval(t, fmt.Sprintf(expr, "go@127.0.0.1"))
	if testing.Verbose() {
		t.Logf("%s: %s", what, want)
	}
	if want != got {
		t.Errorf("%s: of a BEAM %s, of the Go node %s", what, want, got)
	}
}

func list(kinds string) string { return "[" + strings.Join(fields(kinds), ", ") + "]" }

// TestNodeFailure: what a BEAM learns when a Go node is cut off, is killed or has come back as another is what it learns
// of a BEAM.
func TestNodeFailure(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		eval(t, a, "ok", "gonode_relations:maker()")
		killGo := c.killable("go")
		both := func(format string) { // in b, with the name of the node and of its keeper
			t.Helper()
			for _, name := range []string{"a", "go"} {
				eval(t, b, "ok", format, name)
			}
		}
		both("gonode_relations:keep(cut_%[1]s, '%[1]s@127.0.0.1', " + list(nodeKinds) + ")")
		both("begin true = erlang:disconnect_node('%s@127.0.0.1'), ok end")
		samePair(t, b, "cut off", "gonode_relations:collect(cut_%s)")
		samePair(t, b, "after that", "gonode_relations:again(cut_%s, "+list("exit send link monitor_pid call_pid request")+", nobody)")

		both("gonode_relations:keep(killed_%[1]s, '%[1]s@127.0.0.1', " + list(nodeKinds) + ")")
		killGo()
		a.Kill()
		samePair(t, b, "killed", "gonode_relations:collect(killed_%s)")
		samePair(t, b, "gone", "gonode_relations:again(killed_%s, "+list(nodeKinds+" exit send rpc_cast")+", maker)")

		a = c.beam(release, "a")
		eval(t, a, "ok", "gonode_relations:maker()")
		c.killable("go")
		samePair(t, b, "another life", "gonode_relations:again(killed_%s, "+list("exit send link monitor_pid call_pid request link")+", nobody)")
		both("begin pong = net_adm:ping('%s@127.0.0.1'), ok end")
		quiet(t, a)
	})
}

// samePair is same for lists of what each kind learns, and keepers.
func samePair(t *testing.T, b *beam.Node, what, expr string) {
	t.Helper()
	want, ok := b.EvalTerm(t, fmt.Sprintf(expr, "a")).(etf.List)
	require.True(t, ok, what)
	got, ok := b.EvalTerm(t, fmt.Sprintf(expr, "go")).(etf.List)
	require.True(t, ok, what)
	require.Len(t, got, len(want))
	for i := range want {
		if testing.Verbose() {
			t.Logf("%s: %v", what, want[i])
		}
		if !etf.Equal(want[i], got[i]) {
			t.Errorf("%s: of a BEAM %v, of the Go node %v", what, want[i], got[i])
		}
	}
}
