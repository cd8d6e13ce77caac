package integration

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/integration/beam"
	"gonode/strategy"
	"gonode/strategy/gossip"
)

// gossipInterval is the default, libcluster's: what cut-off nodes are promised to be back within.
const gossipInterval = gossip.DefaultInterval

const (
	gossipSecret = "somepassword"
	gossipEPMD   = 14369 // in namespaces
)

// twoReleases are the oldest and the newest that connect to each other.
func twoReleases(t *testing.T) (older, newer string) {
	releases := beam.Releases(t)
	if len(releases) > 1 && releases[0] == "23" {
		releases = releases[1:]
	}
	return releases[0], releases[len(releases)-1]
}

// mixed is three Go nodes and two BEAMs on three hosts: go1 and beam1 on the first, go2 and beam2 on the second, go3.
type mixed struct {
	t     *testing.T
	hosts *hosts
	keys  string
	gos   map[int]*gossipNode
	beams map[int]*beam.Node
}

func newMixed(t *testing.T, beams int) *mixed {
	m := &mixed{t: t, hosts: newHosts(t, 3), keys: gossip.NewKey().Text(), gos: map[int]*gossipNode{}, beams: map[int]*beam.Node{}}
	older, newer := twoReleases(t)
	lab, err := beam.Open()
	require.NoError(t, err)
	for i := 1; i <= 3; i++ {
		e, err := lab.LaunchEPMDIn(t.Context(), newer, m.hosts.name(i), gossipEPMD)
		t.Cleanup(e.Kill)
		require.NoError(t, err)
	}
	var options []beam.Options
	for i, release := range []string{older, newer}[:beams] {
		options = append(options, beam.Options{Release: release, Name: m.beamName(i + 1), Cookie: cookie, EPMDPort: gossipEPMD,
			Namespace: m.hosts.name(i + 1), Args: []string{"-kernel", "net_ticktime", "4"}})
	}
	for i, n := range beam.StartAll(t, options...) {
		m.beams[i+1] = n
	}
	return m
}

func (m *mixed) goName(i int) string   { return fmt.Sprintf("go%d@%s", i, m.hosts.address(i)) }
func (m *mixed) beamName(i int) string { return fmt.Sprintf("beam%d@%s", i, m.hosts.address(i)) }

// gossipOn starts gossip on the BEAMs.
func (m *mixed) gossipOn(options string) {
	for _, b := range m.beams {
		eval(m.t, b, "ok", "gonode_gossip:start(#{%s})", options)
	}
}

// others are the names of all nodes but one, sorted.
func (m *mixed) others(but string) []string {
	var names []string
	for i := range m.gos {
		names = append(names, m.goName(i))
	}
	for i := range m.beams {
		names = append(names, m.beamName(i))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == but })
	slices.Sort(names)
	return names
}

// mesh waits until all are connected to all.
func (m *mixed) mesh(within time.Duration) {
	m.t.Helper()
	for i, g := range m.gos {
		want := m.others(m.goName(i))
		eventually(m.t, within, m.goName(i)+" is connected to all", func() bool { return slices.Equal(want, g.connected()) })
	}
	for i, b := range m.beams {
		want := "['" + strings.Join(m.others(m.beamName(i)), "','") + "']"
		evalWithin(m.t, within, b, want, "lists:sort(nodes())")
	}
}

// gossipNode is a process of integration/gossipnode.
type gossipNode struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr syncBuffer
	done   chan struct{}

	mu    sync.Mutex
	up    map[string]bool
	heard string
}

