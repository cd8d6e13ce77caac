package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/strategy/gossip"
	"gonode/strategy/kubernetes"
)

// vars is an environment.
type vars map[string]string

func (v vars) lookup(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

func given(t *testing.T, values ...Value) *Layer {
	t.Helper()
	l, err := Given(values...)
	require.NoError(t, err)
	return l
}

func flag(name string) Origin { return Origin{Name: "--" + name} }

// Later layers win, key by key.
func TestPrecedence(t *testing.T) {
	file := layer(t, "f.yaml", "tick_time: 10s\nsetup_time: 1s\nwait: 1s\nepmd_address: [10.0.0.1, 10.0.0.2]\n"+
		"topologies:\n  a: {strategy: gossip, port: 1000, ttl: 2}\n  b: local-epmd\n")
	env := given(t, Value{Key: "tick_time", Text: "20s", Origin: Origin{Name: "GONODE_TICK_TIME"}},
		Value{Key: "setup_time", Text: "2s", Origin: Origin{Name: "GONODE_SETUP_TIME"}},
		Value{Key: "epmd_address", Text: "10.0.0.3,10.0.0.4", Origin: Origin{Name: "GONODE_EPMD_ADDRESS"}})
	flags := given(t, Value{Key: "tick_time", Text: "30s", Origin: flag("tick-time")},
		Value{Key: "topologies.a.port", Text: "2000", YAML: true, Origin: flag("set")},
		Value{Key: "topologies.c.strategy", Text: "local-epmd", Origin: flag("strategy")},
		Value{Key: "topologies.a.seeds", Text: "[h1, 'h2:5']", YAML: true, Origin: flag("set")})
	c, err := Merge(file, nil, env, flags)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{30 * time.Second, 2 * time.Second, time.Second}, []time.Duration{c.Node.TickTime, c.Node.SetupTime, c.Node.Wait})
	require.Equal(t, []string{"10.0.0.3", "10.0.0.4"}, c.Node.EPMDAddresses, "a list is replaced whole")
	s, err := c.Sources(Env{}, nil)
	require.NoError(t, err)
	g := s.List()[0].Strategy.(*gossip.Strategy)
	require.Equal(t, []any{2000, 2, []string{"h1", "h2:5"}}, []any{g.Port, g.TTL, g.Seeds})
	var names []string
	for _, top := range c.Topologies {
		names = append(names, top.Name+" "+top.Strategy+" "+top.Origin.String())
	}
	require.Equal(t, []string{"a gossip f.yaml:6:3", "b local-epmd f.yaml:7:3", "c local-epmd --strategy"}, names)

	from := map[string]string{}
	for _, set := range c.Settings() {
		from[set.Key] = set.Value + " " + set.Origin.String()
	}
	for key, want := range map[string]string{
		"tick_time": "30s --tick-time", "setup_time": "2s GONODE_SETUP_TIME", "wait": "1s f.yaml:3:7", "prune": "never default",
		"epmd_address": "10.0.0.3,10.0.0.4 GONODE_EPMD_ADDRESS", "topologies.a.port": "2000 --set", "topologies.a.ttl": "2 f.yaml:6:42",
		"topologies.a.strategy": "gossip f.yaml:6:17", "topologies.b.strategy": "local-epmd f.yaml:7:6",
		"topologies.a.seeds": "[h1, h2:5] --set", "topologies.a.interval": "5s default", "topologies.a.secret": "unset default",
	} {
		require.Equal(t, want, from[key], key)
	}

	// An alias in a later layer is the same key.
	c, err = Merge(layer(t, "f", "topologies: {a: {strategy: gossip, multicast_ttl: 2}}"), given(t, Value{Key: "topologies.a.ttl", Text: "3", Origin: flag("set")}))
	require.NoError(t, err)
	s, err = c.Sources(Env{}, nil)
	require.NoError(t, err)
	require.Equal(t, 3, s.List()[0].Strategy.(*gossip.Strategy).TTL)
}

