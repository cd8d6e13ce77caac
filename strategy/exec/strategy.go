package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gonode/strategy"
	"gonode/strategy/internal/poll"
	"gonode/strategy/nodelist"
)

// The defaults of Strategy.
const (
	DefaultInterval = 10 * time.Second
	DefaultTimeout  = 10 * time.Second
)

// Strategy wants the nodes that a program prints. Do not change it while it runs.
type Strategy struct {
	// Command is the program and its arguments, such as {"consul-nodes", "-tag", "erlang"}. A program without a slash is
	// looked for in $PATH. No shell reads it; for one, run {"sh", "-c", "..."}. Required.
	Command []string

	// Interval is the time between the end of one run and the start of the next; 0 means DefaultInterval.
	Interval time.Duration

	// Timeout is how long a run may take; then the program and all it has started are killed. 0 means DefaultTimeout.
	Timeout time.Duration

	// Dir is the working directory; empty means that of this process.
	Dir string

	// Env is the program's environment, each NAME=value; nil means that of this process.
	Env []string

	// Logger hears when the program fails, and when that is over; nil means silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "exec", the name of the strategy in logs.
func (*Strategy) String() string { return "exec" }

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none. It does not
// look for the program.
func (s *Strategy) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: "exec", Field: field, Problem: problem})
	}
	if len(s.Command) == 0 || s.Command[0] == "" {
		add("Command", "is missing: give a program and its arguments, each on its own")
	}
	if s.Interval < 0 {
		add("Interval", fmt.Sprintf("%v is negative: want a time such as 10s, or 0 for %v", s.Interval, DefaultInterval))
	}
	if s.Timeout < 0 {
		add("Timeout", fmt.Sprintf("%v is negative: want a time such as 10s, or 0 for %v", s.Timeout, DefaultTimeout))
	}
	for i, e := range s.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			add(fmt.Sprintf("Env[%d]", i), "want NAME=value") // not the text, which may be a secret
		}
	}
	return errors.Join(errs...)
}

// Run implements strategy.Strategy. It sends a set after every run of the program.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	source := "program " + s.Command[0]
	loop := poll.Loop{
		Source: source, Interval: cmp.Or(s.Interval, DefaultInterval), Spread: true, Logger: s.Logger,
		Ask: func(ctx context.Context) (poll.Answer, error) {
			output, err := s.output(ctx)
			if err != nil {
				return poll.Answer{}, err
			}
			nodes, err := nodelist.Parse(output)
			if err != nil {
				return poll.Answer{}, fmt.Errorf("output of %s: %w", s.Command[0], err)
			}
			for i := range nodes {
				nodes[i].Origin = source
			}
			return poll.Answer{Nodes: nodes}, nil
		},
	}
	return loop.Run(ctx, out)
}
