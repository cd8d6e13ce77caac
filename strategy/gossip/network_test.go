package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/strategy"
)

// These run on real sockets of the loopback interface.

const patience = 10 * time.Second

// freePort returns a UDP port that nobody has.
func freePort(t testing.TB) int {
	t.Helper()
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer pc.Close()
	return pc.LocalAddr().(*net.UDPAddr).Port
}

// local is a strategy on the loopback interface.
func local(t testing.TB, port int, self string, change ...func(*Strategy)) *Strategy {
	s := &Strategy{Self: self, Port: port, MulticastInterfaces: []string{"127.0.0.1"}, Interval: 100 * time.Millisecond,
		Expire: time.Minute, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range change {
		f(s)
	}
	return s
}

// running is a strategy that runs, with the newest set it sent.
type running struct {
	*Strategy
	mu   sync.Mutex
	set  strategy.Set
	news chan struct{}
	stop func() error
}

func start(t testing.TB, s *Strategy) *running {
	t.Helper()
	r := &running{Strategy: s, news: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancelCause(context.Background())
	out, done := make(chan strategy.Set), make(chan error, 1)
	go func() { done <- s.Run(ctx, out) }() // ends with stop
	go func() {                             // ends with stop
		for {
			select {
			case set := <-out:
				r.mu.Lock()
				r.set = set
				r.mu.Unlock()
				wake(r.news)
			case <-ctx.Done():
				return
			}
		}
	}()
	r.stop = sync.OnceValue(func() error {
		cancel(errStopped)
		return <-done
	})
	t.Cleanup(func() { r.stop() })
	return r
}

var errStopped = errors.New("stopped")

func (r *running) nodes() (nodes []strategy.Node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.set.Nodes)
}

func (r *running) names() string {
	var names []string
	for _, n := range r.nodes() {
		names = append(names, n.Name)
	}
	return strings.Join(names, " ")
}

// sees waits until the set is of these names.
func (r *running) sees(t testing.TB, want string) {
	t.Helper()
	limit := time.After(patience)
	for r.names() != want {
		select {
		case <-r.news:
		case <-limit:
			require.FailNow(t, "not seen in time", "%s sees %q, want %q; %+v", r.Self, r.names(), want, r.Stats())
		}
	}
}

// TestSeveralOnOneHost: all of several nodes of a host hear each other, with whatever frames and ways of sending.
func TestSeveralOnOneHost(t *testing.T) {
	keys := []Key{NewKey()}
	for name, change := range map[string]func(*Strategy){
		"plain":             func(*Strategy) {},
		"secret":            func(s *Strategy) { s.Secret = "x" },
		"authenticated":     func(s *Strategy) { s.Keys = keys; s.Address = ":9100" },
		"both":              func(s *Strategy) { s.Keys = keys; s.Frames = FramesBoth },
		"libcluster's":      func(s *Strategy) { s.Groups = []netip.Addr{netip.MustParseAddr(LibclusterGroup)} },
		"two groups":        func(s *Strategy) { s.Groups = addrs(DefaultGroup, LibclusterGroup) },
		"interface address": func(s *Strategy) { s.InterfaceAddress = netip.MustParseAddr("127.0.0.1"); s.MulticastInterfaces = nil },
		"broadcast":         func(s *Strategy) { s.BroadcastOnly = true },
		"broadcast address": func(s *Strategy) { s.BroadcastOnly = true; s.Groups = addrs("127.255.255.255") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := freePort(t)
			a := start(t, local(t, port, "a@h", change))
			b := start(t, local(t, port, "b@h", change))
			c := start(t, local(t, port, "c@h", change))
			listener := start(t, local(t, port, "", change))
			a.sees(t, "b@h c@h")
			b.sees(t, "a@h c@h")
			c.sees(t, "a@h b@h")
			listener.sees(t, "a@h b@h c@h")
			node := listener.nodes()[0]
			origin := netip.MustParseAddrPort(strings.TrimPrefix(node.Origin, "gossip from "))
			require.EqualValues(t, port, origin.Port())
			if a.Address != "" {
				require.Equal(t, origin.Addr().String()+":9100", node.Address)
			}
			require.ErrorIs(t, a.stop(), errStopped, "it does not crash")
			b.sees(t, "c@h")
			listener.sees(t, "b@h c@h")
			require.Positive(t, b.Stats().Dropped[DropOwn])
			require.Zero(t, b.Stats().Dropped[DropClaimed])
			require.Positive(t, b.Stats().Goodbyes)
			require.Zero(t, listener.Stats().Sent)
		})
	}
}

