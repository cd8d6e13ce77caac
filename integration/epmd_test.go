package integration

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/integration/beam"
	"gonode/node"
)

// heap returns how many bytes of memory this process uses.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func registered(t *testing.T, port int) func(name string) bool {
	client := epmd.Client{Port: port, Timeout: time.Second}
	return func(name string) bool {
		nodes, err := client.Names(t.Context(), "127.0.0.1")
		if err != nil {
			return false
		}
		for _, n := range nodes {
			if n.Name == name {
				return true
			}
		}
		return false
	}
}

// TestEPMDRestart: epmd is killed and started again; we are registered again within 5 s, and live links are untouched.
func TestEPMDRestart(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		w := watchEvents(t, g)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		creation := g.Creation()
		c.epmd.Kill()
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		require.NoError(t, c.epmd.Restart(t.Context()))
		begin := time.Now()
		has := registered(t, c.epmd.Port)
		eventually(t, 5*time.Second, "registered again", func() bool { return has("go") })
		t.Logf("registered again after %v", time.Since(begin).Round(time.Millisecond))
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		require.Equal(t, creation, g.Creation())
		require.Equal(t, 1, w.count("b@127.0.0.1"), "the link has lived")
		d := c.beam(release, "d")
		eval(t, d, "pong", "net_adm:ping('go@127.0.0.1')")
	})
}

// TestTakenName: the name of a BEAM that runs is a clear error.
func TestTakenName(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		_, err := c.tryGoNode("b")
		require.ErrorIs(t, err, epmd.ErrTaken)
		require.ErrorContains(t, err, "b")
		eval(t, b, "true", "is_alive()")
	})
}

// TestEmbeddedEPMD: Debian's nodes use our epmd server instead of epmd, find each other and us, and epmd -names reads it.
func TestEmbeddedEPMD(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := &cluster{t: t, epmd: &beam.EPMD{Port: freePort(t)}}
		c.goNode("go", func(cfg *node.Config) { cfg.EPMD = epmd.Embedded })
		a, b := c.beam(release, "a"), c.beam(release, "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		eval(t, a, "pong", "net_adm:ping('go@127.0.0.1')")
		names := a.Eval(t, "os:cmd(filename:join([code:root_dir(), \"erts-\" ++ erlang:system_info(version), \"bin\", \"epmd\"]) ++ \" -names\")")
		for _, want := range []string{"name go at port ", "name a at port ", "name b at port "} {
			require.Contains(t, names, want)
		}
		eval(t, a, "[\"a\",\"b\",\"go\"]", "begin {ok, L} = net_adm:names(), lists:sort([N || {N, _} <- L]) end")
	})
}

// TestEPMDTakeOver: the Go node that serves in epmd's place goes away; another one on the host takes the port over, and
// the names come back, those of BEAM nodes too (but for OTP 23, which does not register again).
func TestEPMDTakeOver(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := &cluster{t: t, epmd: &beam.EPMD{Port: freePort(t)}}
		auto := func(cfg *node.Config) { cfg.EPMD = epmd.Auto }
		first, err := c.tryGoNode("first", auto)
		require.NoError(t, err)
		c.goNode("second", auto)
		b := c.beam(release, "b")
		require.NoError(t, shutdown(first))
		begin := time.Now()
		has := registered(t, c.epmd.Port)
		eventually(t, 5*time.Second, "second registered", func() bool { return has("second") })
		if release != "23" {
			eventually(t, 5*time.Second, "b registered", func() bool { return has("b") })
		}
		t.Logf("names are back after %v", time.Since(begin).Round(time.Millisecond))
		eval(t, b, "pong", "net_adm:ping('second@127.0.0.1')")
	})
}

// TestNoEPMD: nodes on a fixed port, which nobody asks epmd for.
func TestNoEPMD(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		port := freePort(t)
		c := &cluster{t: t, epmd: &beam.EPMD{Port: freePort(t)}}
		b := beam.Start(t, beam.Options{
			Release: release, Name: "b@127.0.0.2", Cookie: cookie, EPMDPort: c.epmd.Port,
			Args: []string{"-erl_epmd_port", itoa(port), "-kernel", "inet_dist_use_interface", "{127,0,0,2}"},
		})
		g := c.goNode("go", func(cfg *node.Config) {
			cfg.EPMD = epmd.None
			cfg.Listen = "127.0.0.1:" + itoa(port)
		})
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		require.Equal(t, "b@127.0.0.2", names(g.Nodes()))
		require.True(t, g.Nodes()[0].Inbound)
		require.True(t, g.Disconnect("b@127.0.0.2"))
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.2"))
		evalWithin(t, time.Second, b, "['go@127.0.0.1']", "nodes()")
	})
}

// TestLeaveNothing: after Shutdown there is no goroutine (TestMain looks for those), no socket and no name.
func TestLeaveNothing(t *testing.T) {
	release := beam.Releases(t)[0]
	c := newCluster(t, release)
	b := c.beam(release, "b")
	before := sockets(t)
	for range 5 {
		g, err := c.tryGoNode("go")
		require.NoError(t, err)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		require.NoError(t, g.Shutdown(ctx))
		cancel()
		evalWithin(t, time.Second, b, "[]", "nodes()")
	}
	eventually(t, time.Second, "no socket left", func() bool { return sockets(t) <= before })
	eventually(t, time.Second, "no name left", func() bool { return !registered(t, c.epmd.Port)("go") })
}
