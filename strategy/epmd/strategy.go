package epmd

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"gonode/epmd"
	"gonode/strategy"
)

// DefaultInterval is how often hosts are asked, unless Strategy.Interval says otherwise.
const DefaultInterval = 5 * time.Second

// Client asks the epmd of a host which nodes it knows. An *epmd.Client is one.
type Client interface {
	Names(ctx context.Context, host string) ([]epmd.Node, error)
}

// Strategy wants the nodes it is given, and all nodes that run on the hosts it is given. Do not change it while it runs.
type Strategy struct {
	// Nodes are full names, alive@host.
	Nodes []string

	// Hosts are host names or addresses; their epmd is asked which nodes there are. A node is called alive@ and the host
	// as it is written here, so write it as the nodes do. An entry with an @ in it is a node.
	Hosts []string

	// Interval is how often the hosts are asked; 0 means DefaultInterval.
	Interval time.Duration

	// Client asks; nil means an epmd.Client on the default port.
	Client Client

	// Logger hears once of a host that does not answer, and when it does again; nil means silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "epmd", the name of the strategy in logs.
func (*Strategy) String() string { return "epmd" }

// Run implements strategy.Strategy. It returns nil after its only set if there are no hosts to ask, and otherwise the
// cause of ctx. Hosts are asked side by side: one that does not answer holds up no other.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	nodes, hosts := s.entries()
	if len(nodes) > 0 || len(hosts) == 0 {
		if err := send(ctx, out, nodes); err != nil || len(hosts) == 0 {
			return err
		}
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	answers := make(chan answer)
	for _, name := range hosts {
		h := host{name: name, client: s.client(), log: s.logger()}
		asking.Go(func() { h.follow(ctx, s.interval(), answers) }) // owned by Run, ends with ctx
	}
	return merge(ctx, out, nodes, answers)
}

// merge sends nodes and those of all hosts whenever an answer makes a difference.
func merge(ctx context.Context, out chan<- strategy.Set, nodes []strategy.Name, answers <-chan answer) error {
	known := make(map[string][]strategy.Name)
	last := nodes
	for {
		select {
		case a := <-answers:
			known[a.host] = a.nodes
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		set := union(nodes, known)
		if slices.Equal(set, last) {
			continue
		}
		if err := send(ctx, out, set); err != nil {
			return err
		}
		last = set
	}
}

// entries returns the nodes, sorted, and the hosts to be asked, each once.
func (s *Strategy) entries() (nodes []strategy.Name, hosts []string) {
	nodes = slices.Clone(s.Nodes)
	for _, h := range s.Hosts {
		switch {
		case strings.Contains(h, "@"):
			nodes = append(nodes, h)
		case h != "" && !slices.Contains(hosts, h):
			hosts = append(hosts, h)
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes), hosts
}

func (s *Strategy) interval() time.Duration {
	if s.Interval <= 0 {
		return DefaultInterval
	}
	return s.Interval
}

func (s *Strategy) client() Client {
	if s.Client == nil {
		return &epmd.Client{}
	}
	return s.Client
}

func (s *Strategy) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

// union returns nodes and those of all hosts, sorted, each once.
func union(nodes []strategy.Name, known map[string][]strategy.Name) []strategy.Name {
	all := slices.Clone(nodes)
	for _, more := range known {
		all = append(all, more...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func send(ctx context.Context, out chan<- strategy.Set, names []strategy.Name) error {
	return strategy.Send(ctx, out, strategy.Set{Nodes: strategy.Nodes("epmd", names...)})
}