func addrs(texts ...string) (a []netip.Addr) {
	for _, text := range texts {
		a = append(a, netip.MustParseAddr(text))
	}
	return a
}

// TestUnicastSeeds: with no multicast at all, a node that is somebody's seed is told of it.
func TestUnicastSeeds(t *testing.T) {
	port := freePort(t)
	seeded := start(t, local(t, port, "a@h", func(s *Strategy) { s.MulticastInterfaces = []string{"no such interface"} }))
	other := start(t, local(t, freePort(t), "b@h", func(s *Strategy) { s.Seeds = []string{fmt.Sprintf("127.0.0.1:%d", port)} }))
	seeded.sees(t, "b@h")
	require.Empty(t, other.names())
	require.NoError(t, func() error { other.mu.Lock(); defer other.mu.Unlock(); return other.set.Partial }())
}

// TestChangeOver: from a secret to keys node by node, and nobody is lost at any time.
func TestChangeOver(t *testing.T) {
	port, keys := freePort(t), []Key{NewKey()}
	secret := func(s *Strategy) { s.Secret = "x"; s.Expire = 2 * time.Second }
	both := func(s *Strategy) { secret(s); s.Keys, s.Frames = keys, FramesBoth }
	authenticated := func(s *Strategy) { s.Expire, s.Keys = 2*time.Second, keys }
	watcher := start(t, local(t, port, "", both))
	a, b := start(t, local(t, port, "a@h", secret)), start(t, local(t, port, "b@h", secret))
	watcher.sees(t, "a@h b@h")
	for _, step := range []func(*Strategy){both, authenticated} {
		for _, r := range []**running{&a, &b} {
			name := (*r).Self
			(*r).stop()
			*r = start(t, local(t, port, name, step))
			a.sees(t, "b@h")
			b.sees(t, "a@h")
			watcher.sees(t, "a@h b@h")
		}
	}
	require.Zero(t, watcher.Stats().Dropped[DropUnknown])
}

// TestListen shows what is on the wire, whatever it is, without a word.
func TestListen(t *testing.T) {
	port, keys := freePort(t), []Key{NewKey()}
	start(t, local(t, port, "a@h", func(s *Strategy) { s.Keys, s.Frames, s.Secret = keys, FramesBoth, "x" }))
	start(t, local(t, port, "b@h"))
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port)) // the last that came gets what is sent to one
	require.NoError(t, err)
	defer conn.Close()

	listen := func(s *Strategy, want ...string) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		missing := map[string]bool{}
		for _, w := range want {
			missing[w] = true
		}
		for p, err := range s.Listen(ctx) {
			require.NoError(t, err)
			require.Positive(t, p.Size)
			if p.From.Port() == uint16(port) {
				require.Equal(t, DefaultGroup, p.To.String())
				require.NotEmpty(t, p.Interface)
			}
			text := fmt.Sprintf("%s %s %s %v", p.Frame, p.Kind, p.Node, p.Err == nil)
			if why, ok := p.Err.(Drop); ok {
				text = fmt.Sprintf("%s %s %s %s", p.Frame, p.Kind, p.Node, why.String())
			}
			if delete(missing, text); len(missing) == 0 {
				break
			}
			if p.From.Port() == uint16(port) {
				_, err := conn.Write([]byte("nonsense"))
				require.NoError(t, err)
			}
		}
		require.Empty(t, missing)
		require.Zero(t, s.Stats().Sent)
		require.Positive(t, s.Stats().Heartbeats+s.Stats().Dropped[DropUnknown])
	}
	listen(local(t, port, ""), "plain heartbeat b@h true", "unknown none  unknown", "authenticated none  key")
	listen(local(t, port, "", func(s *Strategy) { s.Keys, s.Frames, s.Secret = keys, FramesBoth, "x" }),
		"secret heartbeat a@h true", "authenticated heartbeat a@h true", "plain heartbeat b@h refused", "unknown none  unknown")
}

