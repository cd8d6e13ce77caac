package erlanghosts

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
	hosts "gonode/strategy/epmd"
)

// DefaultInterval is how often the file is read and the hosts are asked, unless Strategy.Interval says otherwise.
const DefaultInterval = 5 * time.Second

// Client asks the epmd of a host which nodes it knows. An *epmd.Client is one.
type Client interface {
	Names(ctx context.Context, host string) ([]epmd.Node, error)
}

// Strategy wants all nodes of the hosts in a .hosts.erlang file. Do not change it while it runs.
type Strategy struct {
	// Self is the name of the own node, alive@host. If its host has no dot or colon, neither have those of the others.
	// Empty leaves the hosts as they are in the file.
	Self string

	// File is the path of the file; empty means that it is looked for: in the working directory, Home and Root.
	File string

	// Home is the home directory; empty means that of the user who runs this.
	Home string

	// Root is the root folder of an Erlang installation (code:root_dir()); empty means that there is none.
	Root string

	// Interval is how often the file is read and the hosts are asked; 0 means DefaultInterval.
	Interval time.Duration

	// Client asks; nil means an epmd.Client on the default port.
	Client Client

	// Logger hears of a file that can't be read and of hosts that do not answer; nil means silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "erlang-hosts", the name of the strategy in logs.
func (*Strategy) String() string { return "erlang-hosts" }

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none. It does not look
// for the file.
func (s *Strategy) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: "erlang-hosts", Field: field, Problem: problem})
	}
	if s.Self != "" {
		if err := strategy.CheckName(s.Self); err != nil {
			add("Self", strings.TrimPrefix(err.Error(), "strategy: "))
		}
	}
	if s.Interval < 0 {
		add("Interval", fmt.Sprintf("%v is negative: want a time such as 5s, or 0 for %v", s.Interval, DefaultInterval))
	}
	return errors.Join(errs...)
}

// Run implements strategy.Strategy. It reads the file at the interval, and has the hosts asked meanwhile.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	r := &runner{strategy: s, short: short(s.Self), log: s.Logger, out: out}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r.run(ctx)
}

// short reports whether a node is among short names. With no name it is not.
func short(self string) bool {
	_, host, found := strings.Cut(self, "@")
	return found && !strings.ContainsAny(host, ".:")
}

// runner is a strategy that runs.
type runner struct {
	strategy *Strategy
	short    bool
	log      *slog.Logger
	out      chan<- strategy.Set

	hosts   []string // that are asked; nil: no file was read yet
	path    string
	trouble error // why the hosts may not be those of the file
	asking  *asking
	sets    chan strategy.Set // of asking
}

// asking is a strategy that asks some hosts.
type asking struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func (a *asking) stop() {
	if a != nil {
		a.cancel()
		<-a.done
	}
}

func (r *runner) run(ctx context.Context) error {
	interval := cmp.Or(r.strategy.Interval, DefaultInterval)
	finder := r.strategy.finder()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	defer func() { r.asking.stop() }()
	for {
		found, path, err := finder.find(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.take(ctx, found, path, err)
		if r.asking == nil {
			if err := strategy.Send(ctx, r.out, strategy.Set{Partial: r.trouble}); err != nil {
				return err
			}
		}
		if err := r.forward(ctx, ticker.C); err != nil {
			return err
		}
	}
}

// take has the hosts asked that the file names now.
func (r *runner) take(ctx context.Context, found []string, path string, err error) {
	switch {
	case err != nil && (r.trouble == nil || r.trouble.Error() != err.Error()):
		r.log.Warn("the hosts can't be read, those that were read before stay", "error", err)
	case err == nil && (r.trouble != nil || r.path != path):
		r.log.Info("hosts read", "file", path, "hosts", len(found))
	}
	if r.trouble = err; err != nil {
		return
	}
	r.path = path
	if r.asking != nil && slices.Equal(r.hosts, found) {
		return
	}
	r.hosts = found
	r.asking.stop()
	askCtx, cancel := context.WithCancel(ctx)
	a := &asking{cancel: cancel, done: make(chan struct{})}
	s := &hosts.Strategy{Hosts: found, Interval: r.strategy.Interval, Client: r.strategy.Client, Logger: r.log}
	sets := make(chan strategy.Set)
	go func() { // owned by the runner, ends with askCtx
		defer close(a.done)
		_ = s.Run(askCtx, sets) // the end of the context, or no hosts
	}()
	r.asking, r.sets = a, sets
}

// forward hands sets on until it is time to read the file.
func (r *runner) forward(ctx context.Context, again <-chan time.Time) error {
	for {
		select {
		case set := <-r.sets:
			if err := strategy.Send(ctx, r.out, r.rename(set)); err != nil {
				return err
			}
		case <-again:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// rename gives the nodes of a set the names that they have for the own node.
func (r *runner) rename(set strategy.Set) strategy.Set {
	set.Partial = errors.Join(r.trouble, set.Partial)
	if !r.short {
		return set
	}
	for i, n := range set.Nodes {
		alive, host, _ := strings.Cut(n.Name, "@")
		host, _, _ = strings.Cut(host, ".")
		set.Nodes[i].Name = alive + "@" + host
	}
	return set
}
