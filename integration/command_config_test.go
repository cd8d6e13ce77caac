package integration

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCommandDiscover: the nodes that a real epmd knows are found by every strategy that asks epmd, and none is connected.
func TestCommandDiscover(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		hosts := filepath.Join(t.TempDir(), "hosts")
		require.NoError(t, os.WriteFile(hosts, []byte("'127.0.0.1'.\n"), 0o600))
		for _, args := range [][]string{
			{"--strategy", "epmd", "--hosts", "127.0.0.1"},
			{"--strategy", "Cluster.Strategy.LocalEpmd"},
			{"--strategy", "erlang-hosts", "-O", "file=" + hosts},
		} {
			stdout, stderr, code := c.gonode(append([]string{"discover"}, args...)...).output(t)
			require.Zero(t, code, stderr)
			require.Regexp(t, `(?m)^a@127\.0\.0\.1 .*\nb@127\.0\.0\.1 `, stdout, "%q", args)
		}
		eval(t, a, "[]", "nodes(connected)")
		eval(t, b, "[]", "nodes(connected)")
	})
}

// TestCommandConfig: a node of a file joins real nodes; another topology, at SIGHUP, brings one more and cuts off nobody.
func TestCommandConfig(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a, b := c.beam(release, "a"), c.beam(release, "b")
		file := filepath.Join(t.TempDir(), "gonode.yaml")
		write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
		write("name: go@127.0.0.1\nmesh_interval: never\ntopologies: {one: {strategy: epmd, nodes: [a@127.0.0.1]}}\n")
		run := c.gonode("run", "-f", file)
		run.line(t, "up", "a@127.0.0.1")
		eval(t, a, "['go@127.0.0.1']", "nodes()")
		write("name: go@127.0.0.1\nmesh_interval: never\ntopologies: {two: {strategy: epmd, nodes: [b@127.0.0.1]}}\n")
		require.NoError(t, run.cmd.Process.Signal(syscall.SIGHUP))
		run.line(t, "up", "b@127.0.0.1")
		evalWithin(t, patience, b, "true", "lists:member('go@127.0.0.1', nodes())")
		eval(t, a, "true", "lists:member('go@127.0.0.1', nodes())")
		require.NoError(t, run.cmd.Process.Signal(syscall.SIGTERM))
		require.Zero(t, run.exit(t))
		require.Contains(t, run.stderr.String(), "configuration read again")
	})
}