// Values from outside a file name the flag or the variable.
func TestGivenErrors(t *testing.T) {
	tests := []struct {
		value Value
		want  string
	}{
		{Value{Key: "tick_time", Text: "soon", Origin: Origin{Name: "GONODE_TICK_TIME"}},
			`GONODE_TICK_TIME is "soon": want a time above zero with its unit, such as 500ms, 10s or 2m`},
		{Value{Key: "tick", Text: "5s", YAML: true, Origin: flag("set tick")}, `--set tick: there is no key "tick" in the configuration: did you mean tick_time?`},
		{Value{Key: "topologies.a.strategy", Text: "dsn", Origin: flag("strategy")}, `--strategy is "dsn": there is no such strategy: did you mean dns?`},
		{Value{Key: "topologies.a b.strategy", Text: "dns", Origin: flag("set x")}, `--set x: topology "a b": want a name of letters, digits, - and _, at most 64`},
		{Value{Key: "topologies.mesh.strategy", Text: "dns", Origin: flag("set x")}, `--set x: topology "mesh": want a name of letters, digits, - and _, at most 64`},
		{Value{Key: "topologies.a.strategy", Text: "file", Origin: flag("strategy")}, `--strategy: path is missing: give the path of a list of nodes`},
		{Value{Key: "epmd_address", Text: "10.0.0.1,x", Origin: flag("epmd-address")}, `--epmd-address is "x": want an IP address, such as 0.0.0.0`},
		{Value{Key: "name", Text: "[", YAML: true, Origin: flag("set name")}, "--set name is not YAML: line 1: did not find expected node content"},
		{Value{Key: "topologies", Text: "x", Origin: flag("set topologies")}, `--set topologies is no mapping: want names with strategies, such as "main: {strategy: gossip}"`},
		{Value{Key: "..", Text: "x", Origin: flag("set")}, `--set is "..": want KEY=VALUE, with dots in KEY`},
	}
	for _, tt := range tests {
		l, err := Given(tt.value)
		if err == nil {
			_, err = Merge(l)
		}
		require.EqualError(t, err, tt.want)
	}
}

func TestLoadErrors(t *testing.T) {
	_, err := Load("testdata/none.yaml")
	require.EqualError(t, err, "the configuration can't be read: open testdata/none.yaml: no such file or directory")
	require.ErrorIs(t, err, os.ErrNotExist)
	big := filepath.Join(t.TempDir(), "big")
	require.NoError(t, os.WriteFile(big, []byte(strings.Repeat("#", maxFile+1)), 0o600))
	_, err = Load(big)
	require.EqualError(t, err, big+": it has more than 1048576 bytes: it is no configuration")
	require.NoError(t, os.WriteFile(big, nil, 0o600))
	l, err := Load(big)
	require.NoError(t, err)
	_, err = Merge(l)
	require.NoError(t, err, "nothing is a configuration")

	_, err = parse("topologies: {" + strings.Repeat("x: {}, ", 0) + manyTopologies(101) + "}")
	require.EqualError(t, err, "f.yaml:1:13: topologies has 101 topologies: want at most 100")
}

func manyTopologies(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "t%d: local-epmd, ", i)
	}
	return b.String()
}

// Aliases are written out, and a file that is small and expands without end meets a bound.
func TestAliases(t *testing.T) {
	c, err := parse("topologies:\n  a: &g {strategy: gossip, port: 1000}\n  b: *g\n")
	require.NoError(t, err)
	require.Len(t, c.Topologies, 2)
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for i := byte('b'); i < 'k'; i++ {
		bomb += fmt.Sprintf("%c: &%[1]c [%s]\n", i, strings.Repeat(fmt.Sprintf("*%c, ", i-1), 10))
	}
	_, err = parse(bomb)
	require.ErrorContains(t, err, "is too much: at most 100000 values, with aliases (*) written out")
	require.ErrorIs(t, err, errTooMuch)
	var unknown strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&unknown, "unknownkey%d: 1\n", i)
	}
	_, err = parse(unknown.String())
	require.Len(t, err, maxErrors, "what has more mistakes is no configuration")
	_, err = parse("name: &a [*a]")
	require.ErrorContains(t, err, "is too deep")
}

