package integration

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/integration/beam"
	"gonode/node"
)

// TestJoin: Go dials BEAM and BEAM dials Go, visible and hidden, ping both ways, within 1 s.
func TestJoin(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		for _, hidden := range []bool{false, true} {
			for _, goDials := range []bool{true, false} {
				name := fmt.Sprintf("go_%v_%v", hidden, goDials)
				t.Run(name, func(t *testing.T) {
					join(t, c, b, name, hidden, goDials)
				})
			}
		}
		quiet(t, b)
	})
}

func join(t *testing.T, c *cluster, b *beam.Node, name string, hidden, goDials bool) {
	g := c.goNode(name, func(cfg *node.Config) { cfg.Hidden = hidden })
	begin := time.Now()
	if goDials {
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
	} else {
		eval(t, b, "true", "net_kernel:connect_node('%s')", g.Name())
	}
	kind := "visible"
	if hidden {
		kind = "hidden"
	}
	evalWithin(t, time.Second, b, fmt.Sprintf("['%s']", g.Name()), "nodes(%s)", kind)
	eventually(t, time.Second, "b in Nodes()", func() bool { return names(g.Nodes()) == "b@127.0.0.1" })
	require.Less(t, time.Since(begin), time.Second)
	require.Equal(t, hidden, g.Nodes()[0].Hidden)

	eval(t, b, "pong", "net_adm:ping('%s')", g.Name())
	_, err := g.Ping(ctxFor(t, time.Second), "b@127.0.0.1")
	require.NoError(t, err)
	eval(t, b, "true", "erlang:disconnect_node('%s')", g.Name())
	eventually(t, time.Second, "b gone", func() bool { return len(g.Nodes()) == 0 })
	require.NoError(t, shutdown(g))
}

// TestSimultaneous: both dial at the same instant, 50 rounds; one link each time, no error in either log.
func TestSimultaneous(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "m")
		for _, name := range []string{"a", "z"} { // the tie-break goes by name
			g := c.goNode(name)
			w := watchEvents(t, g)
			for round := range 25 {
				at := time.Now().Add(60 * time.Millisecond).Truncate(time.Millisecond)
				var dial sync.WaitGroup
				var err error
				dial.Go(func() {
					time.Sleep(time.Until(at))
					err = g.Connect(ctxFor(t, patience), "m@127.0.0.1")
				})
				eval(t, b, "true", "begin D = %d - erlang:system_time(microsecond), "+
					"timer:sleep(max(0, D div 1000)), net_kernel:connect_node('%s') end", at.UnixMicro(), g.Name())
				dial.Wait()
				require.NoError(t, err, "round %d", round)
				evalWithin(t, time.Second, b, fmt.Sprintf("['%s']", g.Name()), "nodes()")
				eventually(t, time.Second, "one link", func() bool { return names(g.Nodes()) == "m@127.0.0.1" })
				eval(t, b, "pong", "net_adm:ping('%s')", g.Name())
				eventually(t, time.Second, "nodeup", func() bool { return w.count("m@127.0.0.1") > round }) // events come later than links
				require.Equal(t, round+1, w.count("m@127.0.0.1"), "nodeups: more than one link in a round")
				require.True(t, g.Disconnect("m@127.0.0.1"))
				evalWithin(t, time.Second, b, "[]", "nodes()")
			}
			require.NoError(t, shutdown(g))
		}
		quiet(t, b)
	})
}

// TestFourReleases: one Go node in a cluster with every release, connected to all.
func TestFourReleases(t *testing.T) {
	releases := beam.Releases(t)
	c := newCluster(t, releases[len(releases)-1])
	g := c.goNode("go")
	want := ""
	for i, release := range releases {
		name := fmt.Sprintf("otp%s", release)
		b := c.beam(release, name)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), name+"@127.0.0.1"))
		evalWithin(t, time.Second, b, "true", "lists:member('go@127.0.0.1', nodes())")
		if i > 0 {
			want += " "
		}
		want += name + "@127.0.0.1"
	}
	eventually(t, time.Second, "connected to all", func() bool { return names(g.Nodes()) == want })
}

// TestMesh: a Go node that knows one member finds the others, those that come later too.
func TestMesh(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		g := c.goNode("go", func(cfg *node.Config) { cfg.MeshInterval = 200 * time.Millisecond })
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "a@127.0.0.1"))
		eventually(t, 2*time.Second, "b found", func() bool { return names(g.Nodes()) == "a@127.0.0.1 b@127.0.0.1" })
		d := c.beam(release, "d")
		eval(t, d, "pong", "net_adm:ping('b@127.0.0.1')")
		eventually(t, 2*time.Second, "d found", func() bool {
			return names(g.Nodes()) == "a@127.0.0.1 b@127.0.0.1 d@127.0.0.1"
		})
		quiet(t, b)
	})
}

