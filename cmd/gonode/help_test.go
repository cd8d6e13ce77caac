package main

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// Every command explains itself: an example, the exit codes, every flag.
func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, lookupEnv: vars{}.lookup}
	for cmd := range all(a.root()) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			stdout.Reset()
			require.Zero(t, a.main(context.Background(), append(strings.Fields(cmd.CommandPath())[1:], "--help")))
			require.Empty(t, stderr.String())
			text := stdout.String()
			require.Contains(t, text, "Examples:\n  ")
			require.Contains(t, text, exitHelp)
			require.Contains(t, text, environmentHelp)
			require.NotEmpty(t, cmd.Short)
			require.NotEmpty(t, cmd.Long)
			cmd.Flags().VisitAll(func(f *pflag.Flag) {
				require.Contains(t, text, "--"+f.Name)
				require.NotEmpty(t, f.Usage, f.Name)
			})
		})
	}
}

// all ranges over the commands below cmd.
func all(cmd *cobra.Command) iter.Seq[*cobra.Command] {
	return func(yield func(*cobra.Command) bool) {
		for _, sub := range cmd.Commands() {
			if !yield(sub) {
				return
			}
			for deeper := range all(sub) {
				if !yield(deeper) {
					return
				}
			}
		}
	}
}

// The only flags without a variable are the names that a probe gives itself.
func TestEveryFlagHasAVariable(t *testing.T) {
	a := &app{lookupEnv: vars{}.lookup}
	for cmd := range all(a.root()) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			probe := f.Name == "name" && cmd.Flags().Lookup("listen") == nil
			require.Equal(t, f.Name != "help" && !probe, hasEnv(f), "%s --%s", cmd.CommandPath(), f.Name)
		})
	}
}

func TestTakes(t *testing.T) {
	check := func(args cobra.PositionalArgs, given ...string) string {
		if err := args(nil, given); err != nil {
			return err.Error()
		}
		return ""
	}
	require.Empty(t, check(takes("NODE", 1, -1), "a", "b"))
	require.Empty(t, check(takes("NODE", 0, 1)))
	require.Equal(t, "no NODE given", check(takes("NODE", 1, -1)))
	require.Equal(t, `"b" is too much: give at most 1 NODE`, check(takes("NODE", 1, 1), "a", "b"))
	require.Equal(t, `"a" is too much: the command takes no arguments`, check(takes("NODE", 0, 0), "a"))
}
