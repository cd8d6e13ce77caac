package config

import (
	"fmt"
	"slices"
	"strings"
)

// Setting is one value of the configuration, for people.
type Setting struct {
	Key    string
	Value  string // as it was written, or the default; "set" or "unset" if it is a secret
	Origin Origin
	Secret bool

	sum string // of the value, secrets included
}

// Settings returns every key with its value and where that is from: those of the node in the order of the documentation,
// then those of the topologies.
func (c *Config) Settings() []Setting { return slices.Clone(c.settings) }

// shown returns what was written, in a line.
func shown(t *tree) string {
	switch t.form {
	case scalar:
		return t.text
	case list:
		items := make([]string, len(t.items))
		for i, item := range t.items {
			items[i] = shown(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case mapping:
		pairs := make([]string, len(t.pairs))
		for i, p := range t.pairs {
			pairs[i] = p.name + ": " + shown(p.value)
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	}
	return ""
}

// Changes is the difference between the configuration of a running node and another one, in keys.
type Changes struct {
	Live    []string // in force at once when node.Reconfigure is called with the plan of the other
	Restart []string // not before the node is started again
}

// Changes compares c, with which a node runs, with next.
func (c *Config) Changes(next *Config) Changes {
	var ch Changes
	before, after := byKey(c), byKey(next)
	for _, s := range slices.Concat(c.settings, next.settings) {
		if same(before[s.Key], after[s.Key]) {
			continue
		}
		to := &ch.Restart
		if live(s.Key) {
			to = &ch.Live
		}
		if !slices.Contains(*to, s.Key) {
			*to = append(*to, s.Key)
		}
	}
	return ch
}

func byKey(c *Config) map[string]*Setting {
	all := make(map[string]*Setting, len(c.settings))
	for i := range c.settings {
		all[c.settings[i].Key] = &c.settings[i]
	}
	return all
}

func same(a, b *Setting) bool {
	return a != nil && b != nil && a.sum == b.sum
}

// live reports whether a key can change while the node runs.
func live(key string) bool {
	first, _, _ := strings.Cut(key, ".")
	return slices.Contains([]string{"topologies", "prune", "min_members", "engine", "log_level"}, first)
}

// String returns the changes in a line.
func (ch Changes) String() string {
	var said []string
	if len(ch.Live) > 0 {
		said = append(said, "in force now: "+strings.Join(ch.Live, ", "))
	}
	if len(ch.Restart) > 0 {
		said = append(said, fmt.Sprintf("after a restart only: %s", strings.Join(ch.Restart, ", ")))
	}
	if said == nil {
		return "nothing has changed"
	}
	return strings.Join(said, "; ")
}
