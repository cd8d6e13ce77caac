package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/dns"
	"gonode/strategy/exec"
	"gonode/strategy/file"
	"gonode/strategy/gossip"
	"gonode/strategy/kubernetes"
)

const example = "../docs/gonode.example.yaml"

// The example is right, and has every key.
func TestExample(t *testing.T) {
	layer, err := Load(example)
	require.NoError(t, err)
	c, err := Merge(layer)
	require.NoError(t, err)
	require.Empty(t, c.Warnings)
	require.Len(t, c.Topologies, len(Strategies()))
	for i, k := range Strategies() {
		require.Equal(t, k, c.Topologies[i].Strategy)
	}
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	whole, topologies, _ := strings.Cut(string(text), "\ntopologies:\n")
	whole += topologies[strings.Index(topologies, "\nlog_level:"):]
	for _, key := range Keys() {
		where, words := whole, strings.Split(key, ".")
		if words[0] == "topologies" && len(words) == 3 {
			where = section(t, topologies, words[1])
		}
		last := words[len(words)-1]
		if last != "topologies" {
			require.Regexp(t, `(?m)^ *(# )?(- )?`+last+`: ?`, where, "the example lacks %s", key)
		}
	}
	for _, part := range []string{"name", "type", "basename", "use_port", "by_address"} {
		require.Regexp(t, `# +- .*`+part+": ", topologies)
	}
}

// The configuration in the README is right, and so is the mistake that it shows.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, block)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gossip.secret"), []byte("s"), 0o600))
	t.Chdir(dir)
	_, err = Merge(layer(t, "gonode.yaml", string(block[1])))
	require.NoError(t, err)
	_, err = Merge(layer(t, "gonode.yaml", strings.Replace(string(block[1]), "selector", "selektor", 1)))
	require.Contains(t, string(text), "\ngonode: "+err.Error()+"\n")
	for _, name := range append(Variables()[:2], Strategies()...) {
		require.Contains(t, string(text), name)
	}
}

// section returns the part of the example that has one strategy.
func section(t *testing.T, text, strategy string) string {
	t.Helper()
	for _, part := range regexp.MustCompile(`(?m)^  [a-z-]+:$`).Split(text, -1) {
		if strings.HasPrefix(part, "\n    strategy: "+strategy+"\n") || strings.HasPrefix(part, "\n    strategy: "+strategy+" ") {
			return part
		}
	}
	t.Fatalf("the example lacks strategy %s", strategy)
	return ""
}

// What the example says are the defaults are those of the node.
func TestDefaults(t *testing.T) {
	c, err := parse("")
	require.NoError(t, err)
	require.Equal(t, &Config{LogLevel: "info", LogFormat: "text", settings: c.settings}, c)
	values := map[string]string{}
	for _, s := range c.Settings() {
		require.True(t, s.Origin.IsDefault())
		require.NotEmpty(t, s.Value, s.Key)
		values[s.Key] = s.Value
	}
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	for key, want := range map[string]time.Duration{
		"tick_time": node.DefaultTickTime, "setup_time": node.DefaultSetupTime, "mesh_interval": node.DefaultMeshInterval,
		"engine.dial_timeout": strategy.DefaultDialTimeout, "engine.min_backoff": strategy.DefaultMinBackoff,
		"engine.max_backoff": strategy.DefaultMaxBackoff, "engine.suspect_for": strategy.DefaultSuspectFor,
		"engine.leave_for": strategy.DefaultLeaveFor,
	} {
		got, err := time.ParseDuration(values[key])
		require.NoError(t, err)
		require.Equal(t, want, got, key)
		require.Regexp(t, `(?m)^ *`+strings.TrimPrefix(key, "engine.")+`: `+values[key], string(text))
	}
	for key, want := range map[string]int{
		"max_handshakes": node.DefaultMaxHandshakes, "max_calls": node.DefaultMaxCalls,
		"engine.max_dials": strategy.DefaultMaxDials, "engine.suspect_answers": strategy.DefaultSuspectAnswers,
		"engine.max_nodes": strategy.DefaultMaxNodes,
	} {
		got, err := count(values[key])
		require.NoError(t, err)
		require.Equal(t, want, got, key)
	}
}

