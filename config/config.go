package config

import (
	"errors"
	"slices"
	"time"

	"gonode/epmd"
	"gonode/node"
	"gonode/strategy"
)

// Config is a complete configuration that was checked.
type Config struct {
	// Node is how to start the node: all but the cookie, the topologies and the logger.
	Node node.Config

	// CookieFile is the path of the file with the cookie; empty leaves that to the caller.
	CookieFile string

	// LogLevel is debug, info, warn, error or off; LogFormat is text or json.
	LogLevel, LogFormat string

	// HTTP and Hooks are for the daemon, which runs them beside the node.
	HTTP  HTTP
	Hooks Hooks

	// Topologies are in the order of the file, then of the environment, then of the flags.
	Topologies []*Topology

	// Warnings are what is probably a mistake, a line each.
	Warnings []string

	settings []Setting
}

// Merge lays layers on top of each other, checks all of it and returns the configuration. Of two layers that give the same
// key the later one wins; topologies and other mappings are merged key by key. Files that options name are read. Nil is an
// empty layer. The error is Errors.
func Merge(layers ...*Layer) (*Config, error) {
	var whole Layer
	c := &Config{LogLevel: "info", LogFormat: "text"}
	for _, l := range layers {
		if l == nil {
			continue
		}
		c.Warnings = append(c.Warnings, l.warnings...)
		if l.root != nil {
			whole.add(l.root)
		}
	}
	if whole.root == nil {
		whole.root = &tree{form: mapping}
	}
	r := newReader()
	var topologies *tree
	r.section(whole.root, "", "", "in the configuration", c.options(&topologies))
	c.settings = slices.DeleteFunc(r.settings, func(s Setting) bool { return s.Key == "topologies" }) // each is one of its own
	c.readTopologies(r, topologies)
	if err := r.errs.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Plan returns what of the configuration can change while a node runs, with these sources.
func (c *Config) Plan(sources []strategy.Source) strategy.Plan {
	return strategy.Plan{Sources: sources, Prune: c.Node.Prune, MinMembers: c.Node.MinMembers, Knobs: c.Node.Engine}
}

// options are the keys of the whole file. The value of topologies is left for readTopologies.
func (c *Config) options(topologies **tree) []option {
	n := &c.Node
	return []option{
		one("name", &n.Name, nodeName).or(node.DefaultName),
		one("hidden", &n.Hidden, truth).or("false"),
		one("listen", &n.Listen, listenAddress).or("a free port where the name leads"),
		path("cookie_file", &c.CookieFile).or("~/.erlang.cookie"),
		{name: "cookie", read: noCookie, barred: true},
		one("epmd", &n.EPMD, mode).or("auto"),
		one("epmd_port", &n.EPMDPort, port).or("ERL_EPMD_PORT, or 4369"),
		some("epmd_address", &n.EPMDAddresses, ip).or("ERL_EPMD_ADDRESS, or loopback only"),
		one("tick_time", &n.TickTime, period).or("60s"),
		one("setup_time", &n.SetupTime, period).or("7s"),
		one("mesh_interval", &n.MeshInterval, periodOr("never", -1)).or("5s"),
		one("send_limit", &n.SendLimit, size).or("1MiB"),
		one("max_frame", &n.MaxFrame, size).or("128MiB"),
		one("max_handshakes", &n.MaxHandshakes, count).or("512"),
		one("max_calls", &n.MaxCalls, count).or("10000"),
		someOrNone("event_names", &n.EventNames).or("[Elixir.Cluster.Events, cluster_events]"),
		permissions(&n.Permissions).or("every node may call all"),
		{name: "topologies", read: func(_ *reader, _ string, t *tree) { *topologies = t }},
		one("prune", &n.Prune, strategyPrune).or("never"),
		one("min_members", &n.MinMembers, from(0, maxCount)).or("0"),
		one("wait", &n.Wait, waiting).or("0s"),
		group("engine", engineOptions(&n.Engine)),
		group("http", httpOptions(&c.HTTP)),
		group("hooks", hookOptions(&c.Hooks)),
		one("log_level", &c.LogLevel, word("debug", "info", "warn", "error", "off")).or("info"),
		one("log_format", &c.LogFormat, word("text", "json")).or("text"),
	}
}

func engineOptions(k *strategy.Knobs) []option {
	return []option{
		one("max_dials", &k.MaxDials, count).or("16"),
		one("dial_timeout", &k.DialTimeout, period).or("30s"),
		one("min_backoff", &k.MinBackoff, period).or("250ms"),
		one("max_backoff", &k.MaxBackoff, period).or("15s"),
		one("suspect_below", &k.SuspectBelow, part).or("0.5"),
		one("suspect_answers", &k.SuspectAnswers, count).or("3"),
		one("suspect_for", &k.SuspectFor, period).or("30s"),
		one("leave_for", &k.LeaveFor, period).or("60s"),
		one("max_nodes", &k.MaxNodes, count).or("10000"),
	}
}

// noCookie refuses a cookie in the file: configurations are read by many, and end up in version control.
func noCookie(r *reader, key string, t *tree) {
	r.fail(t.at, "", "a cookie in the configuration is no secret: put it in a file of its own and name that with cookie_file, or use GONODE_COOKIE")
}

func mode(s string) (epmd.Mode, error) {
	m, err := epmd.ParseMode(s)
	if err != nil || s == "" {
		return 0, errors.New("want auto, external, embedded or none")
	}
	return m, nil
}

func strategyPrune(s string) (strategy.Prune, error) {
	p, err := strategy.ParsePrune(s)
	if err != nil || s == "" {
		return 0, errors.New(`want never, log-only, now, or after a time, as in "after 30s"`)
	}
	return p, nil
}

// waiting reads how long to wait for the cluster.
func waiting(s string) (time.Duration, error) {
	if s == "forever" {
		return -1, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errors.New("want a time with its unit, such as 30s, 0s for not at all, or forever")
	}
	return d, nil
}

// someOrNone returns an option of a list of texts, for which an empty list is not the same as none.
func someOrNone(name string, p *[]string) option {
	o := some(name, p, text)
	read := o.read
	o.read = func(r *reader, key string, t *tree) {
		read(r, key, t)
		if *p == nil {
			*p = []string{}
		}
	}
	return o
}

// permissions returns the option that says who may call what.
func permissions(p *[]node.Permission) option {
	return option{name: "permissions", read: func(r *reader, key string, t *tree) {
		*p = []node.Permission{}
		each("permissions", "", func(i int) []option {
			*p = append(*p, node.Permission{})
			return []option{some("nodes", &(*p)[i].Nodes, pattern), some("functions", &(*p)[i].Functions, pattern)}
		}).read(r, key, t)
	}}
}
