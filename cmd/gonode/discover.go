package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/output"
	"gonode/config"
	"gonode/strategy"
)

// discoverFlags is what discover can be told.
type discoverFlags struct {
	config   configFlags
	topology string
	watch    bool
	timeout  time.Duration
	port     portFlags
	log      logFlags
	out      outputFlags
}

// foundLine is a node in the output of discover.
type foundLine struct {
	Change   string `json:"change,omitempty"` // with -w: added or removed
	Node     string `json:"node"`
	Topology string `json:"topology"`
	Strategy string `json:"strategy"`
	Origin   string `json:"origin,omitempty"`  // where the strategy has it from
	Address  string `json:"address,omitempty"` // where it listens; without it epmd says
	Problem  string `json:"problem,omitempty"` // why it is no name of a node
}

func foundView(watch bool) output.View[foundLine] {
	columns := []output.Column[foundLine]{
		{Head: "NODE", Cell: func(f foundLine) string { return f.Node }},
		{Head: "TOPOLOGY", Cell: func(f foundLine) string { return f.Topology }},
		{Head: "STRATEGY", Cell: func(f foundLine) string { return f.Strategy }},
		{Head: "ADDRESS", Cell: func(f foundLine) string { return cmp.Or(f.Address, "-") }},
		{Head: "FROM", Cell: func(f foundLine) string { return cmp.Or(f.Problem, f.Origin, "-") }},
	}
	if watch {
		columns = slices.Insert(columns, 0, output.Column[foundLine]{Head: "CHANGE", Cell: func(f foundLine) string { return f.Change }})
	}
	return output.View[foundLine]{Kind: "nodes", Columns: columns, Name: func(f foundLine) string { return f.Node }}
}

