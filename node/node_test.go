package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/epmd"
	"gonode/etf"
	"gonode/events"
)

// Two Go nodes talk to each other here; integration/ has the same with real Erlang.

const patience = 5 * time.Second

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// start starts a node that is shut down at the end of the test.
func start(t *testing.T, name string, epmdPort int, change ...func(*Config)) *Node {
	t.Helper()
	cfg := Config{Name: name, Cookie: "secret", EPMDPort: epmdPort, Logger: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&cfg)
	}
	n, err := Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, shutdown(n)) })
	return n
}

func shutdown(n *Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return n.Shutdown(ctx)
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// next returns the next event of kind E.
func next[E events.Event](t *testing.T, sub *events.Subscription) E {
	t.Helper()
	for {
		ev, err := sub.Next(within(t))
		require.NoError(t, err)
		if e, ok := ev.(E); ok {
			return e
		}
	}
}

// recorder is an actor that hands on what it gets.
type recorder struct {
	act.Actor
	got chan any
}

func (r *recorder) HandleMessage(_ gen.PID, message any) error {
	r.got <- message
	return nil
}

func (r *recorder) HandleCall(_ gen.PID, _ gen.Ref, request any) (any, error) {
	if request == gen.Atom("crash") {
		return nil, errors.New("crashed")
	}
	return etf.Tuple{gen.Atom("echo"), request}, nil
}

// record starts a recorder under name.
func record(t *testing.T, n *Node, name gen.Atom) (gen.PID, <-chan any) {
	t.Helper()
	got := make(chan any, 1000)
	pid, err := n.Runtime().SpawnRegister(name, func() gen.ProcessBehavior { return &recorder{got: got} }, gen.ProcessOptions{})
	require.NoError(t, err)
	return pid, got
}

// task is an actor that does one thing and stays.
type task struct {
	act.Actor
	do  func(*task) error
	got chan any
}

type begin struct{}

func (a *task) Init(...any) error { return a.Send(a.PID(), begin{}) }

func (a *task) HandleMessage(_ gen.PID, message any) error {
	if _, ok := message.(begin); ok {
		return a.do(a)
	}
	a.got <- message
	return nil
}

// run has an actor do something, and returns what it gets after that.
func run(t *testing.T, n *Node, do func(*task) error) <-chan any {
	t.Helper()
	got := make(chan any, 1000)
	_, err := n.Runtime().Spawn(func() gen.ProcessBehavior { return &task{do: do, got: got} }, gen.ProcessOptions{})
	require.NoError(t, err)
	return got
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-within(t).Done():
		var zero T
		require.FailNow(t, "nothing came")
		return zero
	}
}

func TestConnect(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	subA, subB := a.Events().Subscribe(t.Context()), b.Events().Subscribe(t.Context())

	require.NoError(t, a.Connect(within(t), "b@127.0.0.1"))
	require.NoError(t, a.Connect(within(t), "b@127.0.0.1"), "again")
	peers := a.Nodes()
	require.Len(t, peers, 1)
	require.Equal(t, "b@127.0.0.1", peers[0].Name)
	require.Equal(t, b.Creation(), peers[0].Creation)
	require.False(t, peers[0].Hidden)
	require.False(t, peers[0].Inbound)
	require.Equal(t, dist.Visible, peers[0].Flags)

	require.Equal(t, "b@127.0.0.1", next[events.NodeUp](t, subA).Node)
	up := next[events.NodeUp](t, subB)
	require.Equal(t, "a@127.0.0.1", up.Node)
	require.Equal(t, a.Creation(), up.Creation)
	require.True(t, b.Nodes()[0].Inbound)

	rtt, err := a.Ping(within(t), "b@127.0.0.1")
	require.NoError(t, err)
	require.Positive(t, rtt)

	require.True(t, a.Disconnect("b@127.0.0.1"))
	require.Equal(t, dist.ReasonDisconnect, next[events.NodeDown](t, subA).Reason)
	require.Equal(t, dist.ReasonConnectionClosed, next[events.NodeDown](t, subB).Reason)
	require.False(t, a.Disconnect("b@127.0.0.1"))
}

