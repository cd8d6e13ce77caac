package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"gonode/admin"
	"gonode/config"
	"gonode/hooks"
	"gonode/internal/sdnotify"
	"gonode/node"
)

// operateFlags is the group of flags for those who look after a node: HTTP and hooks.
type operateFlags struct {
	http         []string
	pingInterval time.Duration
	hooks        []string
	configured   []hooks.Hook // of the configuration
	timeout      time.Duration
	concurrency  int
	secretFile   string
}

func (f *operateFlags) add(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.http, "http", nil,
		"answer /healthz, /readyz, /metrics, /members, /events and /explain there: a port on the loopback interface, host:port, or unix:PATH")
	addPeriod(fs, &f.pingInterval, "ping-interval", admin.DefaultPingInterval, "how often the round trip to each member is measured, with --http")
	fs.StringArrayVar(&f.hooks, "hook", nil,
		"run a program, or post to a URL, for each event: nodeup,nodedown=PROGRAM (may be given several times)")
	addPeriod(fs, &f.timeout, "hook-timeout", hooks.DefaultTimeout, "how long a hook may take")
	f.concurrency = 1
	addValue(fs, &f.concurrency, parseCount, "hook-concurrency", "", "count", "1", "how many of one hook may run at once; 1 keeps the order")
	fs.StringVar(&f.secretFile, "hook-secret-file", "", "file with the key to sign what is posted with")
}

// fill takes from the configuration what the flags do not say.
func (f *operateFlags) fill(c *config.Config, fs *pflag.FlagSet) {
	if !fs.Changed("http") {
		f.http = c.HTTP.Listen
	}
	if !fs.Changed("ping-interval") && c.HTTP.PingInterval > 0 {
		f.pingInterval = c.HTTP.PingInterval
	}
	if !fs.Changed("hook") {
		f.configured = c.Hooks.Run
	}
	if !fs.Changed("hook-timeout") && c.Hooks.Timeout > 0 {
		f.timeout = c.Hooks.Timeout
	}
	if !fs.Changed("hook-concurrency") && c.Hooks.Concurrency > 0 {
		f.concurrency = c.Hooks.Concurrency
	}
	if !fs.Changed("hook-secret-file") {
		f.secretFile = c.Hooks.SecretFile
	}
}

// config checks what is asked for, after fill, and returns the hooks.
func (f *operateFlags) config() ([]hooks.Hook, error) {
	for _, spec := range f.http {
		if err := admin.CheckListen(spec); err != nil {
			return nil, usagef("--http %q: %w", spec, err)
		}
	}
	all := slices.Clone(f.configured)
	for _, spec := range f.hooks {
		h, err := hooks.Parse(spec)
		if err != nil {
			return nil, usagef("--hook: %w", err)
		}
		all = append(all, h)
	}
	for i := range all {
		all[i].Timeout, all[i].Concurrency = f.timeout, f.concurrency
		if all[i].URL != "" {
			all[i].SecretFile = f.secretFile
		}
	}
	if _, err := hooks.New(hooks.Config{Hooks: all}); err != nil {
		return nil, usagef("--hook: %w", err)
	}
	return all, nil
}

// operations is what runs beside a node.
type operations struct {
	server   *admin.Server
	systemd  *sdnotify.Notifier
	logger   *slog.Logger
	stopping func() // tells systemd, once

	endWatch, endHooks context.CancelFunc
	watching, hooking  sync.WaitGroup
}

// drainTime is how long hooks may take when the node has ended, for what is queued.
const drainTime = 5 * time.Second

// operate starts what the flags ask for beside n, and tells systemd that n is ready. When ctx is done it tells systemd
// that n stops; stop ends the rest.
func (a *app) operate(ctx context.Context, f *operateFlags, run []hooks.Hook, n *node.Node, logger *slog.Logger) (*operations, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	o := &operations{systemd: sdnotify.FromEnv(a.lookupEnv), logger: logger}
	runner, err := hooks.New(hooks.Config{Self: n.Name(), Hub: n.Events(), Hooks: run, Logger: logger})
	if err != nil {
		return nil, err
	}
	o.server = admin.New(n, admin.Config{
		Listen: f.http, PingInterval: f.pingInterval, Version: readBuild(debug.ReadBuildInfo()).Version, Hooks: runner.Stats, Logger: logger,
	})
	if len(f.http) > 0 {
		if err := o.server.Start(); err != nil {
			return nil, err
		}
	}
	var hookCtx, watchCtx context.Context
	hookCtx, o.endHooks = context.WithCancel(context.Background())
	o.hooking.Go(func() { runner.Run(hookCtx) }) // ends with the hub or endHooks
	watchCtx, o.endWatch = context.WithCancel(context.Background())
	o.watching.Go(func() { // ends with endWatch
		o.systemd.Watch(watchCtx, func() bool { n.Nodes(); return true })
	})
	o.stopping = sync.OnceFunc(func() { o.told(o.systemd.Stopping()) })
	context.AfterFunc(ctx, o.stopping)
	o.told(o.systemd.Ready(fmt.Sprintf("%s listens at %s", n.Name(), n.Addr())))
	return o, nil
}

// told logs that systemd could not be told.
func (o *operations) told(err error) {
	if err != nil {
		o.logger.Warn("systemd does not hear", "error", err)
	}
}

// reload tells systemd that f reads the configuration anew.
func (o *operations) reload(f func()) {
	o.told(o.systemd.Reloading())
	f()
	o.told(o.systemd.Ready("configuration read again"))
}

// stop ends all of it when the node has ended: hooks may finish what is queued.
func (o *operations) stop() {
	o.stopping()
	kill := time.AfterFunc(drainTime, o.endHooks)
	o.hooking.Wait()
	kill.Stop()
	o.endHooks()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := o.server.Shutdown(ctx); err != nil {
		o.logger.Warn("questions over HTTP were cut off", "error", err)
	}
	o.endWatch()
	o.watching.Wait()
}
