package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gonode/strategy"
	"gonode/strategy/internal/poll"
	"gonode/strategy/internal/textfile"
	"gonode/strategy/nodelist"
)

// DefaultInterval is how often the file is read, unless Strategy.Interval says otherwise.
const DefaultInterval = time.Second

// Strategy wants the nodes that a file lists. Do not change it while it runs.
type Strategy struct {
	// Path is the file: a regular file or a link to one, of at most 1 MiB. Required.
	Path string

	// Interval is how often it is read; 0 means DefaultInterval.
	Interval time.Duration

	// Logger hears when the file can't be read or has an error in it, and when that is over; nil means silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "file", the name of the strategy in logs.
func (*Strategy) String() string { return "file" }

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none. It does not look
// at the file.
func (s *Strategy) Check() error {
	var errs []error
	if s.Path == "" {
		errs = append(errs, &strategy.FieldError{Strategy: "file", Field: "Path", Problem: "is missing: give the path of a list of nodes"})
	}
	if s.Interval < 0 {
		errs = append(errs, &strategy.FieldError{Strategy: "file", Field: "Interval",
			Problem: fmt.Sprintf("%v is negative: want a time such as 1s, or 0 for %v", s.Interval, DefaultInterval)})
	}
	return errors.Join(errs...)
}

// Run implements strategy.Strategy. It sends a set after every reading.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	source := "file " + s.Path
	file := textfile.File{Path: s.Path, Max: nodelist.MaxBytes}
	loop := poll.Loop{Source: source, Interval: s.Interval, Logger: s.Logger, Ask: func(ctx context.Context) (poll.Answer, error) {
		data, err := file.Read(ctx)
		if err != nil {
			return poll.Answer{}, err
		}
		nodes, err := nodelist.Parse(data)
		if err != nil {
			return poll.Answer{}, fmt.Errorf("%s: %w", s.Path, err)
		}
		for i := range nodes {
			nodes[i].Origin = source
		}
		return poll.Answer{Nodes: nodes}, nil
	}}
	if loop.Interval == 0 {
		loop.Interval = DefaultInterval
	}
	return loop.Run(ctx, out)
}
