package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"gonode/strategy"
	"gonode/strategy/internal/poll"
)

// The defaults of Strategy.
const (
	DefaultInterval    = 5 * time.Second
	DefaultMinInterval = time.Second
)

// Strategy wants the nodes whose hosts the DNS knows. Do not change it while it runs.
type Strategy struct {
	// Queries are asked side by side; the set is the nodes of all. At least one is required.
	Queries []Query

	// Self is the name of the own node, alive@host.
	Self string

	// Basename is the part before the @ of the nodes, for queries that have none of their own; empty means that of Self.
	Basename string

	// Interval is the time between questions, unless the time to live of the records says something else; up to a tenth
	// longer at random. 0 means DefaultInterval.
	Interval time.Duration

	// MinInterval and MaxInterval bound what the time to live may say. 0 means DefaultMinInterval (but no more than
	// Interval), and Interval (but no less than MinInterval): nothing makes the wait longer than Interval, unless
	// MaxInterval allows it. Records that are not to be kept, with a time to live of 0, say nothing.
	MinInterval, MaxInterval time.Duration

	// Resolver asks the DNS; nil means a Client with the servers of resolv.conf.
	Resolver Resolver

	// Logger hears of names that do not exist or have no records, and of servers that do not answer; nil means silence.
	Logger *slog.Logger

	preset string // the name, if it is not "dns"
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns the name of the strategy in logs: "dns", "kubernetes-dns" or "kubernetes-dns-srv".
func (s *Strategy) String() string { return cmp.Or(s.preset, "dns") }

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none. It does not ask
// the DNS.
func (s *Strategy) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: s.String(), Field: field, Problem: problem})
	}
	if len(s.Queries) == 0 {
		add("Queries", "is missing: give at least one name in the DNS to ask for")
	}
	if s.Self != "" && strategy.CheckName(s.Self) != nil {
		add("Self", fmt.Sprintf("%.60q is not the name of a node", s.Self))
	}
	if s.Basename != "" && strategy.CheckName(s.Basename+"@h") != nil {
		add("Basename", fmt.Sprintf("%.60q is not the part of a node's name before the @", s.Basename))
	}
	for i, q := range s.Queries {
		problems := q.problems()
		if s.basename(q) == "" {
			problems["Basename"] = "is missing: give one here or for all queries, or the name of the own node"
		}
		for _, field := range slices.Sorted(maps.Keys(problems)) {
			add(fmt.Sprintf("Queries[%d].%s", i, field), problems[field])
		}
	}
	s.checkIntervals(add)
	return errors.Join(errs...)
}

func (s *Strategy) checkIntervals(add func(field, problem string)) {
	for _, f := range []struct {
		field string
		value time.Duration
	}{{"Interval", s.Interval}, {"MinInterval", s.MinInterval}, {"MaxInterval", s.MaxInterval}} {
		if f.value < 0 {
			add(f.field, fmt.Sprintf("%v is negative: want a time such as 5s, or 0 for the default", f.value))
		}
	}
	if s.MaxInterval > 0 && s.MinInterval > s.MaxInterval {
		add("MinInterval", fmt.Sprintf("%v is more than MaxInterval, %v", s.MinInterval, s.MaxInterval))
	}
}

// basename is the part before the @ of the nodes of q.
func (s *Strategy) basename(q Query) string {
	own, _, _ := strings.Cut(s.Self, "@")
	return cmp.Or(q.Basename, s.Basename, own)
}

// wait is how long to wait after an answer with that time to live.
func (s *Strategy) wait(ttl time.Duration) time.Duration {
	interval := cmp.Or(s.Interval, DefaultInterval)
	if ttl <= 0 {
		return interval
	}
	least := cmp.Or(s.MinInterval, min(DefaultMinInterval, interval))
	most := cmp.Or(s.MaxInterval, max(interval, least))
	return min(max(ttl, least), most)
}

// Run implements strategy.Strategy. It sends a set after every round of questions.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	resolver, log := s.Resolver, s.Logger
	if resolver == nil {
		resolver = &Client{}
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	askers := make([]*asker, len(s.Queries))
	for i, q := range s.Queries {
		askers[i] = &asker{query: q, basename: s.basename(q), resolver: resolver, log: log}
	}
	loop := poll.Loop{
		Source: "DNS", Interval: cmp.Or(s.Interval, DefaultInterval), Spread: true, Logger: log,
		Ask: func(ctx context.Context) (poll.Answer, error) { return s.round(ctx, askers), nil },
	}
	return loop.Run(ctx, out)
}

// round asks all queries once.
func (s *Strategy) round(ctx context.Context, askers []*asker) poll.Answer {
	answers := make([]result, len(askers))
	sideBySide(len(askers), func(i int) { answers[i] = askers[i].ask(ctx) })
	var all poll.Answer
	var ttl time.Duration
	var lacks []error
	for _, a := range answers {
		all.Nodes = append(all.Nodes, a.nodes...)
		ttl = shorter(ttl, a.ttl)
		lacks = append(lacks, a.err)
	}
	if all.Partial = errors.Join(lacks...); all.Partial != nil {
		ttl = 0
	}
	all.Wait = s.wait(ttl)
	return all
}

// shorter returns the shorter time to live; 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
