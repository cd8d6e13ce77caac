package house

import (
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMakefileExplainsItself: `make` alone lists the targets, so each has its line.
func TestMakefileExplainsItself(t *testing.T) {
	makefile := read(t, "Makefile")
	require.Contains(t, makefile, "\n.DEFAULT_GOAL := help\n")
	phony := regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindStringSubmatch(makefile)
	require.NotNil(t, phony)
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-zA-Z0-9_-]+):.*$`).FindAllStringSubmatch(makefile, -1) {
		if strings.HasPrefix(m[0], m[1]+": export ") || strings.HasPrefix(m[0], m[1]+" :=") {
			continue // a variable for one target
		}
		require.Contains(t, m[0], " ## ", "target %s does not say what it does", m[1])
		targets = append(targets, m[1])
	}
	require.ElementsMatch(t, targets, strings.Fields(phony[1]), "all targets are phony, and all phony targets are there")
}

// TestOneTestCommand: what README.md tells people to run is what CI runs.
func TestOneTestCommand(t *testing.T) {
	m := regexp.MustCompile("(?s)## Tests?\n.*?```(?:sh|console)\n(make [^\n]*)\n").FindStringSubmatch(read(t, "README.md"))
	require.NotNil(t, m, "README.md has a section on tests, with one command in a block")
	ci := read(t, ".ci/run")
	require.Regexp(t, `(?m)^`+regexp.QuoteMeta(m[1])+`$`, ci)
	require.Contains(t, ci, "set -euo pipefail")
}

// TestScriptsRun: what is to be run can be.
func TestScriptsRun(t *testing.T) {
	for _, p := range paths(t) {
		if path.Ext(p) != ".sh" && p != ".ci/run" {
			continue
		}
		info, err := os.Stat(filepath.Join(root, p))
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&fs.FileMode(0o111), "%s is not executable", p)
		require.Regexp(t, `\A#!/bin/(ba)?sh\n`, read(t, p), p)
	}
}

// TestLinks: the links within the texts lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)
	for _, p := range paths(t) {
		if path.Ext(p) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(read(t, p), -1) {
			if strings.Contains(m[1], ":") { // http:, mailto:
				continue
			}
			target := path.Join(path.Dir(p), m[1])
			_, err := os.Stat(filepath.Join(root, target))
			require.NoError(t, err, "%s links to %s", p, m[1])
		}
	}
}

// TestSelfContained: nothing needs, or names, what is outside the tree.
func TestSelfContained(t *testing.T) {
	outside := regexp.MustCompile(`\.\./shared\b|(^|[\s"'=(])/(root|home)/`)
	for _, p := range paths(t) {
		if strings.Contains("/"+p, "/testdata/") || under(p, "internal/house") {
			continue
		}
		require.Empty(t, outside.FindString(read(t, p)), "%s names what is outside the tree", p)
	}
}

// TestGoInTexts: the programs in the texts are Go. Whether they compile is for examples to show.
func TestGoInTexts(t *testing.T) {
	program := regexp.MustCompile("(?s)```go\n(package .*?)```")
	for _, p := range paths(t) {
		if path.Ext(p) != ".md" {
			continue
		}
		for _, m := range program.FindAllStringSubmatch(read(t, p), -1) {
			formatted, err := format.Source([]byte(m[1]))
			require.NoError(t, err, p)
			require.Equal(t, string(formatted), m[1], "%s: gofmt", p)
		}
	}
}
