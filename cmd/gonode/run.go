package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gonode/node"
)

// runFlags is what run can be told.
type runFlags struct {
	name     string
	hidden   bool
	listen   string
	tickTime time.Duration
	cookie   cookieFlags
	epmd     epmdFlags
	strategy strategyFlags
	operate  operateFlags
	log      logFlags
	out      outputFlags
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a node and print who joins and who leaves",
		Long: "Run starts a node, connects it to the others that its strategies name, and prints a line when a node comes\n" +
			"or goes. It leaves the cluster in order when it is interrupted or terminated, or when nobody reads what it\n" +
			"prints.",
		Example: "  gonode run --name go@127.0.0.1 --strategy epmd --hosts a@127.0.0.1,b@127.0.0.1\n" +
			"  GONODE_COOKIE=secret gonode run --name go@db3.example.org --listen :9100 -o json\n" +
			"  gonode run --name go@127.0.0.1 --http 9140 --hook 'nodedown=logger \"$GONODE_NODE is gone\"'",
		Args: takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.run(cmd.Context(), f); err != nil {
				return fmt.Errorf("run %s: %w", f.name, err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.name = node.DefaultName
	addValue(fs, &f.name, parseNodeName, "name", "", "name@host", node.DefaultName,
		"what to be called; a host with a dot or an IP address is a long name, as of erl -name")
	fs.BoolVar(&f.hidden, "hidden", false, "be a hidden node")
	addValue(fs, &f.listen, parseListen, "listen", "", "host:port", "",
		"where others connect to, or host:first-last for a free port of a range (default a free port where the name leads)")
	addPeriod(fs, &f.tickTime, "tick-time", node.DefaultTickTime, "how long a silent peer counts as up: net_ticktime, the same in the whole cluster")
	f.cookie.add(fs)
	f.epmd.add(fs)
	f.strategy.add(fs)
	f.operate.add(fs)
	f.log.add(fs, "info")
	f.out.add(fs)
	return cmd
}

// run runs a node until ctx is done.
func (a *app) run(ctx context.Context, f *runFlags) error {
	cfg, err := f.config(a)
	if err != nil {
		return err
	}
	run, err := f.operate.config()
	if err != nil {
		return err
	}
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return unlessDone(ctx, err)
	}
	o, err := a.operate(ctx, &f.operate, run, n, cfg.Logger)
	if err != nil {
		return errors.Join(err, leave(n))
	}
	defer o.stop()
	return a.printEvents(ctx, n, f.out.printer(a), nil)
}

// unlessDone returns why a node did not start, or nil if that is because it is to end already.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

// config makes the configuration of the node.
func (f *runFlags) config(a *app) (node.Config, error) {
	cfg := node.Config{
		Name:     f.name,
		Hidden:   f.hidden,
		Listen:   f.listen,
		EPMD:     f.epmd.mode,
		TickTime: f.tickTime,
		Logger:   f.log.logger(a),
	}
	var err error
	if cfg.Cookie, err = f.cookie.load(a); err != nil {
		return cfg, err
	}
	if cfg.EPMDPort, err = f.epmd.get(a); err != nil {
		return cfg, err
	}
	if cfg.EPMDAddresses, err = f.epmd.listenOn(a); err != nil {
		return cfg, err
	}
	cfg.Strategies, err = f.strategy.make(strategyContext{self: f.name, epmdPort: cfg.EPMDPort, logger: cfg.Logger})
	return cfg, err
}
