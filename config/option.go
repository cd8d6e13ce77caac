package config

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"
)

// option is a key and the field it is read into.
type option struct {
	name   string
	also   []string            // other names: libcluster's
	field  string              // the name of the field in Go, for strategy.FieldError; empty if none is reported
	def    string              // the default, for people
	secret bool                // the value is never shown
	mask   func(string) string // takes what is secret out of a value, before it is shown; nil if nothing is
	barred bool                // there is no such key: reading it tells why
	parts  []option            // if it is a group: its keys; then read is nil
	read   func(r *reader, key string, t *tree)
}

// named gives an option other names.
func (o option) named(also ...string) option {
	o.also = also
	return o
}

// of says which field of a strategy the option is read into, and what it is if nobody gives it.
func (o option) of(field, def string) option {
	o.field, o.def = field, def
	return o
}

// or says what the value is if nobody gives it.
func (o option) or(def string) option {
	o.def = def
	return o
}

// hidden makes an option one whose value is never shown.
func (o option) hidden() option {
	o.secret = true
	return o
}

// one returns an option of one word or number, which parse reads into p.
func one[T any](name string, p *T, parse func(string) (T, error)) option {
	o := option{name: name}
	o.read = func(r *reader, key string, t *tree) {
		text, ok := r.scalar(key, t)
		if !ok {
			return
		}
		v, err := parse(text)
		if err != nil {
			r.refuse(key, t, text, err)
			return
		}
		*p = v
	}
	return o
}

// some returns an option of a list, each item of which parse reads.
func some[T any](name string, p *[]T, parse func(string) (T, error)) option {
	o := option{name: name}
	o.read = func(r *reader, key string, t *tree) {
		var all []T
		for i, item := range itemsOf(t) {
			if len(r.errs) >= maxErrors {
				break
			}
			r.field(fmt.Sprintf("%s[%d]", o.field, i), item.at, key)
			text, ok := r.scalar(key, item)
			if !ok {
				continue
			}
			v, err := parse(text)
			if err != nil {
				r.refuse(key, item, text, err)
				continue
			}
			all = append(all, v)
		}
		*p = all
	}
	return o
}

// itemsOf returns the items of a list; a word is a list too, with commas between its items.
func itemsOf(t *tree) []*tree {
	switch t.form {
	case list:
		return t.items
	case scalar:
		var items []*tree
		for word := range strings.SplitSeq(t.text, ",") {
			items = append(items, &tree{at: t.at, form: scalar, text: strings.TrimSpace(word)})
		}
		return items
	case mapping:
		return []*tree{t}
	}
	return nil
}

// each returns an option of a list of mappings, each of which has the options that item returns for it.
func each(name, field string, item func(i int) []option) option {
	return option{name: name, field: field, read: func(r *reader, key string, t *tree) {
		items := t.items
		if t.form == mapping {
			items = []*tree{t}
		} else if t.form != list {
			r.fail(t.at, key, "is no list: want items that begin with \"- \"")
			return
		}
		before := len(r.settings)
		defer func() { r.settings = r.settings[:before] }() // the whole list is one setting
		for i, it := range items {
			r.section(it, fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%s[%d].", field, i), "in "+name, item(i))
		}
	}}
}

// group returns an option that is a mapping with options of its own.
func group(name string, options []option) option {
	return option{name: name, parts: options}
}

// place is where a field was set.
type place struct {
	at  Origin
	key string
}

// reader reads trees into fields, and remembers what is wrong and what was set from where.
type reader struct {
	errs     Errors
	fields   map[string]place // by the name of the field in Go
	settings []Setting
	digest   hash.Hash // of all that makes a difference, files with secrets included
}

func newReader() *reader { return &reader{fields: make(map[string]place), digest: sha256.New()} }

func (r *reader) fail(at Origin, key, problem string) {
	r.errs = append(r.errs, &Error{Origin: at, Key: key, Problem: problem})
}

// refuse says that text is not what is wanted.
func (r *reader) refuse(key string, t *tree, text string, err error) {
	r.errs = append(r.errs, &Error{Origin: t.at, Key: key, Problem: fmt.Sprintf("is %.60q: %v", text, err), Err: err})
}

func (r *reader) field(name string, at Origin, key string) { r.fields[name] = place{at, key} }

// scalar returns the text of a word or number.
func (r *reader) scalar(key string, t *tree) (string, bool) {
	switch {
	case t.form == list:
		r.fail(t.at, key, "is a list: want one value")
	case t.form == mapping:
		r.fail(t.at, key, "is a mapping: want one value")
	case t.form == null:
		r.fail(t.at, key, "has no value: give one, or take the key out")
	default:
		return t.text, true
	}
	return "", false
}

// section reads the keys of a mapping. key and field are what theirs begin with, where says of what they are.
func (r *reader) section(t *tree, key, field, where string, options []option) {
	if t.form != mapping {
		if t.form != null {
			r.fail(t.at, key, "is no mapping: want keys with values, such as \""+options[0].name+": ...\"")
		}
		t = &tree{at: t.at, form: mapping}
	}
	values := r.assign(t, key, where, options)
	for i, o := range options {
		full := strings.TrimPrefix(key+"."+o.name, ".")
		p, given := values[i]
		switch {
		case o.barred && !given:
			continue
		case o.parts != nil:
			if !given {
				p.value = &tree{form: null}
			}
			r.section(p.value, full, "", "in "+o.name, o.parts)
			continue
		case !given:
			r.set(Setting{Key: full, Value: o.def, Secret: o.secret}, nil)
			continue
		}
		r.set(Setting{Key: full, Value: shown(p.value), Origin: p.value.at, Secret: o.secret}, o.mask)
		if o.field != "" {
			r.field(field+o.field, p.value.at, full)
		}
		before := len(r.errs)
		o.read(r, full, p.value)
		if o.secret { // parse may have quoted it
			for _, e := range r.errs[before:] {
				e.Problem, e.Err = "is not what it must be: "+wants(e), nil
			}
		}
	}
}

// wants returns what would do, without what was there.
func wants(e *Error) string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return "want text"
}

