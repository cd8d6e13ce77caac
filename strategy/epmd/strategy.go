package epmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none.
func (s *Strategy) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: "epmd", Field: field, Problem: problem})
	}
	for i, n := range s.Nodes {
		if err := strategy.CheckName(n); err != nil {
			add(fmt.Sprintf("Nodes[%d]", i), strings.TrimPrefix(err.Error(), "strategy: "))
		}
	}
	for i, h := range s.Hosts {
		name := h
		if !strings.Contains(h, "@") {
			name = "a@" + h
		}
		if err := strategy.CheckName(name); err != nil {
			add(fmt.Sprintf("Hosts[%d]", i), fmt.Sprintf("%.60q is neither a host nor a node", h))
		}
	}
	if s.Interval < 0 {
		add("Interval", fmt.Sprintf("%v is negative: want a time such as 5s, or 0 for %v", s.Interval, DefaultInterval))
	}
	return errors.Join(errs...)
}

// Run implements strategy.Strategy. It returns nil after its only set if there are no hosts to ask, and otherwise the
// cause of ctx. Hosts are asked side by side: one that does not answer holds up no other. Names that are none are left to
// the engine to report.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	nodes, hosts := s.entries()
	if len(hosts) == 0 {
		return strategy.Send(ctx, out, strategy.Set{Nodes: nodes})
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	answers := make(chan answer)
	for _, name := range hosts {
		h := host{name: name, client: s.client(), log: s.logger()}
		asking.Go(func() { h.follow(ctx, s.interval(), answers) }) // owned by Run, ends with ctx
	}
	return newUnion(nodes, hosts).run(ctx, s.interval(), answers, out)
}

// entries returns the nodes, sorted, and the hosts to be asked, each once.
func (s *Strategy) entries() (nodes []strategy.Node, hosts []string) {
	names := slices.Clone(s.Nodes)
	for _, h := range s.Hosts {
		switch {
		case strings.Contains(h, "@"):
			names = append(names, h)
		case h != "" && !slices.Contains(hosts, h):
			hosts = append(hosts, h)
		}
	}
	slices.Sort(names)
	return strategy.Nodes("list", slices.Compact(names)...), hosts
}

func (s *Strategy) interval() time.Duration {
	return cmp.Or(max(s.Interval, 0), DefaultInterval)
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
