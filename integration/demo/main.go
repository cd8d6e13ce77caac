// Command demo shows in some seconds what gonode does, with two real Erlang nodes and a Go node on the loopback
// interface: joining, who sees whom, kill -9, and the return. It ends by itself. Run it with `make demo`, which sets
// Erlang up first.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"gonode/epmd"
	"gonode/etf"
	"gonode/events"
	"gonode/integration/beam"
	"gonode/node"
	"gonode/strategy"
	epmdstrategy "gonode/strategy/epmd"
)

const (
	release  = "27"
	cookie   = "secret"
	goName   = "go@127.0.0.1"
	aName    = "a@127.0.0.1"
	bName    = "b@127.0.0.1"
	patience = 30 * time.Second // for the whole demo
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := demo(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, out io.Writer) error {
	lab, err := beam.Open()
	if err != nil {
		return err
	}
	mapper, err := lab.LaunchEPMD(ctx, release)
	if err != nil {
		return err
	}
	defer mapper.Kill()
	s := &stage{out: out, begin: time.Now(), lab: lab, epmd: mapper.Port}

	a, err := s.erlang(ctx, aName)
	if err != nil {
		return err
	}
	defer a.Kill()
	b, err := s.erlang(ctx, bName)
	if err != nil {
		return err
	}
	defer func() { b.Kill() }() // the one that is called b by then

	n, err := s.goNode(ctx)
	if err != nil {
		return err
	}
	defer n.Shutdown(context.WithoutCancel(ctx))
	s.events = s.watch(ctx, n)
	if err := s.joined(ctx, n, a); err != nil {
		return err
	}

	s.say("kill -9 of %s", bName)
	b.Kill()
	if err := s.bothSee(ctx, a, "nodedown"); err != nil {
		return err
	}
	s.say("%s is started again; nobody tells the Go node", bName)
	if b, err = s.erlang(ctx, bName); err != nil {
		return err
	}
	if err := s.bothSee(ctx, a, "nodeup"); err != nil {
		return err
	}
	s.say("the Go node leaves")
	if err := n.Shutdown(ctx); err != nil {
		return err
	}
	return s.ask(ctx, a, "gonode_test:wait(fun() -> nodes() =:= [] end), nodes()")
}

// stage is what the scenes of the demo share.
type stage struct {
	mu     sync.Mutex // for out
	out    io.Writer
	begin  time.Time
	lab    *beam.Lab
	epmd   int
	events <-chan events.Event
}

func (s *stage) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%6.3fs  %s\n", time.Since(s.begin).Seconds(), fmt.Sprintf(format, args...))
}

func (s *stage) erlang(ctx context.Context, name string) (*beam.Node, error) {
	n, err := s.lab.Launch(ctx, beam.Options{Release: release, Name: name, Cookie: cookie, EPMDPort: s.epmd})
	if err == nil {
		s.say("%s: Erlang/OTP %s, process %d", name, release, n.Pid())
	}
	return n, err
}

func (s *stage) goNode(ctx context.Context) (*node.Node, error) {
	n, err := node.Start(ctx, node.Config{
		Name:       goName,
		Cookie:     cookie,
		EPMD:       epmd.External,
		EPMDPort:   s.epmd,
		Strategies: []strategy.Strategy{&epmdstrategy.Strategy{Nodes: []string{aName, bName}}},
	})
	if err == nil {
		s.say("%s: Go, listens on %v", goName, n.Addr())
	}
	return n, err
}

// watch prints the events of n as they come and passes them on. Its goroutine ends with ctx or with the node.
func (s *stage) watch(ctx context.Context, n *node.Node) <-chan events.Event {
	seen := make(chan events.Event, 64) // far more than there will be
	sub := n.Events().Subscribe(ctx)
	go func() {
		for ev := range sub.All() {
			switch ev := ev.(type) {
			case events.NodeUp:
				s.say("    Go sees nodeup %s", ev.Node)
			case events.NodeDown:
				s.say("    Go sees nodedown %s, %s", ev.Node, etf.Format(ev.Reason))
			}
			select {
			case seen <- ev:
			default:
			}
		}
	}()
	return seen
}

// joined waits until both Erlang nodes are there, and shows what each side knows.
func (s *stage) joined(ctx context.Context, n *node.Node, a *beam.Node) error {
	for len(n.Nodes()) < 2 {
		if err := s.await(ctx, ""); err != nil {
			return err
		}
	}
	rtt, err := n.Ping(ctx, aName)
	if err != nil {
		return err
	}
	s.say("%s pings %s: pong in %v", goName, aName, rtt.Round(time.Microsecond))
	for _, expr := range []string{
		"net_adm:ping('" + goName + "')",
		"lists:member('" + goName + "', nodes())",
		// A process on a@ that keeps what it is sent.
		"gonode_test:subscriber(watcher, {cluster_events, '" + goName + "'})",
	} {
		if err := s.ask(ctx, a, expr); err != nil {
			return err
		}
	}
	return nil
}

// bothSee waits until the Go side and the Erlang process on a have got the event about b.
func (s *stage) bothSee(ctx context.Context, a *beam.Node, event string) error {
	if err := s.await(ctx, event); err != nil {
		return err
	}
	msg := fmt.Sprintf("{%s,'%s'}", event, bName)
	got, err := a.Query(ctx, "gonode_test:await_match(watcher, fun(L) -> lists:member("+msg+", L) end, 10000)")
	if err != nil {
		return err
	}
	s.say("    the Erlang process has got %s", got)
	return nil
}

// await waits for the next event about b of that kind; of any kind and node if event is empty.
func (s *stage) await(ctx context.Context, event string) error {
	for {
		select {
		case ev := <-s.events:
			up, isUp := ev.(events.NodeUp)
			down, isDown := ev.(events.NodeDown)
			switch {
			case event == "",
				event == "nodeup" && isUp && up.Node == bName,
				event == "nodedown" && isDown && down.Node == bName:
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("no event %s: %w", event, ctx.Err())
		}
	}
}

// ask evaluates an Erlang expression on a node and shows it with its value.
func (s *stage) ask(ctx context.Context, n *beam.Node, expr string) error {
	value, err := n.Query(ctx, expr)
	if err != nil {
		return err
	}
	s.say("%s: %s -> %s", n.Name(), expr, value)
	return nil
}
