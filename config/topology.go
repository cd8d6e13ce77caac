package config

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"gonode/epmd"
	"gonode/node"
	"gonode/strategy"
)

// Topology is a strategy with its options, and a name.
type Topology struct {
	Name     string
	Strategy string // one of Strategies
	Origin   Origin

	kind kind
	tree *tree
}

// Env is what strategies are told of the node that they work for.
type Env struct {
	Self     string       // name of the node; empty means node.DefaultName
	EPMDPort int          // 0 means that of package epmd
	Logger   *slog.Logger // nil means silence

	// Silent is for those who only look: no strategy tells others of the node.
	Silent bool
}

func (e Env) self() string {
	if e.Self == "" {
		return node.DefaultName
	}
	return e.Self
}

// client returns one that asks epmd on the port of the node.
func (e Env) client() *epmd.Client { return &epmd.Client{Port: e.EPMDPort} }

// kind is a strategy by name.
type kind struct {
	name    string
	modules []string // libcluster's, without Cluster.Strategy.
	make    func(Env) recipe
}

// recipe makes one strategy: read the options, then call done, which checks them.
type recipe struct {
	options []option
	done    func() (strategy.Strategy, error)
}

// kinds are the strategies there are.
func kinds() []kind {
	return []kind{
		{"epmd", []string{"Epmd"}, epmdRecipe},
		{"local-epmd", []string{"LocalEpmd"}, localEPMDRecipe},
		{"erlang-hosts", []string{"ErlangHosts"}, erlangHostsRecipe},
		{"gossip", []string{"Gossip"}, gossipRecipe},
		{"kubernetes", []string{"Kubernetes"}, kubernetesRecipe},
		{"dns", []string{"DNSPoll"}, dnsRecipe},
		{"kubernetes-dns", []string{"Kubernetes.DNS"}, kubernetesDNSRecipe},
		{"kubernetes-dns-srv", []string{"Kubernetes.DNSSRV"}, kubernetesSRVRecipe},
		{"file", nil, fileRecipe},
		{"exec", nil, execRecipe},
		{"http", nil, httpRecipe},
	}
}

// Strategies returns the names of the strategies there are.
func Strategies() []string {
	var all []string
	for _, k := range kinds() {
		all = append(all, k.name)
	}
	return all
}

// Keys returns every key there is: those of the file, and those of each strategy as "topologies.STRATEGY.KEY".
func Keys() []string {
	var topologies *tree
	keys := keysOf("", (&Config{}).options(&topologies))
	for _, k := range kinds() {
		keys = append(keys, keysOf("topologies."+k.name+".", k.make(Env{}).options)...)
	}
	return keys
}

func keysOf(prefix string, options []option) []string {
	var all []string
	for _, o := range options {
		switch {
		case o.parts != nil:
			all = append(all, keysOf(prefix+o.name+".", o.parts)...)
		case !o.barred:
			all = append(all, prefix+o.name)
		}
	}
	return all
}

// findKind returns the strategy that text names, by its name here or libcluster's module.
func findKind(text string) (kind, error) {
	module, isModule := strings.CutPrefix(strings.TrimPrefix(text, "Elixir."), "Cluster.Strategy.")
	for _, k := range kinds() {
		if k.name == text || isModule && slices.Contains(k.modules, module) {
			return k, nil
		}
	}
	return kind{}, errors.New("there is no such strategy" + hint(strings.TrimPrefix(module, "Cluster."), Strategies()))
}

// maxTopologies bounds how many there are.
const maxTopologies = 100

// readTopologies reads the topologies and checks each by making its strategy.
func (c *Config) readTopologies(r *reader, all *tree) {
	switch {
	case all == nil || all.form == null:
		return
	case all.form != mapping:
		r.fail(all.at, "topologies", "is no mapping: want names with strategies, such as \"main: {strategy: gossip}\"")
		return
	case len(all.pairs) > maxTopologies:
		r.fail(all.at, "topologies", fmt.Sprintf("has %d topologies: want at most %d", len(all.pairs), maxTopologies))
		return
	}
	for _, p := range all.pairs {
		if !goodTopology(p.name) {
			r.fail(p.at, "", fmt.Sprintf("topology %s: want a name of letters, digits, - and _, at most 64", quoteKey(p.name)))
			continue
		}
		t := &Topology{Name: p.name, Origin: p.at, tree: p.value}
		if t.find(r) {
			_, settings, errs := t.build(Env{Self: c.Node.Name, EPMDPort: c.Node.EPMDPort})
			c.settings = append(c.settings, settings...)
			r.errs = append(r.errs, errs...)
			c.Topologies = append(c.Topologies, t)
		}
	}
}

