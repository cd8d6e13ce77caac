package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"ergo.services/ergo/gen"
	ergonode "ergo.services/ergo/node"
)

// runtimeNode is Ergo's node as the bridge needs it: its public API, and the routes into it. Ergo's node has both.
type runtimeNode interface {
	gen.Node
	gen.Core
}

// startedLine begins the last line that Ergo logs while it starts.
const startedLine = "node %s built with"

// startRuntime starts Ergo's process runtime under our name, with our registrar in place of its network. It opens no
// port and prints nothing; its log lines go to log.
//
// The last thing ergo/node.Start does is to take over SIGINT and SIGTERM for the whole program: on a signal it resets
// every handler the program has, and its own can't be removed without a race that ends in a panic. There is no option
// against it. So the start runs in a goroutine of its own that ends (runtime.Goexit) when Ergo logs that it has started,
// which is the statement before. TestSignalsStayOurs fails if a new version of Ergo changes that.
func startRuntime(name gen.Atom, reg *registrar, log *slog.Logger) (runtimeNode, error) {
	logger := &ergoLogger{log: log}
	logger.starting.Store(true)
	opts := gen.NodeOptions{
		// Ergo calls os.Exit when this has passed; Shutdown kills what is left long before.
		ShutdownTimeout: 365 * 24 * time.Hour,
		Network: gen.NetworkOptions{
			Mode:      gen.NetworkModeHidden,
			Registrar: reg,
			Cookie:    "unused",
		},
		Cron: gen.CronOptions{Jobs: []gen.CronJob{{
			Name: "gonode_first", Spec: "0 0 1 1 *", Location: time.UTC, Action: firstMinute{},
		}}},
		Log: gen.LogOptions{
			Level:         gen.LogLevelInfo,
			DefaultLogger: gen.DefaultLoggerOptions{Disable: true},
			Loggers:       []gen.Logger{{Name: "slog", Logger: logger}},
		},
	}
	failed := make(chan error, 1)
	go func() { // owned by this call, which waits for its end
		err := errors.New("cut off")
		defer func() { failed <- err }()
		var n gen.Node
		if n, err = ergonode.Start(name, opts, gen.Version{Name: "gonode", License: gen.LicenseMIT}); err == nil {
			n.StopForce()
			err = errors.New("unknown version: it did not say that it started")
		}
	}()
	err := <-failed
	logger.starting.Store(false)
	if logger.started.Load() {
		return reg.node, nil
	}
	return nil, fmt.Errorf("start the Ergo runtime: %w", err)
}

// firstMinute is a cron job that does nothing. Ergo's cron assigns its timer after it has started it, and the timer's
// function uses that at the next full minute, with nothing to order the two. A job that is queued when it is added, as one
// for the start of a year is, orders them: the function looks into the queue first.
type firstMinute struct{}

// Do implements gen.CronAction.
func (firstMinute) Do(gen.Atom, gen.Node, time.Time) error { return nil }

// Info implements gen.CronAction.
func (firstMinute) Info() string { return "nothing" }

// ergoLogger hands Ergo's log lines to slog: what processes say at their level, what Ergo says of itself as Debug unless
// it is a warning or worse.
type ergoLogger struct {
	log      *slog.Logger
	starting atomic.Bool
	started  atomic.Bool
}

// Log implements gen.LoggerBehavior; Ergo calls it from any goroutine.
func (l *ergoLogger) Log(m gen.MessageLog) {
	if _, ofNode := m.Source.(gen.MessageLogNode); ofNode && l.starting.Load() && strings.HasPrefix(m.Format, startedLine) {
		l.started.Store(true)
		runtime.Goexit()
	}
	level := slog.LevelDebug
	switch {
	case m.Level >= gen.LogLevelError:
		level = slog.LevelError
	case m.Level == gen.LogLevelWarning:
		level = slog.LevelWarn
	case m.Level == gen.LogLevelInfo && isProcess(m.Source):
		level = slog.LevelInfo
	}
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	attrs := []any{slog.String("from", fmt.Sprint(sourceName(m.Source)))}
	for _, f := range m.Fields {
		attrs = append(attrs, slog.Any(f.Name, f.Value))
	}
	l.log.Log(context.Background(), level, fmt.Sprintf(m.Format, m.Args...), attrs...)
}

// Terminate implements gen.LoggerBehavior.
func (l *ergoLogger) Terminate() {}

func isProcess(source any) bool {
	switch source.(type) {
	case gen.MessageLogProcess, gen.MessageLogMeta:
		return true
	}
	return false
}

func sourceName(source any) string {
	switch s := source.(type) {
	case gen.MessageLogProcess:
		if s.Name != "" {
			return string(s.Name)
		}
		return s.PID.String()
	case gen.MessageLogMeta:
		return s.Behavior
	case gen.MessageLogNetwork:
		return string(s.Peer)
	}
	return "node"
}