func TestNodeOfFile(t *testing.T) {
	c, err := parse(`
name: go@db1.example.org
hidden: true
listen: :9100
cookie_file: secrets/cookie
epmd: none
epmd_port: 4370
epmd_address: 127.0.0.1, 10.0.0.1
tick_time: 30s
setup_time: 3s
mesh_interval: never
send_limit: 64KiB
max_frame: 1MiB
max_handshakes: 5
max_calls: 6
event_names: []
permissions: [{nodes: "ops@*"}, {functions: ["math:*", "a:b"]}]
prune: after 2m
min_members: 3
wait: forever
engine: {max_dials: 1, dial_timeout: 2s, min_backoff: 3s, max_backoff: 4s, suspect_below: never, suspect_answers: 5, suspect_for: 6s, leave_for: 7s, max_nodes: 8}
log_level: debug
log_format: json
`)
	require.NoError(t, err)
	require.Equal(t, node.Config{
		Name: "go@db1.example.org", Hidden: true, Listen: ":9100", EPMD: epmd.None, EPMDPort: 4370,
		EPMDAddresses: []string{"127.0.0.1", "10.0.0.1"}, TickTime: 30 * time.Second, SetupTime: 3 * time.Second, MeshInterval: -1,
		SendLimit: 65536, MaxFrame: 1 << 20, MaxHandshakes: 5, MaxCalls: 6, EventNames: []string{},
		Permissions: []node.Permission{{Nodes: []string{"ops@*"}}, {Functions: []string{"math:*", "a:b"}}},
		Prune:       strategy.PruneAfter(2 * time.Minute), MinMembers: 3, Wait: -1,
		Engine: strategy.Knobs{MaxDials: 1, DialTimeout: 2 * time.Second, MinBackoff: 3 * time.Second, MaxBackoff: 4 * time.Second,
			SuspectBelow: -1, SuspectAnswers: 5, SuspectFor: 6 * time.Second, LeaveFor: 7 * time.Second, MaxNodes: 8},
	}, c.Node)
	require.Equal(t, "secrets/cookie", c.CookieFile)
	require.Equal(t, []string{"debug", "json"}, []string{c.LogLevel, c.LogFormat})
	c, err = parse("permissions: []")
	require.NoError(t, err)
	require.NotNil(t, c.Node.Permissions, "nobody may call anything")
}

// strategyOf returns the strategy of the only topology.
func strategyOf[S strategy.Strategy](t *testing.T, layers ...*Layer) S {
	t.Helper()
	c, err := Merge(layers...)
	require.NoError(t, err)
	s, err := c.Sources(Env{Self: "me@h", EPMDPort: 1}, nil)
	require.NoError(t, err)
	require.Len(t, s.List(), 1)
	return s.List()[0].Strategy.(S)
}

func layer(t *testing.T, name, text string) *Layer {
	t.Helper()
	l, err := Parse(name, []byte(text))
	require.NoError(t, err)
	return l
}

// libcluster's names of options will do, and paths are meant from the folder of the file.
func TestStrategies(t *testing.T) {
	g := strategyOf[*gossip.Strategy](t, layer(t, "f", "topologies: {a: {strategy: Elixir.Cluster.Strategy.Gossip, "+
		"multicast_addr: libcluster, multicast_if: 'eth0, eth1', multicast_ttl: 4, loop: false, secret: s}}"))
	require.Equal(t, gossip.LibclusterGroup, g.Groups[0].String())
	require.Equal(t, []string{"eth0", "eth1"}, g.MulticastInterfaces)
	require.Equal(t, 4, g.TTL)
	require.True(t, g.NoLoop)
	require.Equal(t, []string{"s", "me@h"}, []string{g.Secret, g.Self})

	k := strategyOf[*kubernetes.Strategy](t, layer(t, "f", "topologies: {a: {strategy: Cluster.Strategy.Kubernetes, "+
		"kubernetes_selector: app=x, kubernetes_node_basename: app, kubernetes_ip_lookup_mode: pods}}"))
	require.Equal(t, []string{"app=x", "app", "pods"}, []string{k.Selector, k.Basename, string(k.Lookup)})

	f := strategyOf[*file.Strategy](t, layer(t, "/etc/gonode/f", "topologies: {a: {strategy: file, path: nodes}}"))
	require.Equal(t, "/etc/gonode/nodes", f.Path)
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	f = strategyOf[*file.Strategy](t, layer(t, "/etc/gonode/f", "topologies: {a: {strategy: file, path: ~/nodes}}"))
	require.Equal(t, filepath.Join(home, "nodes"), f.Path)

	e := strategyOf[*exec.Strategy](t, layer(t, "f", "topologies: {a: {strategy: exec, command: [a, b c], env: [A=b]}}"))
	require.Equal(t, []string{"a", "b c"}, e.Command)

	d := strategyOf[*dns.Strategy](t, layer(t, "f", "topologies: {a: {strategy: Cluster.Strategy.DNSPoll, query: a.b, node_basename: x}}"))
	require.Equal(t, []dns.Query{{Name: "a.b"}}, d.Queries)
	require.Equal(t, "x", d.Basename)
	d = strategyOf[*dns.Strategy](t, layer(t, "f", "topologies: {a: {strategy: Cluster.Strategy.Kubernetes.DNSSRV, service: s, namespace: n, interval: 3s, "+
		"servers: 127.0.0.1}}"))
	require.Equal(t, []dns.Query{{Name: "s.n.svc.cluster.local.", Type: dns.TypeSRV}}, d.Queries)
	require.Equal(t, 3*time.Second, d.Interval)
	require.Equal(t, []string{"127.0.0.1"}, d.Resolver.(*dns.Client).Servers)
	require.Equal(t, "kubernetes-dns-srv", d.String())

	for _, module := range []string{"LocalEpmd", "ErlangHosts"} {
		_, err := parse("topologies: {a: Cluster.Strategy." + module + "}")
		require.NoError(t, err, "a strategy without options is a word")
	}
	_, err = parse("topologies: {a: {strategy: Cluster.Strategy.Epmd, hosts: ['a@127.0.0.1']}, b: {strategy: Cluster.Strategy.Kubernetes.DNS, service: s}}")
	require.NoError(t, err)
}