// maxErrors is about how many mistakes are told: what has more is no configuration.
const maxErrors = 50

// assign finds the option for each key.
func (r *reader) assign(t *tree, key, where string, options []option) map[int]pair {
	values := make(map[int]pair)
	for _, p := range t.pairs {
		if len(r.errs) >= maxErrors {
			break
		}
		i := slices.IndexFunc(options, func(o option) bool { return o.name == p.name || slices.Contains(o.also, p.name) })
		if i < 0 {
			r.fail(p.at, "", fmt.Sprintf("there is no key %s %s%s", quoteKey(p.name), where, hint(p.name, names(options))))
			continue
		}
		if before, ok := values[i]; ok && before.at.File != "" && before.at.File == p.at.File {
			r.fail(p.at, "", fmt.Sprintf("%s is there already, as %s in line %d", p.name, before.name, before.at.Line))
			continue
		}
		values[i] = p
	}
	return values
}

func names(options []option) []string {
	var all []string
	for _, o := range options {
		if !o.barred {
			all = append(all, o.name)
		}
	}
	return all
}

// set notes a setting, without what mask takes out of it.
func (r *reader) set(s Setting, mask func(string) string) {
	fmt.Fprintf(r.digest, "%q=%q\n", s.Key, s.Value)
	s.sum = fmt.Sprintf("%x", sha256.Sum256([]byte(s.Value)))
	if mask != nil {
		s.Value = mask(s.Value)
	}
	if s.Secret {
		if s.Value != "" {
			s.Value = "set"
		} else {
			s.Value = "unset"
		}
	}
	r.settings = append(r.settings, s)
}

// maxSecret is how much of a file with a secret is read, in bytes.
const maxSecret = 4096

// secretFile returns an option that is the path of a file, which take reads. What is in it is never shown.
func secretFile(name string, take func(text string) error) option {
	return option{name: name, read: func(r *reader, key string, t *tree) {
		path, ok := r.scalar(key, t)
		if !ok {
			return
		}
		file, err := os.Open(t.at.resolve(path))
		if err != nil {
			r.refuse(key, t, path, err)
			return
		}
		defer file.Close()
		text, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
		switch {
		case err != nil:
		case len(text) > maxSecret:
			err = fmt.Errorf("the file has more than %d bytes: it has something else in it", maxSecret)
		default:
			fmt.Fprintf(r.digest, "%x\n", sha256.Sum256(text))
			err = take(strings.TrimSpace(string(text)))
		}
		if err != nil {
			r.refuse(key, t, path, err)
		}
	}}
}

// path returns an option that is a path; in a file it is meant from the folder of the file.
func path(name string, p *string) option {
	return option{name: name, read: func(r *reader, key string, t *tree) {
		if text, ok := r.scalar(key, t); ok {
			*p = t.at.resolve(text)
		}
	}}
}