var buildGossipNode = sync.OnceValues(func() (string, error) {
	path := filepath.Join(commandDir(), "gossipnode")
	out, err := exec.Command("go", "build", "-o", path, "gonode/integration/gossipnode").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// start starts the Go node of a host, with the secret and the keys in its environment if it is to have them.
func (m *mixed) start(i int, secret, keys string, args ...string) *gossipNode {
	m.t.Helper()
	path, err := buildGossipNode()
	require.NoError(m.t, err)
	g := &gossipNode{up: map[string]bool{}, heard: "nothing yet", done: make(chan struct{})}
	g.cmd = exec.Command(path, append([]string{"-name", m.goName(i), "-epmd", itoa(gossipEPMD), "-tick", "4s"}, args...)...)
	g.cmd.Env = append(os.Environ(), "GONODE_COOKIE="+cookie, "GOSSIP_SECRET="+secret, "GOSSIP_KEYS="+keys)
	g.cmd.Stderr = &g.stderr
	g.stdin, err = g.cmd.StdinPipe()
	require.NoError(m.t, err)
	stdout, err := g.cmd.StdoutPipe()
	require.NoError(m.t, err)
	require.NoError(m.t, beam.InNamespace(m.hosts.name(i), g.cmd.Start))
	go g.read(stdout) // ends with the process
	m.gos[i] = g
	m.t.Cleanup(func() {
		g.cmd.Process.Kill()
		<-g.done
		if m.t.Failed() {
			m.t.Logf("%s wrote:\n%s", m.goName(i), g.stderr.String())
		}
	})
	return g
}

func (g *gossipNode) read(stdout io.Reader) {
	defer close(g.done)
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		word, rest, _ := strings.Cut(scanner.Text(), " ")
		g.mu.Lock()
		switch word {
		case "up":
			g.up[rest] = true
		case "down":
			delete(g.up, rest)
		case "heard":
			g.heard = rest
		}
		g.mu.Unlock()
	}
	g.cmd.Wait()
}

func (g *gossipNode) connected() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var names []string
	for name := range g.up {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (g *gossipNode) hears(t *testing.T, within time.Duration, want []string) {
	t.Helper()
	eventually(t, within, "it hears "+strings.Join(want, " "), func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.heard == strings.Join(want, " ")
	})
}

// stop ends it in order.
func (g *gossipNode) stop(t *testing.T) {
	t.Helper()
	g.stdin.Close()
	select {
	case <-g.done:
		require.Zero(t, g.cmd.ProcessState.ExitCode(), &g.stderr)
	case <-time.After(patience):
		require.Fail(t, "it does not stop", g.stderr.String())
	}
}

// beamsHear waits until both BEAMs have heard these.
func (m *mixed) beamsHear(within time.Duration, want func(self string) []string) {
	m.t.Helper()
	for i, b := range m.beams {
		evalWithin(m.t, within, b, "['"+strings.Join(want(m.beamName(i)), "','")+"']", "gonode_gossip:heard()")
	}
}

const forming = 2*gossipInterval + 5*time.Second // each has spoken twice, and dialled

// TestGossipPlain: five nodes on three hosts form one cluster; one that is cut off for 20 s is back within an interval.
func TestGossipPlain(t *testing.T) {
	t.Parallel()
	m := newMixed(t, 2)
	m.gossipOn("")
	for i := 1; i <= 3; i++ {
		m.start(i, "", "")
	}
	m.mesh(forming)
	for i, g := range m.gos {
		g.hears(t, forming, m.others(m.goName(i)))
	}
	m.beamsHear(forming, m.others)

	m.hosts.unplug(3)
	cut := time.Now()
	lost := func() bool {
		return len(m.gos[3].connected()) == 0 && !slices.Contains(m.gos[1].connected(), m.goName(3)) &&
			!slices.Contains(m.gos[2].connected(), m.goName(3))
	}
	eventually(t, 15*time.Second, "the cut-off node is lost", lost)
	for _, b := range m.beams {
		evalWithin(t, 15*time.Second, b, "false", "lists:member('%s', nodes())", m.goName(3))
	}
	time.Sleep(time.Until(cut.Add(20 * time.Second)))
	require.True(t, lost())
	m.hosts.plug(3)
	begin := time.Now()
	m.mesh(gossipInterval)
	t.Logf("back in %v", time.Since(begin).Round(time.Millisecond))

	// A node that stops is not dialled any more, and the BEAMs ignore its goodbye.
	m.gos[3].stop(t)
	delete(m.gos, 3)
	m.mesh(time.Second)
	m.gos[1].hears(t, time.Second, m.others(m.goName(1)))
	for _, b := range m.beams {
		eval(t, b, "true", "maps:get(ignored, gonode_gossip:stats()) >= 1")
	}
}

// TestGossipSecret: with a secret the five find each other, and one that does not know it hears nobody.
func TestGossipSecret(t *testing.T) {
	t.Parallel()
	m := newMixed(t, 2)
	m.gossipOn(`secret => <<"` + gossipSecret + `">>`)
	m.start(1, gossipSecret, "")
	m.start(2, gossipSecret, "")
	m.mesh(forming)
	stranger := m.start(3, "another", "", "-interval", "500ms")
	delete(m.gos, 3)
	m.beamsHear(forming, m.others)
	eventually(t, forming, "the stranger says why it is alone", func() bool {
		return strings.Contains(stranger.stderr.String(), "is the secret the same on all nodes")
	})
	stranger.hears(t, time.Second, nil)
	require.Empty(t, stranger.connected())
	stranger.stop(t)
	m.start(3, gossipSecret, "")
	m.mesh(forming)
	m.beamsHear(forming, m.others)
}

// TestGossipChangeOver goes from a secret to keys, node by node, with the BEAMs on the secret all the time: every node is
// connected to every other after each step, and heard in the frame it speaks.
func TestGossipChangeOver(t *testing.T) {
	t.Parallel()
	m := newMixed(t, 2)
	m.gossipOn(`secret => <<"` + gossipSecret + `">>`)
	for i := 1; i <= 3; i++ {
		m.start(i, gossipSecret, "")
	}
	m.mesh(forming)
	for i := 1; i <= 3; i++ { // both frames
		m.gos[i].stop(t)
		m.start(i, gossipSecret, m.keys, "-frames", "both")
		m.mesh(forming)
		m.gos[i].hears(t, forming, m.others(m.goName(i)))
	}
	m.beamsHear(forming, m.others)
	for i := 1; i <= 3; i++ { // authenticated only: the BEAMs come to it by way of the others
		m.gos[i].stop(t)
		m.start(i, "", m.keys)
		m.mesh(forming)
	}
	for i := 1; i <= 3; i++ {
		onlyGo := slices.DeleteFunc(m.others(m.goName(i)), func(name string) bool { return strings.HasPrefix(name, "beam") })
		m.gos[i].hears(t, forming, onlyGo)
	}
	for _, b := range m.beams {
		require.NotContains(t, b.Log(), "Error in process")
		eval(t, b, "true", "is_map(gonode_gossip:stats())")
	}
}

// TestGossipIPv6: three Go nodes whose gossip is IPv6, which needs no address but that of the link. One whose interface goes
// down and comes back is a member of the group again.
func TestGossipIPv6(t *testing.T) {
	t.Parallel()
	m := newMixed(t, 0)
	for i := 1; i <= 3; i++ {
		m.start(i, "", m.keys, "-group", gossip.DefaultGroupIPv6, "-interval", "1s")
	}
	m.mesh(forming)
	for i, g := range m.gos {
		g.hears(t, forming, m.others(m.goName(i)))
	}
	m.hosts.ip("-n", m.hosts.name(3), "link", "set", "eth0", "down")
	m.gos[1].hears(t, patience, []string{m.goName(2)})
	m.hosts.ip("-n", m.hosts.name(3), "link", "set", "eth0", "up")
	for i, g := range m.gos {
		g.hears(t, forming, m.others(m.goName(i)))
	}
	m.mesh(forming)
}

// TestGossipOnOneHost: two Go strategies and two BEAMs of one host, none connected to any, all get all packets.
func TestGossipOnOneHost(t *testing.T) {
	t.Parallel()
	older, newer := twoReleases(t)
	port := freeUDPPort(t)
	e := beam.StartEPMD(t, newer)
	beams := beam.StartAll(t,
		beam.Options{Release: older, Name: "x@127.0.0.1", Cookie: cookie, EPMDPort: e.Port},
		beam.Options{Release: newer, Name: "y@127.0.0.1", Cookie: cookie, EPMDPort: e.Port})
	for _, b := range beams {
		eval(t, b, "ok", "gonode_gossip:start(#{port => %d, interface => {127, 0, 0, 1}, interval => 500, connect => false})", port)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	var running sync.WaitGroup
	ctx, cancel := context.WithCancelCause(t.Context())
	sets := map[string]chan strategy.Set{}
	for _, name := range []string{"a@127.0.0.1", "b@127.0.0.1"} {
		s := &gossip.Strategy{Self: name, Port: port, MulticastInterfaces: []string{"127.0.0.1"}, Interval: 500 * time.Millisecond, Logger: log}
		out := make(chan strategy.Set)
		sets[name] = out
		running.Go(func() { _ = s.Run(ctx, out) })
	}
	t.Cleanup(func() { cancel(errors.New("over")); running.Wait() })
	all := []string{"a@127.0.0.1", "b@127.0.0.1", "x@127.0.0.1", "y@127.0.0.1"}
	but := func(name string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == name })
	}
	limit := time.After(patience)
	for name, out := range sets {
		for got := []string{}; !slices.Equal(got, but(name)); {
			select {
			case set := <-out:
				got = got[:0]
				for _, n := range set.Nodes {
					got = append(got, n.Name)
				}
			case <-limit:
				require.FailNow(t, "not in time", "%s hears %v", name, got)
			}
		}
	}
	for _, b := range beams {
		evalWithin(t, patience, b, "['"+strings.Join(but(b.Name()), "','")+"']", "gonode_gossip:heard()")
	}
}

