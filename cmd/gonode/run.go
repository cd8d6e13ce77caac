package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/node"
)

// runFlags is what run can be told.
type runFlags struct {
	node    nodeFlags
	operate operateFlags
	out     outputFlags
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a node and print who joins and who leaves",
		Long: "Run starts a node, connects it to the others that its topologies name, and prints a line when a node comes\n" +
			"or goes. It leaves the cluster in order when it is interrupted or terminated, or when nobody reads what it\n" +
			"prints.\n\n" +
			"What it is to do stands in a file (--config), in variables and in flags; a variable goes before the file, a flag\n" +
			"before both. The variables of libcluster (LIBCLUSTER_STRATEGY and its others) make one more topology. With a file,\n" +
			"SIGHUP has it read again: topologies, prune, min_members, engine and log_level change at once, the rest does not.",
		Example: "  gonode run --name go@127.0.0.1 --strategy epmd --hosts a@127.0.0.1,b@127.0.0.1\n" +
			"  gonode run --strategy dns -O query=app.internal\n" +
			"  gonode run -f /etc/gonode.yaml --set engine.max_dials=4\n" +
			"  GONODE_COOKIE=secret gonode run --name go@db3.example.org --listen :9100 -o json\n" +
			"  gonode run --name go@127.0.0.1 --http 9140 --hook 'nodedown=logger \"$GONODE_NODE is gone\"'",
		Args: takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd.Context(), f, cmd.Flags())
		},
	}
	fs := cmd.Flags()
	f.node.add(fs)
	f.operate.add(fs)
	f.out.add(fs)
	return cmd
}

// run runs a node until ctx is done.
func (a *app) run(ctx context.Context, f *runFlags, fs *pflag.FlagSet) error {
	cfg, s, err := f.node.prepare(a, fs)
	if err == nil {
		err = a.serve(ctx, f, fs, cfg, s)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", cmp.Or(cfg.Name, node.DefaultName), err)
	}
	return nil
}

// serve runs the node of cfg until ctx is done.
func (a *app) serve(ctx context.Context, f *runFlags, fs *pflag.FlagSet, cfg node.Config, s *service) error {
	f.operate.fill(s.config, fs)
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
	if f.node.config.file != "" {
		ctx, cancel := context.WithCancel(ctx)
		started := s.config
		wait := onHangup(ctx, func() { o.reload(func() { f.node.reload(ctx, a, fs, n, s, started) }) })
		defer wait()
		defer cancel()
	}
	return a.printEvents(ctx, n, f.out.printer(a), nil)
}

// unlessDone returns why a node did not start, or nil if that is because it is to end already.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}
