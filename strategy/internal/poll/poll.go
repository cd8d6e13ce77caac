package poll

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"gonode/strategy"
)

// MaxNodes is how many nodes a set has at most, those that are kept though they are missing included.
const MaxNodes = 10_000

// Answer is what the source has said.
type Answer struct {
	Nodes   []strategy.Node
	Partial error         // why nodes may be lacking; nil if all is known
	Wait    time.Duration // until the source is asked again; 0 leaves that to the Loop
}

// Loop asks a source. Source, Interval and Ask are needed.
type Loop struct {
	// Source is what is asked, for the log: "file /etc/nodes".
	Source string

	// Interval is the time between an answer and the next question.
	Interval time.Duration

	// Spread makes each wait up to a tenth longer at random, so that nodes that started together do not ask together.
	Spread bool

	// Ask asks once. It is called from Run only, and returns when ctx is done.
	Ask func(ctx context.Context) (Answer, error)

	// Logger hears of trouble; nil means silence.
	Logger *slog.Logger
}

// Run asks and sends until ctx is done, and returns the cause.
func (l *Loop) Run(ctx context.Context, out chan<- strategy.Set) error {
	r := reporter{source: l.Source, log: l.Logger}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var last []strategy.Node
	for {
		answer, err := l.Ask(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		set := merge(last, answer, err)
		last = set.Nodes
		r.report(set, time.Now())
		set.Nodes = slices.Clone(last)
		if err := strategy.Send(ctx, out, set); err != nil {
			return err
		}
		select {
		case <-time.After(l.wait(answer)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *Loop) wait(a Answer) time.Duration {
	wait := cmp.Or(a.Wait, l.Interval)
	if l.Spread {
		wait += time.Duration(rand.Float64() * float64(wait) / 10)
	}
	return wait
}

// merge returns the set after an answer; last are the nodes of the set before.
func merge(last []strategy.Node, a Answer, err error) strategy.Set {
	switch {
	case err != nil:
		return strategy.Set{Nodes: last, Partial: err}
	case a.Partial != nil:
		return strategy.Set{Nodes: Union(a.Nodes, last), Partial: a.Partial}
	}
	return strategy.Set{Nodes: Union(a.Nodes)}
}

// Union returns the nodes of all lists sorted by name, each name once: the first list that has it says where it listens
// and where it came from, within a list one with an address. Of more than MaxNodes it takes the first.
func Union(lists ...[]strategy.Node) []strategy.Node {
	at := make(map[strategy.Name]int)
	var all []strategy.Node
	for _, list := range lists {
		start := len(all)
		for _, n := range list {
			i, known := at[n.Name]
			switch {
			case known && i >= start && all[i].Address == "" && n.Address != "":
				all[i] = n
			case !known && len(all) < MaxNodes:
				at[n.Name] = len(all)
				all = append(all, n)
			}
		}
	}
	slices.SortFunc(all, func(a, b strategy.Node) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
