package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/output"
	"gonode/epmd"
)

// nameLine is a node in the output of names.
type nameLine struct {
	Name string `json:"name"` // the part before the @
	Port uint16 `json:"port"`
}

// namesFlags is what names can be told.
type namesFlags struct {
	port    portFlags
	out     outputFlags
	timeout time.Duration
}

func (f *namesFlags) add(fs *pflag.FlagSet) {
	f.port.add(fs)
	addPeriod(fs, &f.timeout, "timeout", 5*time.Second, "how long to wait for the answer")
	f.out.add(fs)
}

func (a *app) namesCommand() *cobra.Command {
	f := &namesFlags{}
	cmd := &cobra.Command{
		Use:   "names [HOST]",
		Short: "List the nodes of a host",
		Long: "Names asks the epmd of a host, this one if none is given, which nodes it knows and on which ports they\n" +
			"listen. The text is that of epmd -names.",
		Example: "  gonode names\n  gonode names -o json db1.example.org",
		Args:    takes("HOST", 0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.names(cmd.Context(), f, append(args, "localhost")[0])
		},
	}
	f.add(cmd.Flags())
	return cmd
}

// names asks the epmd of host for its nodes and prints them.
func (a *app) names(ctx context.Context, f *namesFlags, host string) error {
	if strings.Contains(host, "@") {
		return usagef("%q is the name of a node: give its host alone", host)
	}
	port, err := f.port.get(a)
	if err != nil {
		return err
	}
	over := a.busy("asking the epmd of %s", host)
	client := epmd.Client{Port: port, Timeout: f.timeout}
	nodes, err := client.Names(ctx, host)
	over()
	if err != nil {
		return err
	}
	p := f.out.printer(a)
	if p.Text() {
		if _, err := fmt.Fprintf(p.W, "epmd: up and running on port %d with data:\n", port); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
	}
	lines := make([]nameLine, len(nodes))
	for i, n := range nodes {
		lines[i] = nameLine{n.Name, n.Port}
	}
	return nameView().List(p, lines)
}

func nameView() output.View[nameLine] {
	return output.View[nameLine]{
		Kind: "names",
		Line: func(_ output.Printer, n nameLine) string { return epmd.Node{Name: n.Name, Port: n.Port}.String() },
		Name: func(n nameLine) string { return n.Name },
	}
}
