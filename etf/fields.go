package etf

import (
	"reflect"
	"strings"
	"unicode"

	"ergo.services/ergo/gen"
)

// form is how a struct looks as a term.
type form uint8

const (
	formMap    form = iota // #{field => value}
	formTuple              // {value}, or {tag, value} if there is a tag
	formRecord             // native record
)

// structInfo is what the tags of a struct type say.
type structInfo struct {
	form   form
	tag    gen.Atom // first element of the tuple, if tagged
	tagged bool
	module gen.Atom // of a native record, with tag as its name
	fields []fieldInfo
	byName map[string]int // index into fields
}

type fieldInfo struct {
	name      string
	index     []int // for reflect.Value.FieldByIndex
	omitEmpty bool
}

// types remembers what one call of Marshal or Unmarshal has learned about struct types.
type types map[reflect.Type]*structInfo

func (ts *types) of(t reflect.Type) (*structInfo, *ValueError) {
	if info, ok := (*ts)[t]; ok {
		return info, nil
	}
	info := &structInfo{byName: map[string]int{}}
	if err := info.collect(t, nil, map[reflect.Type]bool{}); err != nil {
		return nil, err
	}
	if *ts == nil {
		*ts = types{}
	}
	(*ts)[t] = info
	return info, nil
}

// collect adds the fields of t, which is reached through the fields in index. Of two fields with one name the one that is
// less deep wins, then the first.
func (info *structInfo) collect(t reflect.Type, index []int, open map[reflect.Type]bool) *ValueError {
	if open[t] {
		return nil
	}
	open[t] = true
	defer delete(open, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag, hasTag := f.Tag.Lookup("etf")
		if f.Name == "_" {
			if hasTag && len(index) == 0 {
				if err := info.setForm(t, tag); err != nil {
					return err
				}
			}
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous && name == "" && isPlainStruct(f.Type) && (f.IsExported() || f.Type.Kind() == reflect.Struct) {
			if err := info.collect(structOf(f.Type), at, open); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = snakeCase(f.Name)
		}
		info.add(fieldInfo{name: name, index: at, omitEmpty: options == "omitempty"})
	}
	return nil
}

func (info *structInfo) add(f fieldInfo) {
	i, ok := info.byName[f.name]
	switch {
	case !ok:
		info.byName[f.name] = len(info.fields)
		info.fields = append(info.fields, f)
	case len(f.index) < len(info.fields[i].index):
		info.fields[i] = f
	}
}

// setForm reads the tag of the blank field: tuple, tuple=tag or record=module:name.
func (info *structInfo) setForm(t reflect.Type, tag string) *ValueError {
	kind, value, has := strings.Cut(tag, "=")
	module, name, qualified := strings.Cut(value, ":")
	switch {
	case kind == "tuple":
		info.form, info.tag, info.tagged = formTuple, gen.Atom(value), has
	case kind == "record" && qualified:
		info.form, info.module, info.tag = formRecord, gen.Atom(module), gen.Atom(name)
	default:
		return valueErrorf(`%v: the tag etf:%q of its field _ is none of "tuple", "tuple=tag" and "record=module:name"`, t, tag)
	}
	return nil
}

// structOf returns the struct type that t is or points to, else nil.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// isPlainStruct tells whether the fields of an embedded t count as those of the struct around it.
func isPlainStruct(t reflect.Type) bool {
	s := structOf(t)
	if s == nil || isTermType(s) {
		return false
	}
	p := reflect.PointerTo(s)
	return !p.Implements(marshalerType) && !p.Implements(unmarshalerType)
}

// snakeCase turns a Go name into the way Erlang and Elixir write names: UserID becomes user_id, HTTPPort http_port.
func snakeCase(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
