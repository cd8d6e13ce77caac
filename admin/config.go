package admin

import (
	"io/fs"
	"log/slog"
	"time"

	"gonode/hooks"
)

// The defaults of Config.
const (
	DefaultPingInterval = 15 * time.Second
	DefaultMaxConns     = 256
	DefaultMaxStreams   = 64
	DefaultEventBuffer  = 1024
	DefaultSocketMode   = fs.FileMode(0o600)
)

// Config says where a Server listens and what it may cost. The zero value listens nowhere and can be used as a handler.
type Config struct {
	// Listen are the addresses: a port alone, for the loopback interface; host:port, where an empty host means all
	// interfaces; or unix:PATH. Start fails if one can't be had.
	Listen []string

	// SocketMode are the permissions of unix sockets. 0 means 0600, so that the owner can connect and nobody else.
	SocketMode fs.FileMode

	// PingInterval is how often the round trip to each member is measured. 0 means 15 s, negative never.
	PingInterval time.Duration

	// MaxConns is how many connections each address takes at once; more wait. 0 means 256.
	MaxConns int

	// MaxStreams is how many may read /events at once; one more gets 503. 0 means 64.
	MaxStreams int

	// EventBuffer is how many events wait for a slow reader of /events before some are skipped. 0 means 1024.
	EventBuffer int

	// Version is what this program calls its version, for the metric gonode_build_info. It may be empty.
	Version string

	// Hooks, if set, returns the counters of the hooks that run, for the metrics: Runner.Stats of package hooks.
	Hooks func() []hooks.Stats

	// Logger gets what the Server has to say; nil means silence.
	Logger *slog.Logger
}

func (c Config) complete() Config {
	if c.SocketMode == 0 {
		c.SocketMode = DefaultSocketMode
	}
	if c.PingInterval == 0 {
		c.PingInterval = DefaultPingInterval
	}
	if c.MaxConns <= 0 {
		c.MaxConns = DefaultMaxConns
	}
	if c.MaxStreams <= 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	if c.EventBuffer <= 0 {
		c.EventBuffer = DefaultEventBuffer
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
