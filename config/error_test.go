package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parse merges the text of a file called f.yaml.
func parse(text string) (*Config, error) {
	layer, err := Parse("f.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	return Merge(layer)
}

// Every error says where, what it was, and what would do.
func TestFileErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		// YAML.
		{"a: [", "f.yaml:1:1: it is not YAML: did not find expected node content"},
		{"name: a@h\n\tb: c", "f.yaml:2:1: it is not YAML: found a tab character that violates indentation"},
		{"- a", `f.yaml:1:1: it is no configuration: want keys with values, such as "name: go@127.0.0.1"`},
		{"go", `f.yaml:1:1: it is no configuration: want keys with values, such as "name: go@127.0.0.1"`},
		{"hidden: true\nhidden: false", `f.yaml:2:1: key "hidden" is there already, in line 1`},
		{"hidden: true\n---\nhidden: false", "f.yaml: it has a second document (after a line ---): want one"},
		{"? [a, b]\n: c", "f.yaml:1:3: it is no key: want a word and a colon"},
		{"engine: &e {max_dials: 1}\n<<: *e", "f.yaml:2:1: << is not supported: write the keys out, or use an alias (*) for a whole value"},
		{strings.Repeat("a: [", 1) + strings.Repeat("[", 40) + strings.Repeat("]", 41), "f.yaml:1:36: it is too deep: at most 32 lists and mappings in each other"},

		// Keys.
		{"tik_time: 5s", `f.yaml:1:1: there is no key "tik_time" in the configuration: did you mean tick_time?`},
		{"TickTime: 5s", `f.yaml:1:1: there is no key "TickTime" in the configuration: did you mean tick_time?`},
		{"topology: {}", `f.yaml:1:1: there is no key "topology" in the configuration: did you mean topologies?`},
		{"minimum_members: 1", `f.yaml:1:1: there is no key "minimum_members" in the configuration: did you mean min_members?`},
		{"engine:\n  max_dial: 3", `f.yaml:2:3: there is no key "max_dial" in engine: did you mean max_dials?`},
		{"engine:\n  zzz: 3", `f.yaml:2:3: there is no key "zzz" in engine; there is: max_dials, dial_timeout, min_backoff, max_backoff, ` +
			`suspect_below, suspect_answers, suspect_for, leave_for, max_nodes`},
		{"cookie: xyzzy", "f.yaml:1:9: a cookie in the configuration is no secret: put it in a file of its own and name that with cookie_file, or use GONODE_COOKIE"},
		{"permissions: [{nods: a}]", `f.yaml:1:16: there is no key "nods" in permissions: did you mean nodes?`},

		// Values.
		{"name: go", `f.yaml:1:7: name is "go": "go" is no node name: it has no @host`},
		{"name: [a@h]", "f.yaml:1:7: name is a list: want one value"},
		{"name: {a: b}", "f.yaml:1:7: name is a mapping: want one value"},
		{"name:", "f.yaml:1:6: name has no value: give one, or take the key out"},
		{"hidden: yes", `f.yaml:1:9: hidden is "yes": want true or false`},
		{"listen: 9100", `f.yaml:1:9: listen is "9100": want host:port or host:first-last, such as 127.0.0.1:0 or :9100-9105`},
		{"epmd: sometimes", `f.yaml:1:7: epmd is "sometimes": want auto, external, embedded or none`},
		{"epmd_port: 70000", `f.yaml:1:12: epmd_port is "70000": want a port number, 1 to 65535`},
		{"epmd_address: ['::1', localhost]", `f.yaml:1:23: epmd_address is "localhost": want an IP address, such as 0.0.0.0`},
		{"tick_time: 5", `f.yaml:1:12: tick_time is "5": want a time above zero with its unit, such as 500ms, 10s or 2m`},
		{"mesh_interval: off", `f.yaml:1:16: mesh_interval is "off": want a time above zero with its unit, such as 500ms, 10s or 2m, or never`},
		{"send_limit: 1MB", `f.yaml:1:13: send_limit is "1MB": want a number of bytes below 1 GB, such as 65536, 64KiB or 1MiB`},
		{"max_calls: 0", `f.yaml:1:12: max_calls is "0": want a whole number, 1 to 1000000000`},
		{"prune: after", `f.yaml:1:8: prune is "after": want never, log-only, now, or after a time, as in "after 30s"`},
		{"wait: soon", `f.yaml:1:7: wait is "soon": want a time with its unit, such as 30s, 0s for not at all, or forever`},
		{"min_members: -1", `f.yaml:1:14: min_members is "-1": want a whole number, 0 to 1000000000`},
		{"engine: {suspect_below: 2}", `f.yaml:1:25: engine.suspect_below is "2": want a number above 0, at most 1, such as 0.5, or never`},
		{"engine: 5", `f.yaml:1:9: engine is no mapping: want keys with values, such as "max_dials: ..."`},
		{"log_level: warning", `f.yaml:1:12: log_level is "warning": want one of debug, info, warn, error, off: did you mean warn?`},
		{"permissions: [{functions: ['[']}]", `f.yaml:1:28: permissions[0].functions is "[": want a pattern, such as ops@* or math:*`},
		{"permissions: all", `f.yaml:1:14: permissions is no list: want items that begin with "- "`},

		// Several at once, in the order of the lines.
		{"tick_time: 5\nhiden: true\nwait: x", `f.yaml:1:12: tick_time is "5": want a time above zero with its unit, such as 500ms, 10s or 2m
f.yaml:2:1: there is no key "hiden" in the configuration: did you mean hidden?
f.yaml:3:7: wait is "x": want a time with its unit, such as 30s, 0s for not at all, or forever`},
	}
	for _, tt := range tests {
		_, err := parse(tt.text)
		require.IsType(t, Errors{}, err, tt.text)
		if got := err.Error(); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestTopologyErrors(t *testing.T) {
	t.Setenv("KUBECONFIG", "/nowhere")
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("not a key"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	tests := []struct{ options, want string }{
		{"", "topologies.t has no strategy: want one of epmd, local-epmd, erlang-hosts, gossip, kubernetes, dns, kubernetes-dns, kubernetes-dns-srv, file, exec, http"},
		{"strategy: gosip", `topologies.t.strategy is "gosip": there is no such strategy: did you mean gossip?`},
		{"strategy: Cluster.Strategy.Gosip", `topologies.t.strategy is "Cluster.Strategy.Gosip": there is no such strategy: did you mean gossip?`},
		{"strategy: Cluster.Strategy.Rancher", `topologies.t.strategy is "Cluster.Strategy.Rancher": there is no such strategy; there is: epmd, local-epmd, ` +
			`erlang-hosts, gossip, kubernetes, dns, kubernetes-dns, kubernetes-dns-srv, file, exec, http`},
		{"strategy: Gossip", `topologies.t.strategy is "Gossip": there is no such strategy: did you mean gossip?`},
		{"strategy: [gossip]", "topologies.t.strategy is a list: want one value"},

		{"strategy: epmd", "topologies.t has neither nodes nor hosts: give hosts, with nodes or hosts that may have nodes"},
		{"strategy: epmd\nnodes: [a]", `topologies.t.nodes is "a": "a" is not a node name: it has no @: write name@host`},
		{"strategy: epmd\nhosts: [a@localhost]", `topologies.t.hosts is "a@localhost": long and short node names do not mix: this node, gonode@127.0.0.1, has a long name and a@localhost a short one: give both a host with a dot or an IP address (erl -name), or both one without (erl -sname)`},
		{"strategy: epmd\nhosts: h1,,h2", `topologies.t.hosts is "": want a host, or a node, and no empty names between commas`},
		{"strategy: epmd\nhosts: ['a b']", `topologies.t.hosts: "a b" is neither a host nor a node`},
		{"strategy: epmd\nhost: [a]", `there is no key "host" in strategy epmd: did you mean hosts?`},
		{"strategy: local-epmd\nintervall: 5s", `there is no key "intervall" in strategy local-epmd: did you mean interval?`},
		{"strategy: erlang-hosts\npolling_interval: 5000", `there is no key "polling_interval" in strategy erlang-hosts: did you mean interval?`},

		{"strategy: gossip\nport: x", `topologies.t.port is "x": want a port number, 1 to 65535`},
		{"strategy: gossip\ngroups: [any]", `topologies.t.groups is "any": want a multicast address such as 230.1.1.251, or skycluster (230.1.1.251) or libcluster (233.252.1.32, since its 3.3)`},
		{"strategy: gossip\ngroups: [10.0.0.1]", "topologies.t: gossip: group 10.0.0.1 is no multicast address: want one of 224.0.0.0 to 239.255.255.255 or ff00::/8, such as 230.1.1.251; a host to send to is a seed; a broadcast address needs broadcast only"},
		{"strategy: gossip\nif_addr: eth0", `topologies.t.if_addr is "eth0": want an IP address`},
		{"strategy: gossip\nttl: 256", `topologies.t.ttl is "256": want a whole number, 1 to 255`},
		{"strategy: gossip\nframes: all", `topologies.t.frames is "all": want compatible, authenticated or both`},
		{"strategy: gossip\nsecret: [xyzzy]", "topologies.t.secret is not what it must be: want text"},
		{"strategy: gossip\nsecret: x\nsecret_file: " + secret, "topologies.t has both secret and secret_file: give one of them"},
		{"strategy: gossip\nsecret_file: " + empty, `topologies.t.secret_file is "` + empty + `": the file is empty: want a secret in it`},
		{"strategy: gossip\nkeys_file: " + secret, `topologies.t.keys_file is "` + secret + `": line 1: gossip: the key is not base64: want 32 random bytes in base64, as of ` + "`head -c 32 /dev/urandom | base64`"},
		{"strategy: gossip\nkeys_file: " + empty, `topologies.t.keys_file is "` + empty + `": the file has no keys: want 32 random bytes in base64 on each line, the first to send with`},
		{"strategy: gossip\nmulticast_ttl: 2\nttl: 3", "ttl is there already, as multicast_ttl in line 4"},

		{"strategy: kubernetes", "topologies.t: kubernetes: there is no selector: give labels such as app=shop, or a service"},
		{"strategy: kubernetes\nselector: app=x\nlookup: endpoint", `topologies.t.lookup is "endpoint": want one of endpointslices, endpoints, pods: did you mean endpoints?`},

		{"strategy: dns", "topologies.t.query is missing: give a name in the DNS"},
		{"strategy: dns\nquery: 10.0.0.1", `topologies.t.query: "10.0.0.1" is an address, not a name: list nodes of known addresses with strategy epmd`},
		{"strategy: dns\nqueries: [{name: a.b}, {nam: c}]", `there is no key "nam" in queries: did you mean name?`},
		{"strategy: dns\nqueries: [{name: a.b}, {name: a..b}]", `topologies.t.queries[1].name: "a..b" has two dots in a row or begins with one`},
		{"strategy: dns\nquery: a.b\ntype: MX", `topologies.t.type is "MX": want address (A and AAAA), A, AAAA or SRV`},
		{"strategy: dns\nquery: a.b\nuse_port: true", "topologies.t.use_port is for SRV records only: set Type to SRV, or leave it out"},
		{"strategy: dns\nquery: a.b\nqueries: [{name: c.d}]", "topologies.t has both query and queries: give query for one name, or queries for a list"},
		{"strategy: kubernetes-dns", `topologies.t.service: "" is not the name of a service: give the headless service of the nodes`},
		{"strategy: kubernetes-dns-srv\nservice: s\nuse_port: true", "topologies.t.use_port needs PortName, so that it is clear which port is meant"},

		{"strategy: file", "topologies.t.path is missing: give the path of a list of nodes"},
		{"strategy: exec", "topologies.t.command is missing: give a program and its arguments, each on its own"},
		{"strategy: exec\ncommand: consul nodes", `topologies.t.command is "consul nodes": no shell reads it: want a list such as [consul-nodes, -tag, erlang]`},
		{"strategy: exec\ncommand: x\nenv: [TOKEN]", "topologies.t.env: want NAME=value"},
		{"strategy: http", "topologies.t.url is missing: give the http or https URL of a list of nodes"},
	}
	for _, tt := range tests {
		_, err := parse("topologies:\n  t:\n    " + strings.ReplaceAll(tt.options, "\n", "\n    ") + "\n")
		require.Error(t, err, tt.options)
		got := err.Error()
		require.Regexp(t, `^f\.yaml:[2-9]:\d+: `, got)
		_, got, _ = strings.Cut(got, ": ")
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.options, got, tt.want)
		}
	}
}
