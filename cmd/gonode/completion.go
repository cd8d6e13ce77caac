package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/epmd"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print what makes a shell complete commands",
		Long: "Completion prints a script that makes a shell complete commands, flags, the values that flags take and the\n" +
			"nodes that epmd knows. Each shell has its own way to load it; see the examples.",
		Example: "  source <(gonode completion bash)\n  gonode completion zsh > \"${fpath[1]}/_gonode\"\n" +
			"  gonode completion fish > ~/.config/fish/completions/gonode.fish",
		Args:      takes("bash, zsh or fish", 1, 1),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(a.stdout)
			case "fish":
				return cmd.Root().GenFishCompletion(a.stdout, true)
			}
			return usagef("%q is none of bash, zsh, fish", args[0])
		},
	}
}

// complete makes flags that take one of some words complete to them, and arguments that are nodes to nodes, in cmd and all
// below it.
func (a *app) complete(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if words := strings.Split(f.Value.Type(), "|"); len(words) > 1 {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
		}
	})
	if _, args, _ := strings.Cut(cmd.Use, " "); strings.HasPrefix(args, "NODE") || strings.HasPrefix(args, "[NODE") {
		cmd.ValidArgsFunction = a.completeNode
	}
	if cmd.Flags().Lookup("node") != nil {
		_ = cmd.RegisterFlagCompletionFunc("node", a.completeNode) // the flag is there
	}
	for _, sub := range cmd.Commands() {
		a.complete(sub)
	}
}

// completeTime is how long somebody who has pressed the tabulator is made to wait for epmd.
const completeTime = 500 * time.Millisecond

// completeNode returns the nodes that epmd knows: on the host that is typed already, or on this one.
func (a *app) completeNode(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	port, err := new(portFlags).get(a)
	if err != nil || len(args) > 0 {
		return nil, directive
	}
	ask, hosts := "localhost", []string{"127.0.0.1", "localhost"}
	if _, host, ok := strings.Cut(typed, "@"); ok && host != "" && !slices.ContainsFunc(hosts, func(h string) bool { return strings.HasPrefix(h, host) }) {
		ask, hosts = host, []string{host}
	}
	client := epmd.Client{Port: port, Timeout: completeTime}
	names, err := client.Names(context.Background(), ask)
	if err != nil {
		return nil, directive
	}
	if own, err := os.Hostname(); err == nil && ask == "localhost" {
		hosts = append(hosts, own)
	}
	var nodes []string
	for _, n := range names {
		for _, host := range hosts {
			nodes = append(nodes, n.Name+"@"+host)
		}
	}
	return nodes, directive
}