// TestHostileNetwork: floods, nonsense and our own name do no more than be counted.
func TestHostileNetwork(t *testing.T) {
	port := freePort(t)
	a := start(t, local(t, port, "a@h", func(s *Strategy) { s.MaxRate = 100 }))
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	defer conn.Close()
	send := func(b []byte) {
		_, err := conn.Write(b)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return a.Stats().Sent > 0 }, patience, time.Millisecond)
	before := a.Stats().Received
	giant := append([]byte(heartbeatPrefix), 131, 116, 0, 0, 0, 1, 100, 255, 255)
	for _, b := range [][]byte{nil, []byte("heartbeat::"), giant, make([]byte, 9000), appendPlain(nil, message{kind: Heartbeat, node: "a@h"}),
		appendPlain(nil, message{kind: Heartbeat, node: "no name"}), appendPlain(nil, message{kind: Goodbye, node: "b@h"})} {
		send(b)
	}
	require.Eventually(t, func() bool { return a.Stats().Received >= before+7 }, patience, time.Millisecond)
	b := start(t, local(t, port, "b@h", func(s *Strategy) { s.MaxRate = 100 })) // is what gets packets to the address from now on
	b.sees(t, "a@h")
	require.Eventually(t, func() bool {
		d := a.Stats().Dropped
		return d[DropUnknown] == 1 && d[DropMalformed] == 2 && d[DropOversized] == 1 && d[DropName] == 1 && d[DropOwn] > 0
	}, patience, time.Millisecond, "%v", a.Stats())

	for i := range 5000 {
		send(appendPlain(nil, message{kind: Heartbeat, node: fmt.Sprintf("n%d@h", i)}))
	}
	require.Eventually(t, func() bool { return b.Stats().Dropped[DropLimited] > 0 }, patience, time.Millisecond)
	require.LessOrEqual(t, b.Stats().Nodes, DefaultMaxNodes/4)
	accounted := func() bool {
		s := b.Stats()
		sum := s.Heartbeats + s.Goodbyes
		for _, n := range s.Dropped {
			sum += n
		}
		return sum == s.Received
	}
	require.Eventually(t, accounted, patience, time.Millisecond, "every packet is accounted for")
}

// TestClaimed: a packet with our name from an address that is not ours is somebody else's.
func TestClaimed(t *testing.T) {
	set, err := local(t, 1, "a@h").settings()
	require.NoError(t, err)
	n := &network{s: set}
	n.view.Store(&view{local: map[netip.Addr]bool{netip.MustParseAddr("10.0.0.1"): true}})
	r := &receiver{n: n, socket: &socket{}, codec: set.codec(&replay{})}
	b := appendPlain(nil, message{kind: Heartbeat, node: "a@h"})
	require.ErrorIs(t, r.packet(b, nil, netip.MustParseAddrPort("10.0.0.1:45892")).Err, DropOwn)
	require.ErrorIs(t, r.packet(b, nil, netip.MustParseAddrPort("10.0.0.2:45892")).Err, DropClaimed)
	require.True(t, n.claimed.Load())
}