func (a *app) discoverCommand() *cobra.Command {
	f := &discoverFlags{}
	cmd := &cobra.Command{
		Use:   "discover",
		Short: "Show which nodes the strategies find",
		Long: "Discover runs strategies once, prints the nodes that they name, each with where it comes from, and connects to\n" +
			"none of them. With gossip it listens for as long as a heartbeat may take to come, and sends nothing itself.\n" +
			"With -w it goes on, and prints what is added and removed.\n\n" +
			"A strategy that fails, or answers in part, is told of on standard error; the exit code is then that of the first\n" +
			"failure: 5 if it did not answer in time.",
		Example: "  gonode discover --strategy epmd --hosts db1.example.org,db2.example.org\n" +
			"  gonode discover --strategy dns -O query=app.internal -o json\n" +
			"  gonode discover -f /etc/gonode.yaml --topology pods -w",
		Args: takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.discover(cmd.Context(), f, cmd.Flags()); err != nil {
				return fmt.Errorf("discover: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.config.add(fs)
	fs.StringVar(&f.topology, "topology", "", "only the topology of this `name`")
	fs.BoolVarP(&f.watch, "watch", "w", false, "go on, and print what changes")
	addPeriod(fs, &f.timeout, "timeout", 15*time.Second, "how long the strategies may take to answer, without -w")
	f.port.add(fs)
	f.log.add(fs, "off")
	f.out.add(fs)
	return cmd
}

// discover runs strategies and prints what they find.
func (a *app) discover(ctx context.Context, f *discoverFlags, fs *pflag.FlagSet) error {
	c, err := f.config.load(a, fs)
	if err != nil {
		return err
	}
	if err := choose(c, f.topology); err != nil {
		return err
	}
	f.port.port = c.Node.EPMDPort
	port, err := f.port.get(a)
	if err != nil {
		return err
	}
	log, _ := a.logger(&config.Config{LogLevel: f.log.level, LogFormat: f.log.format})
	sources, err := c.Sources(config.Env{Self: c.Node.Name, EPMDPort: port, Logger: log, Silent: true}, nil)
	if err != nil {
		return &usageError{err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := newDiscovery(c, sources)
	wait := d.start(ctx, sources.List())
	defer wait()
	defer cancel()
	if f.watch {
		return a.watchDiscovery(ctx, d, foundView(true).Stream(f.out.printer(a)))
	}
	over := a.busy("asking %d topologies", len(d.topologies))
	err = d.once(ctx, f.timeout)
	over()
	if err := foundView(false).List(f.out.printer(a), d.lines()); err != nil {
		return err
	}
	failed := d.failures(f.timeout)
	for _, e := range failed {
		a.notef("discover: %v", e)
	}
	if len(failed) > 0 {
		return &toldError{failed[0]}
	}
	return err
}

// choose leaves the topology called name in c; all if name is empty.
func choose(c *config.Config, name string) error {
	if len(c.Topologies) == 0 {
		return usagef("there are no topologies: give --strategy, or a file with --config; strategies: %v", config.Strategies())
	}
	if name == "" {
		return nil
	}
	var names []string
	for _, t := range c.Topologies {
		names = append(names, t.Name)
	}
	i := slices.Index(names, name)
	if i < 0 {
		return usagef("there is no topology %q; there is: %v", name, names)
	}
	c.Topologies = c.Topologies[i : i+1]
	return nil
}

// discovery is what strategies have said so far. It belongs to one goroutine, but for said.
type discovery struct {
	topologies []*topologyState
	said       chan saying
}

// topologyState is what one topology has said.
type topologyState struct {
	name, strategy string
	settle         time.Duration // for how long it is listened to
	set            strategy.Set
	spoke          bool
	ended          bool
	err            error // why it has ended
}

// saying is a set, or the end of a strategy.
type saying struct {
	from  int
	set   strategy.Set
	ended bool
	err   error
}

func newDiscovery(c *config.Config, sources *config.Sources) *discovery {
	d := &discovery{said: make(chan saying)}
	for _, t := range c.Topologies {
		d.topologies = append(d.topologies, &topologyState{name: t.Name, strategy: t.Strategy, settle: sources.Settle(t.Name)})
	}
	return d
}

// start runs the strategies until ctx is done. The function it returns waits for their end.
func (d *discovery) start(ctx context.Context, sources []strategy.Source) (wait func()) {
	var tasks sync.WaitGroup
	say := func(s saying) {
		select {
		case d.said <- s:
		case <-ctx.Done():
		}
	}
	for i, source := range sources {
		out := make(chan strategy.Set)
		tasks.Go(func() { // ends with the strategy, and that with ctx
			defer close(out)
			if err := source.Strategy.Run(ctx, out); ctx.Err() == nil {
				say(saying{from: i, ended: true, err: err})
			}
		})
		tasks.Go(func() { // ends with the one above
			for set := range out {
				say(saying{from: i, set: set})
			}
		})
	}
	return tasks.Wait
}

// take notes what a strategy says.
func (d *discovery) take(s saying) {
	t := d.topologies[s.from]
	if s.ended {
		t.ended, t.err = true, s.err
		return
	}
	t.spoke, t.set = true, s.set
}

// answered reports whether t has said all that it has to say for now.
func (t *topologyState) answered(since time.Duration) bool {
	return t.ended || t.spoke && since >= t.settle && !errors.Is(t.set.Partial, strategy.ErrPending)
}

// once waits until all have answered, for as long as timeout.
func (d *discovery) once(ctx context.Context, timeout time.Duration) error {
	began := time.Now()
	late := time.NewTimer(timeout)
	defer late.Stop()
	for {
		var longest time.Duration
		done := true
		for _, t := range d.topologies {
			done = done && t.answered(time.Since(began))
			longest = max(longest, t.settle-time.Since(began))
		}
		if done {
			return nil
		}
		settled := make(<-chan time.Time)
		if longest > 0 {
			settled = time.After(longest)
		}
		select {
		case s := <-d.said:
			d.take(s)
		case <-settled:
		case <-late.C:
			return nil
		case <-ctx.Done():
			return errInterrupted
		}
	}
}

// failures returns what did not go well.
func (d *discovery) failures(timeout time.Duration) []error {
	var all []error
	for _, t := range d.topologies {
		switch err := t.failure(); {
		case err != nil:
			all = append(all, fmt.Errorf("topology %s: %w", t.name, err))
		case !t.spoke && !t.ended && t.settle == 0:
			all = append(all, fmt.Errorf("topology %s: no answer within %v: %w", t.name, timeout, context.DeadlineExceeded))
		}
	}
	return all
}

func (t *topologyState) failure() error {
	switch {
	case t.err != nil:
		return t.err
	case errors.Is(t.set.Partial, strategy.ErrPending):
		return fmt.Errorf("%w: %w", t.set.Partial, context.DeadlineExceeded)
	}
	return t.set.Partial
}

// lines returns the nodes of all topologies.
func (d *discovery) lines() []foundLine {
	var all []foundLine
	for _, t := range d.topologies {
		all = append(all, t.lines()...)
	}
	slices.SortStableFunc(all, func(a, b foundLine) int { return cmp.Compare(a.Node, b.Node) })
	return all
}

func (t *topologyState) lines() []foundLine {
	lines := make([]foundLine, len(t.set.Nodes))
	for i, n := range t.set.Nodes {
		lines[i] = foundLine{Node: n.Name, Topology: t.name, Strategy: t.strategy, Origin: n.Origin, Address: n.Address}
		if err := strategy.CheckName(n.Name); err != nil {
			lines[i].Problem = err.Error()
		}
	}
	return lines
}

// watchDiscovery prints what changes until ctx is done. A strategy that fails is not started again: run does that.
func (a *app) watchDiscovery(ctx context.Context, d *discovery, out *output.Stream[foundLine]) error {
	known := make([][]foundLine, len(d.topologies))
	troubles := make([]string, len(d.topologies))
	for running := len(d.topologies); running > 0; {
		select {
		case s := <-d.said:
			d.take(s)
			t := d.topologies[s.from]
			if err := printDifference(out, known[s.from], t.lines()); err != nil {
				return err
			}
			known[s.from] = t.lines()
			trouble := ""
			if err := t.failure(); err != nil && !errors.Is(err, strategy.ErrPending) {
				trouble = err.Error()
			}
			if trouble != troubles[s.from] && trouble != "" {
				a.notef("discover: topology %s: %s", t.name, trouble)
			}
			troubles[s.from] = trouble
			if s.ended && s.err != nil {
				return &toldError{s.err}
			}
			if s.ended {
				running--
			}
		case <-ctx.Done():
			return nil
		}
	}
	<-ctx.Done()
	return nil
}

// printDifference prints what is in one list and not in the other.
func printDifference(out *output.Stream[foundLine], before, after []foundLine) error {
	for _, change := range []struct {
		name     string
		from, to []foundLine
	}{{"removed", after, before}, {"added", before, after}} {
		for _, line := range change.to {
			if slices.Contains(change.from, line) {
				continue
			}
			line.Change = change.name
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	return nil
}
