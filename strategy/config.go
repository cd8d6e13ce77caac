package strategy

import (
	"context"
	"log/slog"
)

// Connector connects to nodes.
type Connector interface {
	// Connect connects to node, at its Address if it has one, and returns nil if it is connected, however that came about.
	// It is called for several nodes at once, for one name only one call at a time. It returns when ctx is done.
	Connect(ctx context.Context, node Node) error
}

// ConnectFunc is a function as a Connector.
type ConnectFunc func(ctx context.Context, node Node) error

// Connect implements Connector.
func (f ConnectFunc) Connect(ctx context.Context, node Node) error { return f(ctx, node) }

// Disconnector ends connections that discovery made and that nobody wants any more.
type Disconnector interface {
	// Disconnect ends the connection to the node called name and returns nil when it has ended, or if there is none. An
	// error says why it must stay: the node has connected to us meanwhile, or somebody here relies on it. The engine then
	// leaves this connection alone. It is called for one name only once at a time, and returns when ctx is done.
	Disconnect(ctx context.Context, name Name) error
}

// DisconnectFunc is a function as a Disconnector.
type DisconnectFunc func(ctx context.Context, name Name) error

// Disconnect implements Disconnector.
func (f DisconnectFunc) Disconnect(ctx context.Context, name Name) error { return f(ctx, name) }

// Config says what an Engine does. Connector is required.
type Config struct {
	// Self is the own name, which is never dialled.
	Self Name

	// Sources are the strategies; the engine acts on the union of what they want. Two of the same name get a number.
	Sources []Source

	// Connector makes the connections.
	Connector Connector

	// Disconnector ends them. Nil means that nothing is ever disconnected: Prune then is log-only at most.
	Disconnector Disconnector

	// Prune says what happens to a connected node that no source wants any more. The zero value is PruneNever.
	Prune Prune

	// MinMembers is how many nodes, besides this one, ought to be connected. Pruning stops there. 0 is no such number.
	MinMembers int

	// Knobs are the limits and times of the engine; the zero value has sensible ones.
	Knobs Knobs

	// Observer, if set, is called with every decision, one after the other, by the goroutine of Run. It must not wait.
	Observer func(Decision)

	// Logger hears of the decisions: of those that people ought to know at Info and Warn, of the others at Debug. Nil means
	// silence.
	Logger *slog.Logger
}

// complete fills in what is empty.
func (c Config) complete() Config {
	c.Knobs = c.Knobs.complete()
	if c.Disconnector == nil && c.Prune > PruneNever {
		c.Prune = PruneLogOnly
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