// TestWrongCookie: an error within 1 s that names the cookie, whoever dials; the BEAM works on; and who has our name but
// not the cookie can't push out a live link.
func TestWrongCookie(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		var log syncBuffer
		wrong := c.goNode("wrong", func(cfg *node.Config) {
			cfg.Cookie = "not the one"
			cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		begin := time.Now()
		err := wrong.Connect(ctxFor(t, patience), "b@127.0.0.1")
		require.Less(t, time.Since(begin), time.Second)
		require.ErrorIs(t, err, dist.ErrCookie)
		require.ErrorContains(t, err, "cookie")
		eval(t, b, "false", "net_kernel:connect_node('wrong@127.0.0.1')")
		require.Less(t, time.Since(begin), 2*time.Second)
		eventually(t, time.Second, "what our log says of it", func() bool {
			return strings.Contains(log.String(), "peer=b@127.0.0.1") && strings.Contains(log.String(), "cookie")
		})
		require.NotContains(t, log.String(), "not the one")
		require.NotContains(t, log.String(), cookie)

		g := c.goNode("go")
		w := watchEvents(t, g)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")

		// Somebody who says it is go@ knocks at the BEAM, and somebody who says it is b@ knocks at us.
		_, err = impostor(t, "go@127.0.0.1", "b@127.0.0.1", b.DistPort(t))
		require.Error(t, err)
		_, err = impostor(t, "b@127.0.0.1", "go@127.0.0.1", g.Addr().(*net.TCPAddr).Port)
		require.ErrorIs(t, err, dist.ErrCookie)
		eval(t, b, "['go@127.0.0.1']", "nodes()")
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		require.Equal(t, "b@127.0.0.1", names(g.Nodes()))
		require.Equal(t, 1, w.count("b@127.0.0.1"), "the link has not changed")
	})
}

// impostor shakes hands as self, with a wrong cookie, insisting when it is told that self is connected already.
func impostor(t *testing.T, self, peer string, port int) (dist.Result, error) {
	t.Helper()
	nc, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	defer nc.Close()
	i := dist.Initiator{
		Self:        dist.Hello{Name: atom(self), Flags: dist.Visible, Creation: 77},
		Peer:        atom(peer),
		Cookie:      "stolen name, no cookie",
		StepTimeout: time.Second,
		Alive:       func() bool { return true },
	}
	return i.Handshake(t.Context(), nc)
}

// TestSilentClients: 500 clients that connect and say nothing do not keep a real node out.
func TestSilentClients(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		before := heap()
		for range 500 {
			nc, err := net.Dial("tcp", g.Addr().String())
			require.NoError(t, err)
			defer nc.Close()
		}
		begin := time.Now()
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		require.Less(t, time.Since(begin), time.Second)
		require.Less(t, heap()-before, int64(16<<20), "bytes of heap for 500 silent clients")
	})
}

// TestCrowd: more silent clients than handshakes are allowed; the oldest go.
func TestCrowd(t *testing.T) {
	release := beam.Releases(t)[0]
	c := newCluster(t, release)
	b := c.beam(release, "b")
	g := c.goNode("go", func(cfg *node.Config) { cfg.MaxHandshakes = 20 })
	first, err := net.Dial("tcp", g.Addr().String())
	require.NoError(t, err)
	defer first.Close()
	for range 40 {
		nc, err := net.Dial("tcp", g.Addr().String())
		require.NoError(t, err)
		defer nc.Close()
	}
	require.NoError(t, first.SetReadDeadline(time.Now().Add(time.Second)))
	_, err = first.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "the oldest is closed")
	eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
}

// TestDynamicName: a BEAM without a name of its own (erl -sname undefined) asks us for one.
func TestDynamicName(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		g := c.goNode("go", func(cfg *node.Config) { cfg.Name = "go@localhost" })
		b := beam.Start(t, beam.Options{
			Release: release, Cookie: cookie, EPMDPort: c.epmd.Port, Args: []string{"-sname", "undefined", "-start_epmd", "false"},
		})
		evalWithin(t, time.Second, b, "true", "net_kernel:connect_node('go@localhost')")
		eval(t, b, "[go@localhost]", "nodes(hidden)")
		peers := g.Nodes()
		require.Len(t, peers, 1)
		require.True(t, peers[0].Hidden)
		eval(t, b, "true", "node() =:= '%s'", peers[0].Name)
		eval(t, b, "pong", "net_adm:ping('go@localhost')")
		_, err := g.Ping(ctxFor(t, time.Second), peers[0].Name)
		require.NoError(t, err)
	})
}
