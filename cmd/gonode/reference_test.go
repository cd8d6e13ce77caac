package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/commands.md")

const reference = "../../docs/commands.md"

// TestReference holds docs/commands.md against the commands, of which it is made.
func TestReference(t *testing.T) {
	text := markdown((&app{lookupEnv: vars{}.lookup}).root())
	if *update {
		require.NoError(t, os.WriteFile(reference, []byte(text), 0o666))
	}
	there, err := os.ReadFile(reference)
	require.NoError(t, err)
	require.Equal(t, text, string(there), "go test ./cmd/gonode -run TestReference -update")
}

// markdown returns the reference of all commands.
func markdown(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# The commands of gonode\n\nMade of the commands themselves; `go test ./cmd/gonode -run TestReference -update` makes it anew.\n\n")
	for cmd := range all(root) {
		if cmd.Runnable() && !cmd.HasSubCommands() {
			fmt.Fprintf(&b, "- [%s](#%s): %s\n", cmd.CommandPath(), anchor(cmd), cmd.Short)
		}
	}
	b.WriteString("\n## What all have in common\n" + block(outputHelp) + block(environmentHelp) + block(exitHelp))
	for cmd := range all(root) {
		if cmd.HasSubCommands() {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", cmd.CommandPath(), cmd.Long)
		b.WriteString(block("\nUsage:\n  " + cmd.UseLine() + "\n\nExamples:\n" + cmd.Example + "\n"))
		if cmd.HasAvailableLocalFlags() {
			b.WriteString(block("\nFlags:\n" + cmd.LocalFlags().FlagUsagesWrapped(100)))
		}
	}
	return b.String()
}

func anchor(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func block(text string) string {
	return "\n```\n" + strings.Trim(text, "\n") + "\n```\n"
}

// The index leads to sections that are there.
func TestReferenceIndex(t *testing.T) {
	root := (&app{lookupEnv: vars{}.lookup}).root()
	text := markdown(root)
	n := 0
	for cmd := range all(root) {
		if cmd.HasSubCommands() {
			continue
		}
		n++
		require.Contains(t, text, "](#"+anchor(cmd)+")")
		require.Contains(t, text, "\n## "+cmd.CommandPath()+"\n")
	}
	require.Greater(t, n, 20)
}