// The variables of libcluster work as they stand.
func TestFromEnv(t *testing.T) {
	for _, name := range []string{"gossip", "Cluster.Strategy.Gossip", "Elixir.Cluster.Strategy.Gossip", " gossip "} {
		l, err := FromEnv(vars{"LIBCLUSTER_STRATEGY": name, "LIBCLUSTER_MULTICAST_PORT": "1000", "LIBCLUSTER_MULTICAST_PORT_IF_ADDR": "127.0.0.1",
			"LIBCLUSTER_MULTICAST_ADDR": "230.1.1.252", "LIBCLUSTER_MULTICAST_TTL": "7", "LIBCLUSTER_KUBERNETES_SELECTOR": "app=x"}.lookup)
		require.NoError(t, err)
		g := strategyOf[*gossip.Strategy](t, l)
		require.Equal(t, []any{1000, "127.0.0.1", "230.1.1.252", 7}, []any{g.Port, g.InterfaceAddress.String(), g.Groups[0].String(), g.TTL})
		require.Empty(t, l.warnings)
	}
	l, err := FromEnv(vars{"LIBCLUSTER_STRATEGY": "Cluster.Strategy.Kubernetes", "LIBCLUSTER_KUBERNETES_SELECTOR": "app=shop",
		"LIBCLUSTER_KUBERNETES_NODE_BASENAME": "shop", "LIBCLUSTER_MULTICAST_PORT": ""}.lookup)
	require.NoError(t, err)
	k := strategyOf[*kubernetes.Strategy](t, l)
	require.Equal(t, []string{"app=shop", "shop"}, []string{k.Selector, k.Basename})

	// They go before the file, and below a flag.
	c, err := Merge(layer(t, "f", "topologies: {libcluster: {strategy: gossip, port: 1, ttl: 2}, other: local-epmd}"), must(FromEnv(vars{
		"LIBCLUSTER_STRATEGY": "gossip", "LIBCLUSTER_MULTICAST_PORT": "3"}.lookup)),
		given(t, Value{Key: "topologies.libcluster.ttl", Text: "4", Origin: flag("set")}))
	require.NoError(t, err)
	require.Len(t, c.Topologies, 2)
	s, err := c.Sources(Env{}, nil)
	require.NoError(t, err)
	g := s.List()[0].Strategy.(*gossip.Strategy)
	require.Equal(t, []int{3, 4}, []int{g.Port, g.TTL})

	require.Equal(t, []string{"LIBCLUSTER_STRATEGY", "LIBCLUSTER_MULTICAST_PORT", "LIBCLUSTER_MULTICAST_PORT_IF_ADDR", "LIBCLUSTER_MULTICAST_ADDR",
		"LIBCLUSTER_MULTICAST_TTL", "LIBCLUSTER_KUBERNETES_SELECTOR", "LIBCLUSTER_KUBERNETES_NODE_BASENAME"}, Variables())
}

func must(l *Layer, err error) *Layer {
	if err != nil {
		panic(err)
	}
	return l
}

