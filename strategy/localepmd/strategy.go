package localepmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gonode/epmd"
	"gonode/strategy"
	"gonode/strategy/internal/poll"
)

// DefaultInterval is how often epmd is asked, unless Strategy.Interval says otherwise.
const DefaultInterval = 5 * time.Second

// After this time an epmd that has come back is believed when it knows fewer nodes than before: nodes look for a new epmd
// every few seconds.
const grace = 30 * time.Second

// maxNames is how many nodes are taken.
const maxNames = 1000

// Client asks the epmd of a host which nodes it knows. An *epmd.Client is one.
type Client interface {
	Names(ctx context.Context, host string) ([]epmd.Node, error)
}

// Strategy wants all nodes of this host. Do not change it while it runs.
type Strategy struct {
	// Self is the name of the own node, alive@host; the others are taken to have the same host. Required.
	Self string

	// Interval is how often epmd is asked; 0 means DefaultInterval.
	Interval time.Duration

	// Client asks; nil means an epmd.Client on the default port. It is asked for 127.0.0.1, and if nobody listens there
	// for ::1.
	Client Client

	// Logger hears of the coming and going of epmd; nil means silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "local-epmd", the name of the strategy in logs.
func (*Strategy) String() string { return "local-epmd" }

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none.
func (s *Strategy) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: "local-epmd", Field: field, Problem: problem})
	}
	if err := strategy.CheckName(s.Self); err != nil {
		add("Self", "want the name of the own node: "+strings.TrimPrefix(err.Error(), "strategy: "))
	}
	if s.Interval < 0 {
		add("Interval", fmt.Sprintf("%v is negative: want a time such as 5s, or 0 for %v", s.Interval, DefaultInterval))
	}
	return errors.Join(errs...)
}

// Run implements strategy.Strategy. It sends a set after every answer.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	_, host, _ := strings.Cut(s.Self, "@")
	a := asker{client: s.Client, host: host}
	if a.client == nil {
		a.client = &epmd.Client{}
	}
	loop := poll.Loop{Source: "epmd of this host", Interval: cmp.Or(s.Interval, DefaultInterval), Logger: s.Logger, Ask: a.ask}
	return loop.Run(ctx, out)
}

// asker asks epmd.
type asker struct {
	client Client
	host   string

	gone   bool      // it did not answer the last time
	back   time.Time // when it answered again; zero if it was never gone
	before int       // nodes it knew when it went
	last   int       // nodes it knew last
}

func (a *asker) ask(ctx context.Context) (poll.Answer, error) {
	found, err := a.names(ctx)
	if err != nil {
		if !a.gone {
			a.gone, a.before = true, a.last
		}
		return poll.Answer{}, err
	}
	if a.gone {
		a.gone, a.back = false, time.Now()
	}
	answer := poll.Answer{Nodes: a.nodes(found)}
	a.last = len(answer.Nodes)
	if a.last < a.before && time.Since(a.back) < grace {
		answer.Partial = fmt.Errorf("epmd has come back and knows %d nodes, %d before: the others may register again", a.last, a.before)
	}
	return answer, nil
}

// names asks on one loopback address or the other.
func (a *asker) names(ctx context.Context) ([]epmd.Node, error) {
	found, err := a.client.Names(ctx, "127.0.0.1")
	var failed *epmd.Error
	if err == nil || !errors.As(err, &failed) || failed.Reason != epmd.ReasonNoServer && failed.Reason != epmd.ReasonUnreachable {
		return found, err
	}
	if found, err6 := a.client.Names(ctx, "::1"); err6 == nil {
		return found, nil
	}
	return nil, err
}

func (a *asker) nodes(found []epmd.Node) []strategy.Node {
	names := make([]strategy.Name, 0, len(found))
	for _, n := range found {
		names = append(names, n.Name+"@"+a.host)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return strategy.Nodes("epmd of this host", names[:min(len(names), maxNames)]...)
}