// TestElsewhere: a socket gets what other programs of the host have joined; that is not ours.
func TestElsewhere(t *testing.T) {
	group, other, self := netip.MustParseAddr(DefaultGroup), netip.MustParseAddr(LibclusterGroup), netip.MustParseAddr("10.0.0.1")
	v := &view{joined: map[membership]bool{{group, 2}: true}}
	require.False(t, v.elsewhere(group, 2, netip.Addr{}))
	require.True(t, v.elsewhere(group, 3, netip.Addr{}), "another interface")
	require.True(t, v.elsewhere(other, 2, netip.Addr{}), "another group")
	require.False(t, v.elsewhere(self, 3, netip.Addr{}), "unicast")
	require.False(t, v.elsewhere(netip.Addr{}, 0, netip.Addr{}), "the system does not tell")
	v.only = 2
	require.True(t, v.elsewhere(netip.MustParseAddr("10.0.1.1"), 3, self))
	require.False(t, v.elsewhere(self, 1, self), "from the host itself, to the address")
	require.False(t, v.elsewhere(self, 2, self))
}

func TestPortTaken(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "0.0.0.0:0") // and not shared
	require.NoError(t, err)
	defer taken.Close()
	port := taken.LocalAddr().(*net.UDPAddr).Port
	s := local(t, port, "a@h")
	err = s.Run(t.Context(), make(chan strategy.Set))
	var failed *NetworkError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, fmt.Sprintf("listen on UDP port %d", port))
	require.ErrorContains(t, err, "ss -ulpn")
	for _, err := range s.Listen(t.Context()) {
		require.ErrorAs(t, err, &failed)
	}
}

func TestNoSuchInterface(t *testing.T) {
	log := &logged{}
	s := local(t, freePort(t), "a@h", func(s *Strategy) {
		s.MulticastInterfaces = []string{"nope0"}
		s.Logger = slog.New(slog.NewTextHandler(log, nil))
	})
	r := start(t, s)
	<-r.news
	r.mu.Lock()
	defer r.mu.Unlock()
	require.ErrorContains(t, r.set.Partial, "nowhere to send to")
	require.ErrorContains(t, r.set.Partial, "give seeds")
	require.Equal(t, 1, log.count("find the interface nope0"))
	require.Equal(t, 1, log.count("these are: "))
}

func TestInvalidSettings(t *testing.T) {
	s := &Strategy{Self: "nobody"}
	require.ErrorContains(t, s.Run(t.Context(), nil), "own name")
	for _, err := range s.Listen(t.Context()) {
		require.ErrorContains(t, err, "own name")
	}
}

func TestListenEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range local(t, freePort(t), "").Listen(ctx) {
		require.Fail(t, "nothing comes")
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want []string
	}{
		{listenError(45892, os.ErrPermission), []string{"listen on UDP port 45892", "rights"}},
		{joinError(DefaultGroup, "eth0", syscallError("no such device")), []string{"join 230.1.1.251 on eth0", "seeds", "broadcast only", "DNS"}},
		{joinError(DefaultGroup, "eth0", syscallError("no buffer space")), []string{"igmp_max_memberships"}},
		{sendError("230.1.1.251:45892 on eth0", syscallError("unreachable")), []string{"send to 230.1.1.251:45892 on eth0", "no route", "containers", "DNS"}},
		{sendError("10.0.0.1:45892", os.ErrPermission), []string{"firewall"}},
	} {
		for _, want := range c.want {
			require.Contains(t, strings.ToLower(c.err.Error()), strings.ToLower(want))
		}
	}
}

