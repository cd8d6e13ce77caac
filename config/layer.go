package config

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Layer is what one place says: a file, the environment, flags. The zero value says nothing.
type Layer struct {
	root     *tree // a mapping, or nil
	warnings []string
}

// Load reads a file of at most 1 MiB.
func Load(path string) (*Layer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, Errors{{Origin: Origin{Name: "the configuration"}, Problem: "can't be read: " + err.Error(), Err: err}}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, Errors{{Origin: Origin{Name: "the configuration"}, Problem: "can't be read: " + err.Error(), Err: err}}
	}
	return Parse(path, text)
}

// Parse reads the text of a file; name is what the file is called in errors, and paths in it are meant from its folder. The
// error is Errors. Whether the keys are known is for Merge to say.
func Parse(name string, text []byte) (*Layer, error) {
	root, errs := parseTree(text, name, Origin{})
	if err := errs.err(); err != nil {
		return nil, err
	}
	switch root.form {
	case null:
		return &Layer{}, nil
	case mapping:
		return &Layer{root: root}, nil
	}
	return nil, Errors{{Origin: root.at, Problem: "is no configuration: want keys with values, such as \"name: go@127.0.0.1\""}}
}

// Value is one value from outside a file.
type Value struct {
	Key    string // with dots: "tick_time", "topologies.main.interval"
	Text   string // as YAML if YAML is set; else a list has commas between its items
	YAML   bool
	Origin Origin
}

// Given returns a layer of values, of which the last wins. The error is Errors.
func Given(values ...Value) (*Layer, error) {
	layer := &Layer{}
	var errs Errors
	for _, v := range values {
		leaf := &tree{at: v.Origin, form: scalar, text: v.Text}
		if v.YAML {
			var wrong Errors
			if leaf, wrong = parseTree([]byte(v.Text), "", v.Origin); wrong != nil {
				errs = append(errs, wrong...)
				continue
			}
		}
		path := strings.Split(v.Key, ".")
		for i := len(path) - 1; i >= 0; i-- {
			if path[i] == "" {
				errs = append(errs, &Error{Origin: v.Origin, Problem: fmt.Sprintf("is %.60q: want KEY=VALUE, with dots in KEY", v.Key)})
				break
			}
			leaf = &tree{at: v.Origin, form: mapping, pairs: []pair{{name: path[i], at: v.Origin, value: leaf}}}
		}
		layer.add(leaf)
	}
	return layer, errs.err()
}

func (l *Layer) add(t *tree) {
	if l.root == nil {
		l.root = t
		return
	}
	l.root = t.over(l.root)
}
