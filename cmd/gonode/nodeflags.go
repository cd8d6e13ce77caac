package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"gonode/config"
	"gonode/node"
	"gonode/strategy"
)

// nodeFlags is the group of flags of a node that stays, and of what tells how it would be. Those that are keys of the
// configuration have their values from there: it has what the flags say in it.
type nodeFlags struct {
	config configFlags
	cookie cookieFlags
	epmd   epmdFlags
	log    logFlags

	// What these were given counts only through the configuration.
	name, listen   string
	hidden         bool
	tickTime, wait time.Duration
	prune          strategy.Prune
	minMembers     int
}

func (f *nodeFlags) add(fs *pflag.FlagSet) {
	f.config.add(fs)
	addValue(fs, &f.name, parseNodeName, "name", "", "name@host", node.DefaultName,
		"what to be called; a host with a dot or an IP address is a long name, as of erl -name")
	fs.BoolVar(&f.hidden, "hidden", false, "be a hidden node")
	addValue(fs, &f.listen, parseListen, "listen", "", "host:port", "",
		"where others connect to, or host:first-last for a free port of a range (default a free port where the name leads)")
	addPeriod(fs, &f.tickTime, "tick-time", node.DefaultTickTime, "how long a silent peer counts as up: net_ticktime, the same in the whole cluster")
	addValue(fs, &f.prune, strategy.ParsePrune, "prune", "", "rule", "never",
		`what to do with a node that no strategy names any more: never, log-only, now, "after 30s"`)
	addValue(fs, &f.minMembers, parseMembers, "min-members", "", "number", "0", "how many other nodes make a cluster")
	addValue(fs, &f.wait, parseWait, "wait", "", "duration", "0s", "how long to wait for them at the start, or for the first discovery; forever")
	f.cookie.add(fs)
	f.epmd.add(fs)
	f.log.add(fs, "info")
}

func parseMembers(s string) (int, error) {
	if s == "0" {
		return 0, nil
	}
	return parseCount(s)
}

func parseWait(s string) (time.Duration, error) {
	switch s {
	case "forever":
		return -1, nil
	case "0", "0s":
		return 0, nil
	}
	return parsePeriod(s)
}

// service is a configuration that is in force, or about to be.
type service struct {
	config  *config.Config
	sources *config.Sources
	level   *slog.LevelVar
	env     config.Env
}

// levelOff is above every level there is.
const levelOff = slog.Level(1000)

// logLevel returns the level that a word stands for.
func logLevel(word string) slog.Level {
	if word == "off" {
		return levelOff
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(word)) // the configuration takes none but these words
	return level
}

// logger returns the logger that c asks for, with a level that can change.
func (a *app) logger(c *config.Config) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(logLevel(c.LogLevel))
	opts := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, opts)), level
	}
	return slog.New(slog.NewTextHandler(a.stderr, opts)), level
}

// prepare makes the configuration of the node.
func (f *nodeFlags) prepare(a *app, fs *pflag.FlagSet) (node.Config, *service, error) {
	c, err := f.config.load(a, fs)
	if err != nil {
		return node.Config{}, nil, err
	}
	s := &service{config: c}
	cfg := c.Node
	cfg.Logger, s.level = a.logger(c)
	f.cookie.file = c.CookieFile
	if cfg.Cookie, err = f.cookie.load(a); err != nil {
		return cfg, nil, err
	}
	f.epmd.port, f.epmd.addresses = c.Node.EPMDPort, c.Node.EPMDAddresses
	if cfg.EPMDPort, err = f.epmd.get(a); err != nil {
		return cfg, nil, err
	}
	if cfg.EPMDAddresses, err = f.epmd.listenOn(a); err != nil {
		return cfg, nil, err
	}
	s.env = config.Env{Self: cfg.Name, EPMDPort: cfg.EPMDPort, Logger: cfg.Logger}
	if s.sources, err = c.Sources(s.env, nil); err != nil {
		return cfg, nil, &usageError{err}
	}
	cfg.Topologies = s.sources.List()
	return cfg, s, nil
}

// reload reads the configuration again and puts into force what can change while n runs. started is the configuration
// with which n was started.
func (f *nodeFlags) reload(ctx context.Context, a *app, fs *pflag.FlagSet, n *node.Node, s *service, started *config.Config) {
	log := s.env.Logger
	next, err := f.config.merge(a, fs)
	if err == nil {
		var sources *config.Sources
		if sources, err = next.Sources(s.env, s.sources); err == nil {
			err = n.Reconfigure(next.Plan(sources.List()))
		}
		if err == nil {
			changes := s.config.Changes(next)
			s.config, s.sources = next, sources
			s.level.Set(logLevel(next.LogLevel))
			log.InfoContext(ctx, "configuration read again", "in_force", fmt.Sprint(changes.Live))
			if pending := started.Changes(next).Restart; len(pending) > 0 {
				log.WarnContext(ctx, "these keys are different from those at the start; the node must be started again for them", "keys", fmt.Sprint(pending))
			}
			return
		}
	}
	log.ErrorContext(ctx, "the configuration that was read again is wrong; the one before stays in force", "error", err)
}