func goodTopology(name string) bool {
	const most = 64
	return name != "" && len(name) <= most && name != "mesh" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// find finds the kind of the topology. One that is a word is a strategy without options.
func (t *Topology) find(r *reader) bool {
	key := "topologies." + t.Name
	if t.tree.form == scalar {
		named := &tree{at: t.tree.at, form: scalar, text: t.tree.text}
		t.tree = &tree{at: t.tree.at, form: mapping, pairs: []pair{{"strategy", t.tree.at, named}}}
	}
	if t.tree.form != mapping || t.tree.get("strategy") == nil {
		r.fail(t.tree.at, key, "has no strategy: want one of "+strings.Join(Strategies(), ", "))
		return false
	}
	named := t.tree.get("strategy")
	text, ok := r.scalar(key+".strategy", named)
	if !ok {
		return false
	}
	k, err := findKind(text)
	if err != nil {
		r.refuse(key+".strategy", named, text, err)
		return false
	}
	t.kind, t.Strategy = k, k.name
	return true
}

// build makes the strategy.
func (t *Topology) build(env Env) (made, []Setting, Errors) {
	r := newReader()
	fmt.Fprintf(r.digest, "%s\n", t.Strategy)
	key := "topologies." + t.Name
	recipe := t.kind.make(env)
	own := option{name: "strategy", read: func(*reader, string, *tree) {}}
	r.section(t.tree, key, "", "in strategy "+t.Strategy, append([]option{own}, recipe.options...))
	if len(r.errs) > 0 {
		return made{}, r.settings, r.errs
	}
	s, err := recipe.done()
	for _, e := range errorsOf(err) {
		r.errs = append(r.errs, t.place(r, e))
	}
	return made{strategy: s, digest: fmt.Sprintf("%x", r.digest.Sum(nil))}, r.settings, r.errs
}

// place finds the option that an error of a strategy is about; the topology as a whole if it does not say.
func (t *Topology) place(r *reader, err error) *Error {
	key := "topologies." + t.Name
	if e, ok := asError[*strategy.FieldError](err); ok {
		for field := e.Field; field != ""; field = outer(field) {
			if p, ok := r.fields[field]; ok {
				return &Error{Origin: p.at, Key: p.key, Problem: e.Problem, Err: err}
			}
		}
		for _, o := range t.kind.make(Env{}).options {
			if o.field == e.Field {
				problem := e.Problem
				if t.Origin.Name != "" { // which stands for the whole topology
					problem = o.name + between(problem) + problem
				}
				return &Error{Origin: t.Origin, Key: key + "." + o.name, Problem: problem, Err: err}
			}
		}
	}
	return &Error{Origin: t.Origin, Key: key, Problem: err.Error(), Err: err}
}

// outer returns the field that another one is in: Queries[0] for Queries[0].Name, Queries for Queries[0].
func outer(field string) string {
	return field[:max(strings.LastIndexAny(field, ".["), 0)]
}

// made is a strategy, and what it was made of.
type made struct {
	strategy strategy.Strategy
	digest   string
}

// Sources are the strategies of a configuration, made for a node.
type Sources struct {
	list []strategy.Source
	made map[string]made // by the name of the topology
}

// List returns them in the order of Config.Topologies.
func (s *Sources) List() []strategy.Source { return slices.Clone(s.list) }

// Sources makes the strategies. A topology that is the same as in before, files with secrets included, has the same
// strategy: it may run already, and goes on undisturbed. before may be nil. The error is Errors: a file with a secret has
// changed since Merge.
func (c *Config) Sources(env Env, before *Sources) (*Sources, error) {
	all := &Sources{made: make(map[string]made)}
	var errs Errors
	for _, t := range c.Topologies {
		m, _, wrong := t.build(env)
		errs = append(errs, wrong...)
		if before != nil {
			if old, ok := before.made[t.Name]; ok && old.digest == m.digest {
				m = old
			}
		}
		all.made[t.Name] = m
		all.list = append(all.list, strategy.Source{Name: t.Name, Strategy: m.strategy})
	}
	if err := errs.err(); err != nil {
		return nil, err
	}
	return all, nil
}

// FindStrategy returns the name of a strategy, which may be given as the name of libcluster's module.
func FindStrategy(text string) (string, error) {
	k, err := findKind(text)
	return k.name, err
}
