// Command convergence measures how many Go nodes in one process and some BEAMs find each other by gossip on the loopback
// interface, and what the cluster costs when it is idle: time until everybody is connected to everybody, memory, CPU,
// wake-ups and packets a node. It prints a table for docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"gonode/epmd"
	"gonode/integration/beam"
	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/gossip"
)

// options are the flags.
type options struct {
	nodes, beams int
	release      string
	interval     time.Duration
	idle, limit  time.Duration
	keys         bool
	only         bool
}

func main() {
	var o options
	flag.IntVar(&o.nodes, "nodes", 50, "Go nodes")
	flag.IntVar(&o.beams, "beams", 4, "BEAMs")
	flag.StringVar(&o.release, "otp", "25", "Erlang/OTP release of the BEAMs")
	flag.DurationVar(&o.interval, "interval", gossip.DefaultInterval, "longest time between two heartbeats of a node")
	flag.DurationVar(&o.idle, "idle", time.Minute, "how long to watch the idle cluster")
	flag.DurationVar(&o.limit, "limit", 2*time.Minute, "how long the mesh may take")
	flag.BoolVar(&o.keys, "both", false, "Go nodes speak the authenticated frame as well")
	flag.BoolVar(&o.only, "strategies", false, "run the gossip strategies alone, without nodes: all hear all, nobody connects")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "convergence:", err)
		os.Exit(1)
	}
}

// cluster is all nodes.
type cluster struct {
	o        options
	epmd     int // its port
	port     int // of gossip
	cookie   string
	gos      []*node.Node
	gossips  []*gossip.Strategy
	running  sync.WaitGroup // with -strategies
	beams    []*beam.Node
	closers  []func()
	baseline usage // of the process, before the Go nodes
}

func measure(ctx context.Context, o options, out io.Writer) (err error) {
	c := &cluster{o: o, cookie: "convergence"}
	defer func() { err = errors.Join(err, c.stop()) }()
	if c.epmd, err = beam.FreePort(); err != nil {
		return err
	}
	if c.port, err = freeUDPPort(); err != nil {
		return err
	}
	if err := c.startBeams(ctx); err != nil {
		return err
	}
	debug.FreeOSMemory()
	c.baseline = now()
	begin := time.Now()
	if err := c.startNodes(ctx); err != nil {
		return err
	}
	started := time.Since(begin)
	if err := c.wait(ctx, begin); err != nil {
		return err
	}
	meshed := time.Since(begin)
	return c.report(ctx, out, started, meshed)
}

func freeUDPPort() (int, error) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer pc.Close()
	return pc.LocalAddr().(*net.UDPAddr).Port, nil
}

// startBeams starts epmd and the BEAMs, which begin to gossip.
func (c *cluster) startBeams(ctx context.Context) error {
	if c.o.beams == 0 {
		return nil // the first of the Go nodes is epmd as well
	}
	lab, err := beam.Open()
	if err != nil {
		return err
	}
	e, err := lab.LaunchEPMD(ctx, c.o.release)
	if e != nil {
		c.closers = append(c.closers, e.Kill)
	}
	if err != nil {
		return err
	}
	c.epmd = e.Port
	for i := range c.o.beams {
		b, err := lab.Launch(ctx, beam.Options{Release: c.o.release, Name: fmt.Sprintf("beam%d@127.0.0.1", i+1), Cookie: c.cookie, EPMDPort: e.Port})
		if err != nil {
			return err
		}
		c.beams = append(c.beams, b)
		c.closers = append(c.closers, b.Kill)
		if _, err := b.Query(ctx, fmt.Sprintf("ok = gonode_gossip:start(#{port => %d, interface => {127, 0, 0, 1}, interval => %d})",
			c.port, c.o.interval.Milliseconds())); err != nil {
			return err
		}
	}
	return nil
}

// startNodes starts the Go nodes one after the other, in one process.
func (c *cluster) startNodes(ctx context.Context) error {
	key := gossip.NewKey()
	for i := range c.o.nodes {
		name := fmt.Sprintf("go%d@127.0.0.1", i+1)
		s := &gossip.Strategy{Self: name, Port: c.port, MulticastInterfaces: []string{"127.0.0.1"}, Interval: c.o.interval}
		if c.o.keys {
			s.Keys, s.Frames = []gossip.Key{key}, gossip.FramesBoth
		}
		if c.o.only {
			c.run(ctx, s)
			continue
		}
		n, err := node.Start(ctx, node.Config{Name: name, Cookie: c.cookie, EPMDPort: c.epmd, EPMD: epmd.Auto,
			Strategies: []strategy.Strategy{s}})
		if err != nil {
			return err
		}
		c.gos, c.gossips = append(c.gos, n), append(c.gossips, s)
	}
	return nil
}

