package strategy

import (
	"context"
	"log/slog"
	"time"
)

// Connector connects to nodes.
type Connector interface {
	// Connect connects to the node called name, and returns nil if it is connected, however that came about. It is called
	// for several names at once, for one name only one call at a time. It returns when ctx is done.
	Connect(ctx context.Context, name Name) error
}

// ConnectFunc is a function as a Connector.
type ConnectFunc func(ctx context.Context, name Name) error

// Connect implements Connector.
func (f ConnectFunc) Connect(ctx context.Context, name Name) error { return f(ctx, name) }

// Config says what an Engine does. Connector is required.
type Config struct {
	// Self is the own name, which is never dialled.
	Self Name

	// Sources are the strategies; the engine acts on the union of what they want. Two of the same name get a number.
	Sources []Source

	// Connector makes the connections.
	Connector Connector

	// MaxDials is how many dials are under way at most. 0 means 16.
	MaxDials int

	// DialTimeout bounds one dial. 0 means 30 s.
	DialTimeout time.Duration

	// MinBackoff and MaxBackoff are the first and the longest wait after a dial that failed; it doubles in between, give or
	// take a fifth. 0 means 250 ms and 15 s. A node that was up in the last minute waits less than 1 s.
	MinBackoff, MaxBackoff time.Duration

	// Logger hears of nodes that can't be reached, of names that are none, and of strategies that fail; nil means silence.
	Logger *slog.Logger
}

// The defaults of Config.
const (
	DefaultMaxDials    = 16
	DefaultDialTimeout = 30 * time.Second
	DefaultMinBackoff  = 250 * time.Millisecond
	DefaultMaxBackoff  = 15 * time.Second
)

// complete fills in what is empty.
func (c Config) complete() Config {
	if c.MaxDials <= 0 {
		c.MaxDials = DefaultMaxDials
	}
	if c.DialTimeout <= 0 {
		c.DialTimeout = DefaultDialTimeout
	}
	if c.MinBackoff <= 0 {
		c.MinBackoff = DefaultMinBackoff
	}
	if c.MaxBackoff <= 0 {
		c.MaxBackoff = DefaultMaxBackoff
	}
	c.MaxBackoff = max(c.MaxBackoff, c.MinBackoff)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
