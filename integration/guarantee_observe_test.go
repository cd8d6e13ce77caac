package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
)

const (
	goKinds = "link monitor_pid monitor_name call_pid call_name " +
		"actor_link actor_monitor_pid actor_monitor_name actor_call_pid actor_call_name"
	goSpawnKinds = "spawn_monitor spawn_link"
	goNodeKinds  = goKinds + " " + goSpawnKinds + " rpc"
)

// TestProcessFailureSeenFromGo: what Go code learns when a process of a BEAM ends is what another BEAM learns.
func TestProcessFailureSeenFromGo(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		o := &observers{t: t, g: c.goNode("go", quietly), peer: atom(a.Name())}
		eval(t, a, "ok", "gonode_relations:maker()")
		all := func(kinds string, hows ...string) {
			for _, how := range hows {
				for _, kind := range fields(kinds) {
					want := b.EvalTerm(t, fmt.Sprintf("gonode_relations:one(%s, '%s', %s)", strings.TrimPrefix(kind, "actor_"), a.Name(), how))
					o.compare(kind+" "+how, want, o.one(kind, how))
				}
			}
		}
		all(goKinds, processHows()...)
		all(goSpawnKinds, spawnHows()...)
		all("spawn_quick spawn_undef", "nothing")
	})
}

// compare asserts that Go learned what a BEAM did.
func (o *observers) compare(what string, want, got any) {
	o.t.Helper()
	if testing.Verbose() {
		o.t.Logf("%s: %v", what, want)
	}
	if !etf.Equal(comparable(want), got) {
		o.t.Errorf("%s: a BEAM learns %v, Go %v", what, want, got)
	}
}

// one is gonode_relations:one/3.
func (o *observers) one(kind, how string) any {
	o.t.Helper()
	term, err := etf.ParseText(how)
	require.NoError(o.t, err)
	switch term {
	case gen.Atom("gone"):
		v := o.victim()
		dead := o.start("monitor_pid", v)
		require.NoError(o.t, o.g.Cast(o.t.Context(), v.pid, etf.Tuple{gen.Atom("exit"), gen.Atom("normal")}))
		o.result(dead, patience)
		return o.result(o.start(kind, v), 3*time.Second)
	case gen.Atom("nothing"):
		return o.result(o.start(kind, o.victim()), 3*time.Second)
	}
	cause := term.(etf.Tuple)
	ob, limit := o.prepare(kind), 3*time.Second
	if cause[0] == gen.Atom("cast") {
		err = o.g.Cast(o.t.Context(), ob.target.pid, etf.Tuple{gen.Atom("exit"), cause[1]})
	} else {
		err = o.g.Exit(gen.PID{}, ob.target.pid, cause[1])
		if cause[1] == gen.Atom("normal") {
			limit = 100 * time.Millisecond
		}
	}
	require.NoError(o.t, err)
	return o.result(ob, limit)
}

// TestNodeFailureSeenFromGo: what Go code learns when a BEAM is cut off, is killed or has come back as another is what
// another BEAM learns.
func TestNodeFailureSeenFromGo(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		o := &observers{t: t, g: c.goNode("go", quietly, func(cfg *node.Config) { cfg.MeshInterval = -1 }), peer: atom(a.Name())}
		eval(t, a, "ok", "gonode_relations:maker()")

		keep := func(name string) []*observation {
			eval(t, b, "ok", "gonode_relations:keep(%s, 'a@127.0.0.1', %s)", name, list(strings.ReplaceAll(goNodeKinds, "actor_", "")))
			var all []*observation
			for _, kind := range fields(goNodeKinds) {
				all = append(all, o.prepare(kind))
			}
			return all
		}
		all := keep("cut")
		eval(t, b, "true", "erlang:disconnect_node('a@127.0.0.1')")
		eval(t, a, "true", "erlang:disconnect_node('go@127.0.0.1')")
		o.compareAll(b, "cut off", "gonode_relations:collect(cut)", all)

		all = keep("killed")
		a.Kill()
		o.compareAll(b, "killed", "gonode_relations:collect(killed)", all)
		old := all[0].target
		again := func(what, kinds string) {
			var all []*observation
			for _, kind := range fields(kinds) {
				all = append(all, o.start(kind, old))
			}
			o.compareAll(b, what, "gonode_relations:again(killed, "+list(strings.ReplaceAll(kinds, "actor_", ""))+", "+string(old.name.Name)+")", all)
		}
		again("gone", goKinds+" rpc")

		a = c.beam(release, "a")
		eval(t, a, "ok", "gonode_relations:maker()")
		again("another life", goKinds)
		quiet(t, a)
	})
}

// compareAll compares what b has learned in a list of ways with what Go has in the same.
func (o *observers) compareAll(b *beam.Node, what, expr string, all []*observation) {
	o.t.Helper()
	want, ok := b.EvalTerm(o.t, expr).(etf.List)
	require.True(o.t, ok && len(want) == len(all), what)
	for i, ob := range all {
		o.compare(what+": "+ob.kind, want[i].(etf.Tuple)[1], o.result(ob, 5*time.Second))
	}
}
