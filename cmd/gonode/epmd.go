package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gonode/epmd"
)

func (a *app) epmdCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "epmd",
		Short:   "Be the port mapper of this host, or talk to it",
		Long:    "Epmd serves as Erlang's port mapper, or talks to the one that runs.",
		Example: "  gonode epmd serve\n  gonode epmd names\n  gonode epmd stop",
		Args:    a.noCommand,
		RunE:    func(*cobra.Command, []string) error { return usagef("no command given") },
	}
	cmd.AddCommand(a.epmdServeCommand(), a.epmdNamesCommand(), a.epmdStopCommand())
	return cmd
}

// epmdServeFlags is what epmd serve can be told.
type epmdServeFlags struct {
	port      portFlags
	addresses []string
	relaxed   bool
	log       logFlags
}

func (a *app) epmdServeCommand() *cobra.Command {
	f := &epmdServeFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve as the epmd of this host",
		Long: "Serve stands in for epmd until it is interrupted, terminated, or told to stop by epmd stop. It listens on\n" +
			"loopback only unless it is given addresses: whoever can reach it learns the names and ports of all nodes.\n" +
			"Registrations are taken from this host only.",
		Example: "  gonode epmd serve\n  gonode epmd serve --address 0.0.0.0 --epmd-port 4369",
		Args:    takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.epmdServe(cmd.Context(), f); err != nil {
				return fmt.Errorf("epmd serve: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.port.add(fs)
	addValue(fs, &f.addresses, parseAddresses, "address", "", "ip,...", "", "addresses to listen on (default ERL_EPMD_ADDRESS, or loopback only)")
	fs.BoolVar(&f.relaxed, "relaxed-command-check", false, "let nodes be stopped by epmd stop NAME, and epmd while it has nodes")
	f.log.add(fs, "warn")
	return cmd
}

// epmdServe serves until ctx is done or somebody on this host says so.
func (a *app) epmdServe(ctx context.Context, f *epmdServeFlags) error {
	port, err := f.port.get(a)
	if err != nil {
		return err
	}
	addresses, err := (&epmdFlags{addresses: f.addresses}).listenOn(a)
	if err != nil {
		return err
	}
	lns, err := epmd.Listen(ctx, addresses, port)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, ln := range lns {
		a.notef("epmd listens at %v", ln.Addr())
	}
	server := &epmd.Server{Relaxed: f.relaxed, Kill: stop, Logger: f.log.logger(a)}
	return server.Serve(ctx, lns...)
}

func (a *app) epmdNamesCommand() *cobra.Command {
	cmd := a.namesCommand()
	cmd.Example = "  gonode epmd names\n  gonode epmd names -o json db1.example.org"
	return cmd
}

func (a *app) epmdStopCommand() *cobra.Command {
	var port portFlags
	timeout := 5 * time.Second
	cmd := &cobra.Command{
		Use:   "stop [NAME]",
		Short: "Stop the epmd of this host, or make it forget a node",
		Long: "Stop tells the epmd of this host to end, which it refuses while nodes are registered. With a NAME, the part of\n" +
			"a node's name before the @, it makes it forget that node, which epmd does only if it was started with\n" +
			"-relaxed_command_check; the node itself lives on, and may register again.",
		Example: "  gonode epmd stop\n  gonode epmd stop a",
		Args:    takes("NAME", 0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := port.get(a)
			if err != nil {
				return err
			}
			client := epmd.Client{Port: n, Timeout: timeout}
			defer a.busy("asking epmd to stop")()
			if len(args) == 1 {
				return client.Stop(cmd.Context(), "localhost", args[0])
			}
			return client.Kill(cmd.Context(), "localhost")
		},
	}
	port.add(cmd.Flags())
	addPeriod(cmd.Flags(), &timeout, "timeout", timeout, "how long to wait for the answer")
	return cmd
}