func freeUDPPort(t *testing.T) int {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer pc.Close()
	return pc.LocalAddr().(*net.UDPAddr).Port
}

// TestGossipBytes: what Erlang writes is what docs/protocol.md says, and Erlang reads the authenticated frame by that.
func TestGossipBytes(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel()
		b := beam.Start(t, beam.Options{Release: release})
		hexOf := func(expr string) string { return fmt.Sprintf("%X", b.EvalTerm(t, expr)) }
		plain := "68656172746265" + "61743A3A" + "8374000000016400046E6F6465640003614068"
		if release >= "26" {
			plain = "68656172746265" + "61743A3A" + "83740000000177046E6F64657703614068"
		}
		require.Equal(t, plain, hexOf("gonode_gossip:packet(a@h, none)"))
		if release < "26" {
			require.Equal(t, strings.Repeat("00", 16)+"506F109BEAE05DE5DB8C36F0E0274BD3F461C30BD52FE3A275EB88323450E1FB",
				hexOf(`gonode_gossip:packet(a@h, <<"somepassword">>, <<0:128>>)`))
		}
		const authenticated = "676E670147F10273303132333435363738393A3B3C3D3E3F404142434445464748494A4B" +
			"68BDD293B38B2CEFE2BFAE5F1550E0CE58A58F74AF3D571660F27502D7885C07585F2932487A969E"
		const open = "gonode_gossip:open(<<16#%s:608>>, list_to_binary(lists:seq(%d, %d)))"
		eval(t, b, `{1,1700000000000,5000,<<"a@h">>,<<":9100">>}`, open, authenticated, 0, 31)

		// What Go nodes send beside, libcluster ignores: goodbyes and the authenticated frame, with a secret and without.
		for _, secret := range []string{"none", `<<"somepassword">>`} {
			eval(t, b, "ignored", "gonode_gossip:read(<<16#%s:608>>, %s)", authenticated, secret)
			eval(t, b, "ignored", `gonode_gossip:read(<<"goodbye::", (term_to_binary(#{node => a@h}))/binary>>, %s)`, secret)
		}
		sent := packetsOf(t, &gossip.Strategy{Self: "a@h", Secret: gossipSecret})
		eval(t, b, "[{node,a@h},ignored]", `[gonode_gossip:read(P, <<"somepassword">>) || P <- [<<16#%X:%d>>, <<16#%X:%d>>]]`,
			sent[0], 8*len(sent[0]), sent[1], 8*len(sent[1]))
	})
}

// packetsOf returns what s sends when it starts and when it stops.
func packetsOf(t *testing.T, s *gossip.Strategy) [][]byte {
	t.Helper()
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer pc.Close()
	s.Seeds = []string{pc.LocalAddr().String()}
	s.Port, s.BroadcastOnly, s.Groups = freeUDPPort(t), true, []netip.Addr{netip.MustParseAddr("127.255.255.255")}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() { done <- s.Run(ctx, make(chan strategy.Set)) }() // ends with ctx
	var packets [][]byte
	for range 2 {
		b := make([]byte, 2000)
		require.NoError(t, pc.SetReadDeadline(time.Now().Add(patience)))
		n, _, err := pc.ReadFrom(b)
		require.NoError(t, err)
		if len(packets) == 0 {
			cancel()
			<-done
		}
		packets = append(packets, bytes.Clone(b[:n]))
	}
	return packets
}
