package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print what makes a shell complete commands",
		Long: "Completion prints a script that makes a shell complete commands, flags and the values that flags take.\n" +
			"Each shell has its own way to load it; see the examples.",
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

// completeChoices makes flags that take one of some words complete to them, in cmd and all below it.
func completeChoices(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if words := strings.Split(f.Value.Type(), "|"); len(words) > 1 {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
		}
	})
	for _, sub := range cmd.Commands() {
		completeChoices(sub)
	}
}
