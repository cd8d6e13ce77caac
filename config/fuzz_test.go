package config

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse: no text makes the reader panic, or hold more than the bound; errors have a place.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(example)
	require.NoError(f, err)
	f.Add(string(text))
	for _, seed := range []string{
		"", "a", "- a", "name: a@h", "a: &a [*a]", "a: &a {b: *a}", "<<: {a: b}", "? {}\n: a", "topologies: {a: gossip, a: gossip}", "name: !!binary x",
		"name: !!null x", "topologies: {a: {strategy: dns, queries: [{name: a}, {name: ..}]}}", "permissions: {nodes: a}", "permissions:", "\xff", "a: |\n b",
		"topologies: {a: {strategy: exec, command: {a: b}}}", "engine: [[]]", "%YAML 1.2\n---\na: b", "a: 'b", "a: *b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "_file") { // reads no files that it finds by chance
			return
		}
		layer, err := Parse("f", []byte(text))
		if err == nil {
			_, err = Merge(layer)
		}
		if err == nil {
			return
		}
		for _, one := range errorsOf(err) {
			require.IsType(t, &Error{}, one)
			require.Equal(t, "f", one.(*Error).Origin.File, one)
			require.Less(t, len(one.Error()), 4096)
		}
	})
}