// run runs a strategy that no node has.
func (c *cluster) run(ctx context.Context, s *gossip.Strategy) {
	ctx, cancel := context.WithCancel(ctx)
	out, done := make(chan strategy.Set), make(chan error, 1)
	c.gossips = append(c.gossips, s)
	c.closers = append(c.closers, cancel)
	c.running.Go(func() { done <- s.Run(ctx, out) }) // owned by stop
	c.running.Go(func() {                            // ends with Run
		for {
			select {
			case <-out:
			case <-done:
				return
			}
		}
	})
}

// stop ends all nodes.
func (c *cluster) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	errs := make([]error, len(c.gos))
	var stopping sync.WaitGroup
	for i, n := range c.gos {
		stopping.Go(func() { errs[i] = n.Shutdown(ctx) }) // owned by stop
	}
	stopping.Wait()
	for _, f := range slices.Backward(c.closers) {
		f()
	}
	c.running.Wait()
	return errors.Join(errs...)
}

// wait waits until everybody is connected to everybody.
func (c *cluster) wait(ctx context.Context, begin time.Time) error {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		missing, err := c.missing(ctx)
		switch {
		case err != nil:
			return err
		case missing == 0:
			return nil
		case time.Since(begin) > c.o.limit:
			return fmt.Errorf("after %v %d connections are missing", c.o.limit, missing)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// missing counts the ends of connections that are not there. The BEAMs are asked when the Go nodes are complete.
func (c *cluster) missing(ctx context.Context) (n int, err error) {
	peers := c.o.nodes + c.o.beams - 1
	if c.o.only {
		for _, s := range c.gossips {
			n += peers - s.Stats().Nodes
		}
		return n, nil
	}
	for _, g := range c.gos {
		n += peers - len(g.Nodes())
	}
	if n > 0 {
		return n, nil
	}
	for _, b := range c.beams {
		text, err := b.Query(ctx, "length(nodes())")
		if err != nil {
			return 0, err
		}
		has, err := strconv.Atoi(text)
		if err != nil {
			return 0, err
		}
		n += peers - has
	}
	return n, nil
}

// packets sums what all strategies have sent and received.
func (c *cluster) packets() (sent, received uint64) {
	for _, s := range c.gossips {
		stats := s.Stats()
		sent, received = sent+stats.Sent, received+stats.Received
	}
	return sent, received
}

// report watches the idle cluster and prints the table.
func (c *cluster) report(ctx context.Context, out io.Writer, started, meshed time.Duration) error {
	debug.FreeOSMemory()
	before, goroutines := now(), runtime.NumGoroutine()
	sent, received := c.packets()
	select {
	case <-time.After(c.o.idle):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	after := now()
	sentAfter, receivedAfter := c.packets()
	if missing, err := c.missing(ctx); err != nil || missing > 0 {
		return fmt.Errorf("%d connections were lost while the cluster was idle: %w", missing, err)
	}
	nodes := float64(c.o.nodes)
	perSecond := func(n float64) float64 { return n / nodes / c.o.idle.Seconds() }
	fmt.Fprintf(out, "%d Go nodes in one process and %d BEAMs (OTP %s), heartbeats every %v at most, on %d cores\n\n",
		c.o.nodes, c.o.beams, c.o.release, c.o.interval, runtime.NumCPU())
	fmt.Fprintln(out, "| what | |\n|---|---|")
	row := func(what, format string, args ...any) {
		fmt.Fprintf(out, "| %s | %s |\n", what, fmt.Sprintf(format, args...))
	}
	row("all nodes started after", "%.1f s", started.Seconds())
	mesh := "full mesh after"
	if c.o.only {
		mesh = "all hear all after"
	}
	row(mesh, "%.1f s", meshed.Seconds())
	row("memory a Go node (resident)", "%.2f MiB", float64(before.resident-c.baseline.resident)/nodes/(1<<20))
	row("Go heap a Go node, touched or not", "%.2f MiB", float64(before.heap-c.baseline.heap)/nodes/(1<<20))
	row("goroutines a Go node", "%.0f", float64(goroutines)/nodes)
	row("CPU of an idle Go node", "%.2f ms/s", perSecond(1e3*(after.cpu-before.cpu).Seconds()))
	row("wake-ups of an idle Go node", "%.0f /s", perSecond(float64(after.switches-before.switches)))
	row("gossip packets sent", "%.1f /s", perSecond(float64(sentAfter-sent)))
	row("gossip packets received", "%.1f /s", perSecond(float64(receivedAfter-received)))
	return nil
}