func TestFromEnvErrors(t *testing.T) {
	tests := []struct {
		env  vars
		want string
	}{
		{vars{"LIBCLUSTER_STRATEGY": "Cluster.Strategy.Gosip"}, `LIBCLUSTER_STRATEGY is "Cluster.Strategy.Gosip": there is no such strategy: did you mean gossip?`},
		{vars{"LIBCLUSTER_STRATEGY": "gossip", "LIBCLUSTER_MULTICAST_PORT": "many"}, `LIBCLUSTER_MULTICAST_PORT is "many": want a port number, 1 to 65535`},
		{vars{"LIBCLUSTER_STRATEGY": "gossip", "LIBCLUSTER_MULTICAST_PORT_IF_ADDR": "eth0"}, `LIBCLUSTER_MULTICAST_PORT_IF_ADDR is "eth0": want an IP address`},
		{vars{"LIBCLUSTER_STRATEGY": "gossip", "LIBCLUSTER_MULTICAST_TTL": "0"}, `LIBCLUSTER_MULTICAST_TTL is "0": want a whole number, 1 to 255`},
		{vars{"LIBCLUSTER_STRATEGY": "gossip", "LIBCLUSTER_MULTICAST_ADDR": "x"}, `LIBCLUSTER_MULTICAST_ADDR is "x": want a multicast address such as 230.1.1.251, or skycluster (230.1.1.251) or libcluster (233.252.1.32, since its 3.3)`},
		{vars{"LIBCLUSTER_STRATEGY": "kubernetes"}, `LIBCLUSTER_STRATEGY: kubernetes: there is no selector: give labels such as app=shop, or a service`},
	}
	for _, tt := range tests {
		l, err := FromEnv(tt.env.lookup)
		if err == nil {
			_, err = Merge(l)
		}
		require.EqualError(t, err, tt.want)
	}
	for _, tt := range []struct {
		env  vars
		want []string
	}{
		{vars{}, nil},
		{vars{"LIBCLUSTER_MULTICAST_PORT": "1"}, []string{"without LIBCLUSTER_STRATEGY it says nothing that there is LIBCLUSTER_MULTICAST_PORT"}},
		{vars{"LIBCLUSTER_STRATEGY": "Cluster.Strategy.Epmd"}, []string{`LIBCLUSTER_STRATEGY is "Cluster.Strategy.Epmd", which has no nodes and finds nobody, as in libcluster 1.0`}},
	} {
		c, err := Merge(must(FromEnv(tt.env.lookup)))
		require.NoError(t, err)
		require.Equal(t, tt.want, c.Warnings)
		require.Empty(t, c.Topologies)
	}
}

func TestChanges(t *testing.T) {
	base := "name: a@127.0.0.1\nprune: never\ntopologies: {a: {strategy: gossip, secret: one}, b: local-epmd}\n"
	before, err := parse(base)
	require.NoError(t, err)
	changes := func(from, to string) string {
		after, err := parse(strings.Replace(base, from, to, 1))
		require.NoError(t, err)
		return before.Changes(after).String()
	}
	require.Equal(t, "nothing has changed", changes("", ""))
	require.Equal(t, "nothing has changed", changes("prune: never\n", ""), "it is the default")
	require.Equal(t, "in force now: prune", changes("never", "now"))
	require.Equal(t, "in force now: topologies.a.secret", changes("one", "two"))
	require.Equal(t, "in force now: topologies.b.strategy, topologies.b.interval", changes(", b: local-epmd", ""))
	require.Equal(t, "in force now: engine.max_dials", changes("prune", "engine: {max_dials: 3}\nprune"))
	require.Equal(t, "in force now: min_members; after a restart only: name", changes("a@127.0.0.1", "b@127.0.0.1\nmin_members: 3"))
	require.Equal(t, "after a restart only: tick_time", changes("prune", "tick_time: 5s\nprune"))
}

func TestNearest(t *testing.T) {
	known := []string{"name", "hidden", "listen", "tick_time", "topologies", "min_members"}
	for word, want := range map[string]string{
		"nmae": "name", "Name": "name", "tick-time": "tick_time", "ticktimes": "tick_time", "topology": "topologies",
		"minimum_members": "min_members", "members": "min_members", "x": "", "": "", "zzzzzz": "", strings.Repeat("name", 30): "",
	} {
		require.Equal(t, want, nearest(word, known), word)
	}
}
