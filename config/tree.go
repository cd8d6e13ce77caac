package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The bounds of a file.
const (
	maxFile   = 1 << 20 // bytes
	maxValues = 100_000 // with aliases written out
	maxDepth  = 32
)

// form is what a value is made of.
type form int

const (
	scalar form = iota
	list
	mapping
	null // nothing is written
)

// tree is a value as it was written.
type tree struct {
	at    Origin
	form  form
	text  string  // of a scalar
	items []*tree // of a list
	pairs []pair  // of a mapping
}

// pair is a key of a mapping with its value.
type pair struct {
	name  string
	at    Origin // of the key
	value *tree
}

// get returns the value of a key; nil if it is not there.
func (t *tree) get(name string) *tree {
	for _, p := range t.pairs {
		if p.name == name {
			return p.value
		}
	}
	return nil
}

// parseTree reads YAML. file is what it is called in errors; if it is empty they are located at.
func parseTree(text []byte, file string, at Origin) (*tree, Errors) {
	if file != "" {
		at = Origin{File: file}
	}
	if len(text) > maxFile {
		return nil, Errors{{Origin: at, Problem: fmt.Sprintf("has more than %d bytes: it is no configuration", maxFile)}}
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	if err := dec.Decode(&doc); err != nil {
		if strings.TrimSpace(string(text)) == "" || err.Error() == "EOF" {
			return &tree{at: at, form: null}, nil
		}
		return nil, Errors{syntaxError(at, err)}
	}
	p := &planter{at: at, whole: file != ""}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		return nil, Errors{{Origin: at, Problem: "has a second document (after a line ---): want one"}}
	} else if err.Error() != "EOF" {
		return nil, Errors{syntaxError(at, err)}
	}
	if len(doc.Content) == 0 {
		return &tree{at: at, form: null}, nil
	}
	root := p.plant(doc.Content[0], 0)
	return root, p.errs
}

// syntaxError says what the YAML library has to say, at the line it tells.
func syntaxError(at Origin, err error) *Error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`(?:^|\W)line (\d+): `).FindStringSubmatch(text); m != nil && at.Name == "" {
		at.Line, _ = strconv.Atoi(m[1])
		at.Column = 1
		text = strings.Replace(text, "line "+m[1]+": ", "", 1)
	}
	return &Error{Origin: at, Problem: "is not YAML: " + text, Err: err}
}

// planter makes trees of what the YAML library has read.
type planter struct {
	at     Origin
	whole  bool // lines and columns mean something
	values int
	errs   Errors
}

var errTooMuch = errors.New("config: too many values")

func (p *planter) origin(n *yaml.Node) Origin {
	at := p.at
	if p.whole {
		at.Line, at.Column = n.Line, n.Column
	}
	return at
}

func (p *planter) fail(at Origin, problem string) {
	if len(p.errs) < maxErrors {
		p.errs = append(p.errs, &Error{Origin: at, Problem: problem})
	}
}

func (p *planter) plant(n *yaml.Node, depth int) *tree {
	t := &tree{at: p.origin(n), form: null}
	p.values++
	switch {
	case p.values > maxValues:
		if p.values == maxValues+1 {
			p.errs = append(p.errs, &Error{Origin: t.at, Err: errTooMuch,
				Problem: fmt.Sprintf("is too much: at most %d values, with aliases (*) written out", maxValues)})
		}
		return t
	case depth > maxDepth:
		p.fail(t.at, fmt.Sprintf("is too deep: at most %d lists and mappings in each other", maxDepth))
		return t
	}
	switch n.Kind {
	case yaml.AliasNode:
		alias := p.plant(n.Alias, depth+1)
		alias.at = t.at
		return alias
	case yaml.SequenceNode:
		t.form = list
		for _, item := range n.Content {
			t.items = append(t.items, p.plant(item, depth+1))
		}
	case yaml.MappingNode:
		t.form = mapping
		p.pairs(t, n, depth)
	case yaml.ScalarNode:
		if n.Tag != "!!null" {
			t.form, t.text = scalar, n.Value
		}
	}
	return t
}

// pairs reads the keys of a mapping.
func (p *planter) pairs(t *tree, n *yaml.Node, depth int) {
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content) && p.values <= maxValues; i += 2 {
		key := n.Content[i]
		at := p.origin(key)
		switch {
		case key.Kind != yaml.ScalarNode:
			p.fail(at, "is no key: want a word and a colon")
			continue
		case key.Tag == "!!merge":
			p.fail(at, "<< is not supported: write the keys out, or use an alias (*) for a whole value")
			continue
		case lines[key.Value] > 0:
			p.fail(at, fmt.Sprintf("key %s is there already, in line %d", quoteKey(key.Value), lines[key.Value]))
			continue
		}
		lines[key.Value] = cmp.Or(key.Line, 1)
		t.pairs = append(t.pairs, pair{name: key.Value, at: at, value: p.plant(n.Content[i+1], depth+1)})
	}
}

// quoteKey returns a key for people: shortened, and in quotes.
func quoteKey(key string) string { return fmt.Sprintf("%.60q", key) }

// over returns t on top of base: mappings key by key, everything else whole. Neither is changed.
func (t *tree) over(base *tree) *tree {
	if base == nil || base.form != mapping || t.form != mapping {
		return t
	}
	merged := &tree{at: t.at, form: mapping}
	for _, p := range base.pairs {
		if top := t.get(p.name); top != nil {
			p.value = top.over(p.value)
		}
		merged.pairs = append(merged.pairs, p)
	}
	for _, p := range t.pairs {
		if base.get(p.name) == nil {
			merged.pairs = append(merged.pairs, p)
		}
	}
	return merged
}