// TestBothDialAtOnce: one link a round, whoever is first.
func TestBothDialAtOnce(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	sub := a.Events().Subscribe(t.Context())
	for round := range 100 {
		var dials sync.WaitGroup
		var errA, errB error
		dials.Go(func() { errA = a.Connect(within(t), b.Name()) })
		dials.Go(func() { errB = b.Connect(within(t), a.Name()) })
		dials.Wait()
		require.NoError(t, errA, "round %d", round)
		require.NoError(t, errB, "round %d", round)
		require.Equal(t, b.Name(), next[events.NodeUp](t, sub).Node)
		a.Disconnect(b.Name())
		require.Equal(t, dist.ReasonDisconnect, next[events.NodeDown](t, sub).Reason, "round %d", round)
		require.Eventually(t, func() bool { return len(b.Nodes()) == 0 }, patience, time.Millisecond)
		require.Empty(t, a.Nodes())
	}
}

func TestHidden(t *testing.T) {
	port := freePort(t)
	a := start(t, "a@127.0.0.1", port, func(c *Config) { c.Hidden = true })
	b := start(t, "b@127.0.0.1", port)
	require.NoError(t, a.Connect(within(t), b.Name()))
	require.True(t, a.Nodes()[0].Hidden)
	require.True(t, next[events.NodeUp](t, b.Events().Subscribe(t.Context())).Hidden)
}