func TestInterfaces(t *testing.T) {
	make := func(index int, name string, flags net.Flags, cidrs ...string) iface {
		var as []net.Addr
		for _, c := range cidrs {
			ip, n, err := net.ParseCIDR(c)
			require.NoError(t, err)
			as = append(as, &net.IPNet{IP: ip, Mask: n.Mask})
		}
		return newIface(&net.Interface{Index: index, Name: name, Flags: flags}, as)
	}
	const up = net.FlagUp
	all := []iface{
		make(1, "lo", up|net.FlagLoopback, "127.0.0.1/8", "::1/128"),
		make(2, "eth0", up|net.FlagMulticast|net.FlagBroadcast, "10.1.2.3/22", "fe80::1/64"),
		make(3, "bridged", up|net.FlagMulticast),
		make(4, "tun0", up|net.FlagPointToPoint, "10.9.0.1/32"),
		make(5, "eth1", up|net.FlagMulticast, "fd00::1/64"),
	}
	names := func(chosen []iface, missing []string) string {
		var texts []string
		for _, f := range chosen {
			texts = append(texts, f.net.Name)
		}
		return strings.Join(append(texts, missing...), " ")
	}
	require.Equal(t, "eth0 eth1", names(choose(all, nil, net.FlagMulticast)), "not the loopback, not what has no address")
	require.Equal(t, "lo", names(choose(all[:1], nil, net.FlagMulticast)), "unless there is nothing else")
	require.Equal(t, "lo", names(choose([]iface{all[0], all[3]}, nil, net.FlagMulticast)))
	require.Equal(t, "eth1 lo eth0 wlan0", names(choose(all, []string{"eth1", "127.0.0.1", "wlan0", "10.1.2.3", "eth0"}, net.FlagMulticast)))
	require.Equal(t, "10.1.3.255", all[1].broadcast.String())
	require.Equal(t, "127.255.255.255", all[0].broadcast.String())
	require.False(t, all[3].broadcast.IsValid())
}

// TestDeadHost: an engine that is fed by gossip dials the others while one does not answer, and leaves no goroutine.
func TestDeadHost(t *testing.T) {
	port := freePort(t)
	for _, name := range []string{"dead@h", "b@h", "c@h"} {
		start(t, local(t, port, name))
	}
	dialled := make(chan string, 10)
	engine := strategy.New(strategy.Config{
		Self:    "a@h",
		Sources: strategy.Sources(local(t, port, "a@h")),
		Connector: strategy.ConnectFunc(func(ctx context.Context, to strategy.Node) error {
			if to.Name == "dead@h" {
				<-ctx.Done()
				return ctx.Err()
			}
			dialled <- to.Name
			return nil
		}),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); engine.Run(ctx) }() // ends with ctx
	got := map[string]bool{}
	for limit := time.After(patience); len(got) < 2; {
		select {
		case name := <-dialled:
			got[name] = true
		case <-limit:
			require.FailNow(t, "not in time", "%v", got)
		}
	}
	cancel()
	<-ended
}

// TestReplayOnTheWire: an authenticated packet that is taken from the network and sent again is worth nothing, while its
// node is there and when it has left.
func TestReplayOnTheWire(t *testing.T) {
	keys := []Key{NewKey()}
	port := freePort(t)
	b := start(t, local(t, port, "b@h", func(s *Strategy) { s.Keys = keys }))
	require.Eventually(t, func() bool { return b.Stats().Sent > 0 }, patience, time.Millisecond)
	tap, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer tap.Close()
	a := start(t, local(t, freePort(t), "a@h", func(s *Strategy) {
		s.Keys, s.Interval, s.Seeds = keys, time.Minute, []string{tap.LocalAddr().String()}
	}))
	tapped := func() []byte {
		buf := make([]byte, maxPacket)
		require.NoError(t, tap.SetReadDeadline(time.Now().Add(patience)))
		n, _, err := tap.ReadFrom(buf)
		require.NoError(t, err)
		return buf[:n]
	}
	replay := func(packet []byte, want uint64) {
		_, err := tap.WriteTo(packet, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return b.Stats().Dropped[DropReplayed] == want }, patience, time.Millisecond)
	}
	heartbeat := tapped()
	replay(heartbeat, 0)
	b.sees(t, "a@h")
	replay(heartbeat, 1)
	a.stop()
	goodbye := tapped()
	replay(goodbye, 1)
	b.sees(t, "")
	replay(heartbeat, 2)
	replay(goodbye, 3)
	require.Empty(t, b.names())
}
