package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

// app is what the commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookupEnv      func(string) (string, bool)

	noting sync.Mutex // held while something is written to stderr
}

// main runs the command that args name and returns its exit code.
func (a *app) main(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(cmd.CommandPath(), err)
}

// root makes the whole tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "gonode",
		Short:             "Join an Erlang cluster and look into it",
		Long:              "Gonode joins an Erlang cluster as a node of its own, and looks into one from outside.",
		Args:              a.noCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return usagef("no command given") },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return bindEnv(cmd.Flags(), a.lookupEnv) },
		SilenceErrors:     true,
		SilenceUsage:      true,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 100 ") + outputHelp + environmentHelp + exitHelp)
	root.CompletionOptions.DisableDefaultCmd = true // there is one of our own
	root.AddCommand(
		a.withDemo(a.runCommand()),
		a.watchCommand(),
		a.membersCommand(),
		a.waitCommand(),
		a.explainCommand(),
		a.pingCommand(),
		a.rttCommand(),
		a.doctorCommand(),
		a.callCommand(),
		a.castCommand(),
		a.sendCommand(),
		a.evalCommand(),
		a.pgCommand(),
		a.globalCommand(),
		a.whereisCommand(),
		a.topCommand(),
		a.discoverCommand(),
		a.gossipCommand(),
		a.configCommand(),
		a.namesCommand(),
		a.epmdCommand(),
		a.termCommand(),
		a.captureCommand(),
		a.keygenCommand(),
		a.completionCommand(),
		a.versionCommand(),
	)
	a.complete(root)
	return root
}

// noCommand says what is wrong with a first word that is no command.
func (a *app) noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	hint := ""
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		hint = ": did you mean " + strings.Join(like, " or ") + "?"
	}
	return usagef("there is no command %q%s", args[0], hint)
}

// takes checks the number of arguments; most < 0 is no limit. what is one of them, as in the line of usage.
func takes(what string, least, most int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("no %s given", what)
		case most >= 0 && len(args) > most && most == 0:
			return usagef("%q is too much: the command takes no arguments", args[0])
		case most >= 0 && len(args) > most:
			return usagef("%q is too much: give at most %d %s", args[most], most, what)
		}
		return nil
	}
}

// notef tells the user something on standard error.
func (a *app) notef(format string, args ...any) {
	a.noting.Lock()
	defer a.noting.Unlock()
	fmt.Fprintf(a.stderr, "gonode: "+format+"\n", args...)
}