func TestConnectErrors(t *testing.T) {
	port := freePort(t)
	a := start(t, "a@127.0.0.1", port)
	start(t, "other@127.0.0.1", port, func(c *Config) { c.Cookie = "another" })
	for name, test := range map[string]struct {
		peer  string
		stage Stage
		is    error
		text  string
	}{
		"no name":      {"nonsense", StageName, nil, "nonsense"},
		"itself":       {"a@127.0.0.1", StageName, nil, "itself"},
		"short name":   {"b@localhost", StageName, nil, "long"},
		"unknown":      {"nobody@127.0.0.1", StageAddress, epmd.ErrNotFound, "nobody"},
		"wrong cookie": {"other@127.0.0.1", StageHandshake, dist.ErrCookie, "cookie"},
	} {
		t.Run(name, func(t *testing.T) {
			err := a.Connect(within(t), test.peer)
			ce, ok := errors.AsType[*ConnectError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, test.stage, ce.Stage)
			require.Equal(t, test.peer, ce.Node)
			require.ErrorContains(t, err, test.text)
			require.NotContains(t, err.Error(), "secret")
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}
	require.Empty(t, a.Nodes())
}

// TestCookies: a cookie of its own for one peer, in both directions.
func TestCookies(t *testing.T) {
	port := freePort(t)
	own := func(peer string) func(*Config) {
		return func(c *Config) { c.Cookies = map[string]string{peer: "theirs"} }
	}
	a := start(t, "a@127.0.0.1", port, own("b@127.0.0.1"))
	b := start(t, "b@127.0.0.1", port, own("a@127.0.0.1"))
	c := start(t, "c@127.0.0.1", port)
	require.NoError(t, a.Connect(within(t), b.Name()))
	require.NoError(t, c.Connect(within(t), a.Name()))
	require.True(t, a.Disconnect(b.Name()))
	require.NoError(t, b.Connect(within(t), a.Name()))
	d := start(t, "d@127.0.0.1", port, own("a@127.0.0.1"))
	require.ErrorIs(t, d.Connect(within(t), a.Name()), dist.ErrCookie)
	require.Eventually(t, func() bool { return a.Stats().HandshakesFailed == 1 }, patience, time.Millisecond)
}

// TestUnsent: what finds nobody, or a full mailbox, is counted.
func TestUnsent(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	stuck := make(chan any)
	_, err := b.Runtime().SpawnRegister("slow", func() gen.ProcessBehavior { return &recorder{got: stuck} },
		gen.ProcessOptions{MailboxSize: 5})
	require.NoError(t, err)
	run(t, a, func(p *task) error {
		for range 20 {
			if err := p.Send(gen.ProcessID{Name: "slow", Node: "b@127.0.0.1"}, gen.Atom("x")); err != nil {
				return err
			}
		}
		return p.Send(gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"}, gen.Atom("x"))
	})
	require.Eventually(t, func() bool { return b.Stats().Undelivered == 1 }, patience, time.Millisecond)
	lost := b.Stats().MailboxFull
	require.NotZero(t, lost)
	for range 20 - lost {
		receive(t, stuck)
	}
}

func TestNameTaken(t *testing.T) {
	port := freePort(t)
	start(t, "a@127.0.0.1", port)
	_, err := Start(t.Context(), Config{Name: "a@127.0.0.1", Cookie: "secret", EPMDPort: port})
	_, ok := errors.AsType[*epmd.TakenError](err)
	require.True(t, ok, "%v", err)
}

// TestManySendersOneDial: 100 actors that send to one new node at once make one connection and lose nothing.
func TestManySendersOneDial(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	_, got := record(t, b, "sink")
	const actors, each = 100, 10
	for i := range actors {
		run(t, a, func(p *task) error {
			for j := range each {
				if err := p.Send(gen.ProcessID{Name: "sink", Node: "b@127.0.0.1"}, etf.Tuple{int64(i), int64(j)}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	nextOf := make(map[int64]int64)
	for range actors * each {
		m := receive(t, got).(etf.Tuple)
		from, j := m[0].(int64), m[1].(int64)
		require.Equal(t, nextOf[from], j, "in order")
		nextOf[from]++
	}
	require.EqualValues(t, 1, a.linkIDs.Load(), "connections made")
}

func TestCall(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	pid, _ := record(t, b, "server")
	pid = abroad(b, pid)
	result := run(t, a, func(p *task) error {
		for _, to := range []any{gen.ProcessID{Name: "server", Node: "b@127.0.0.1"}, pid} {
			reply, err := p.Call(to, etf.Tuple{gen.Atom("q"), int64(1)})
			p.got <- fmt.Sprint(etf.Format(reply), " ", err)
		}
		_, err := p.Call(gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"}, gen.Atom("x"))
		p.got <- err
		_, err = p.Call(gen.ProcessID{Name: "server", Node: "gone@127.0.0.1"}, gen.Atom("x"))
		p.got <- err
		_, err = p.Call(pid, gen.Atom("crash"))
		p.got <- err
		return nil
	})
	require.Equal(t, "{echo,{q,1}} <nil>", receive(t, result))
	require.Equal(t, "{echo,{q,1}} <nil>", receive(t, result))
	require.ErrorIs(t, receive(t, result).(error), gen.ErrProcessUnknown)
	require.ErrorIs(t, receive(t, result).(error), gen.ErrNoConnection)
	require.ErrorContains(t, receive(t, result).(error), "crashed")
}

func TestMonitorNode(t *testing.T) {
	port := freePort(t)
	a := start(t, "a@127.0.0.1", port)
	b, err := Start(t.Context(), Config{Name: "b@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	ready := make(chan error, 1)
	got := run(t, a, func(p *task) error {
		if err := p.MonitorNode("nobody@127.0.0.1"); err != nil {
			return err
		}
		ready <- p.MonitorNode("b@127.0.0.1")
		return nil
	})
	require.NoError(t, receive(t, ready))
	require.Equal(t, gen.MessageDownNode{Name: "nobody@127.0.0.1"}, receive(t, got))
	require.NoError(t, a.Connect(within(t), "b@127.0.0.1"))
	require.NoError(t, shutdown(b))
	require.Equal(t, gen.MessageDownNode{Name: "b@127.0.0.1"}, receive(t, got))
}

func TestMonitorProcess(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a@127.0.0.1", port), start(t, "b@127.0.0.1", port)
	local, _ := record(t, b, "watched")
	pid := abroad(b, local)
	ready := make(chan error, 2)
	got := run(t, a, func(p *task) error {
		p.SetTrapExit(true)
		ready <- p.MonitorPID(pid)
		ready <- p.MonitorProcessID(gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"})
		return nil
	})
	require.NoError(t, receive(t, ready))
	require.NoError(t, receive(t, ready))
	require.ErrorIs(t, receive(t, got).(gen.MessageDownProcessID).Reason, gen.ErrProcessUnknown)
	require.NoError(t, b.Runtime().SendExit(local, &ExitReason{Term: etf.Tuple{gen.Atom("my"), gen.Atom("reason")}}))
	down := receive(t, got).(gen.MessageDownPID)
	require.Equal(t, pid, down.PID)
	require.Equal(t, "{my,reason}", down.Reason.Error())
}

func TestTakeOverOfEPMD(t *testing.T) {
	port := freePort(t)
	first, err := Start(t.Context(), Config{Name: "a@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	start(t, "b@127.0.0.1", port)
	require.NoError(t, shutdown(first))
	c := start(t, "c@127.0.0.1", port)
	require.Eventually(t, func() bool { return c.Connect(within(t), "b@127.0.0.1") == nil }, patience, 50*time.Millisecond)
}

func TestShutdown(t *testing.T) {
	port := freePort(t)
	a := start(t, "a@127.0.0.1", port)
	b := start(t, "b@127.0.0.1", port)
	require.NoError(t, a.Connect(within(t), b.Name()))
	sub := b.Events().Subscribe(t.Context())
	var once sync.WaitGroup
	for range 3 {
		once.Go(func() { require.NoError(t, shutdown(a)) })
	}
	once.Wait()
	require.Equal(t, a.Name(), next[events.NodeDown](t, sub).Node)
	<-a.Done()
	require.Error(t, a.Connect(within(t), b.Name()))
	require.False(t, a.Runtime().IsAlive())
}

func TestConfigErrors(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("ERL_EPMD_PORT", "")
	for name, test := range map[string]struct {
		cfg  Config
		text string
	}{
		"name":         {Config{Name: "x"}, "name"},
		"cookie":       {Config{Cookie: "a☃"}, "255"},
		"listen":       {Config{Cookie: "c", Listen: "nonsense"}, "host:port"},
		"listen range": {Config{Cookie: "c", Listen: "127.0.0.1:9-5"}, "9-5"},
		"host":         {Config{Cookie: "c", Name: "a@no.such.host.invalid"}, "resolved"},
	} {
		t.Run(name, func(t *testing.T) {
			test.cfg.EPMD = epmd.None
			_, err := Start(t.Context(), test.cfg)
			require.ErrorContains(t, err, test.text)
		})
	}
	t.Setenv("ERL_EPMD_PORT", "x")
	_, err := Config{}.complete()
	require.ErrorContains(t, err, "ERL_EPMD_PORT")
	t.Setenv("ERL_EPMD_PORT", "")
	require.NoError(t, os.WriteFile(filepath.Join(home, ".erlang.cookie"), []byte("fromhome\n"), 0o400))
	cfg, err := Config{}.complete()
	require.NoError(t, err)
	require.Equal(t, "fromhome", cfg.Cookie)
	require.Equal(t, DefaultName, cfg.Name)
}

func TestListenRange(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	spec := fmt.Sprintf("127.0.0.1:%d-%d", port, port+20)
	n := start(t, "a@127.0.0.1", 0, func(c *Config) { c.EPMD = epmd.None; c.Listen = spec })
	require.Greater(t, n.Addr().(*net.TCPAddr).Port, port)
	require.GreaterOrEqual(t, n.Creation(), uint32(4))
	_, err = Start(t.Context(), Config{Name: "b@127.0.0.1", Cookie: "c", EPMD: epmd.None, Listen: fmt.Sprintf("127.0.0.1:%d", port)})
	require.ErrorContains(t, err, "no free port")
}

// TestSilence: without a logger nothing is printed, not even by Ergo, whose default is a banner and log lines.
func TestSilence(t *testing.T) {
	stdout, stderr := os.Stdout, os.Stderr
	t.Cleanup(func() { os.Stdout, os.Stderr = stdout, stderr })
	file, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	require.NoError(t, err)
	defer file.Close()
	os.Stdout, os.Stderr = file, file
	port := freePort(t)
	a, err := Start(t.Context(), Config{Name: "a@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	b := start(t, "b@127.0.0.1", port)
	require.NoError(t, b.Connect(within(t), a.Name()))
	run(t, a, func(p *task) error { return p.Send(gen.ProcessID{Name: "x", Node: "b@127.0.0.1"}, gen.Atom("x")) })
	require.NoError(t, shutdown(a))
	printed, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Empty(t, string(printed))
}
