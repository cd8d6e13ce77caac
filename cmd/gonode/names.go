package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

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

func (a *app) namesCommand() *cobra.Command {
	f := &namesFlags{}
	cmd := &cobra.Command{
		Use:   "names [HOST]",
		Short: "List the nodes of a host",
		Long: "Names asks the epmd of a host, this one if none is given, which nodes it knows and on which ports they\n" +
			"listen. The text is that of epmd -names; the JSON is one array.",
		Example: "  gonode names\n  gonode names -o json db1.example.org",
		Args:    takes("HOST", 0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.names(cmd.Context(), f, append(args, "localhost")[0])
		},
	}
	f.port.add(cmd.Flags())
	addPeriod(cmd.Flags(), &f.timeout, "timeout", 5*time.Second, "how long to wait for the answer")
	f.out.add(cmd.Flags())
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
	client := epmd.Client{Port: port, Timeout: f.timeout}
	nodes, err := client.Names(ctx, host)
	if err != nil {
		return err
	}
	return a.printNames(port, nodes, f.out.json())
}

func (a *app) printNames(port int, nodes []epmd.Node, json bool) error {
	if json {
		lines := make([]nameLine, len(nodes))
		for i, n := range nodes {
			lines[i] = nameLine{n.Name, n.Port}
		}
		return writeJSON(a.stdout, lines)
	}
	if err := writeText(a.stdout, "epmd: up and running on port %d with data:\n", port); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := writeText(a.stdout, "%v\n", n); err != nil {
			return err
		}
	}
	return nil
}