// A file with a secret is read, its content is shown nowhere, and a change of it is a change.
func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	secret, keys := filepath.Join(dir, "secret"), filepath.Join(dir, "keys")
	key := gossip.NewKey()
	require.NoError(t, os.WriteFile(secret, []byte("xyzzy\n"), 0o600))
	require.NoError(t, os.WriteFile(keys, []byte("# the first\n\n"+key.Text()+"\n"), 0o600))
	text := "topologies: {a: {strategy: gossip, secret_file: secret, keys_file: keys, frames: both}, b: {strategy: gossip, secret: plugh}}"
	l := layer(t, filepath.Join(dir, "f"), text)
	c, err := Merge(l)
	require.NoError(t, err)
	s, err := c.Sources(Env{}, nil)
	require.NoError(t, err)
	g := s.List()[0].Strategy.(*gossip.Strategy)
	require.Equal(t, "xyzzy", g.Secret)
	require.Equal(t, []gossip.Key{key}, g.Keys)
	for _, set := range c.Settings() {
		require.NotContains(t, set.Value, "xyzzy")
		require.NotContains(t, set.Value, "plugh")
		if set.Secret {
			require.Equal(t, map[bool]string{true: "set", false: "unset"}[set.Key == "topologies.b.secret"], set.Value, set.Key)
		}
	}
	same, err := c.Sources(Env{}, s)
	require.NoError(t, err)
	require.Equal(t, s.List(), same.List())
	require.NoError(t, os.WriteFile(secret, []byte("plugh"), 0o600))
	other, err := c.Sources(Env{}, s)
	require.NoError(t, err)
	require.NotSame(t, g, other.List()[0].Strategy)
	require.Same(t, s.List()[1].Strategy, other.List()[1].Strategy)
	require.NoError(t, os.Remove(secret))
	_, err = c.Sources(Env{}, s)
	require.ErrorContains(t, err, "secret_file is \"secret\": open ")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// The password in a URL is not shown, and is a change.
func TestPasswordInURL(t *testing.T) {
	url := func(password string) *Config {
		c, err := parse("topologies: {a: {strategy: http, url: 'https://me:" + password + "@h/nodes'}}")
		require.NoError(t, err)
		return c
	}
	for _, s := range url("xyzzy").Settings() {
		require.NotContains(t, s.Value, "xyzzy")
	}
	require.Equal(t, "in force now: topologies.a.url", url("xyzzy").Changes(url("plugh")).String())
	require.Equal(t, "nothing has changed", url("xyzzy").Changes(url("xyzzy")).String())
}

func TestSilent(t *testing.T) {
	c, err := parse("topologies: {a: gossip}")
	require.NoError(t, err)
	s, err := c.Sources(Env{Self: "a@h", Silent: true}, nil)
	require.NoError(t, err)
	require.Empty(t, s.List()[0].Strategy.(*gossip.Strategy).Self)
}
