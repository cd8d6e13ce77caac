package output

import "io"

// Version is the "v" of all JSON.
const Version = 1

// Format is a form of the output.
type Format string

// The forms.
const (
	Table  Format = "table"  // for people: columns, or lines of text
	Wide   Format = "wide"   // table with more in it
	JSON   Format = "json"   // one value a line
	NDJSON Format = "ndjson" // the same, but lists have a line for each item
	YAML   Format = "yaml"
	Name   Format = "name" // the name of each, for xargs and the like
	Erl    Format = "erl"  // Erlang terms, for file:consult/1
)

// Formats returns all forms, the default first.
func Formats() []string {
	return []string{string(Table), string(Wide), string(JSON), string(NDJSON), string(YAML), string(Name), string(Erl)}
}

// Printer says where to write and how.
type Printer struct {
	W      io.Writer
	Format Format // empty is Table
	Color  bool
}

// Text reports whether people are to read it.
func (p Printer) Text() bool { return p.Format == "" || p.Format == Table || p.Format == Wide }

// Style is how text stands out in colour.
type Style string

// The styles: escape sequences of SGR.
const (
	Plain  Style = ""
	Strong Style = "\x1b[1m"
	Faint  Style = "\x1b[2m"
	Good   Style = "\x1b[32m"
	Warn   Style = "\x1b[33m"
	Bad    Style = "\x1b[31m"
)

// Paint returns text in a style, if p has colours.
func (p Printer) Paint(s Style, text string) string {
	if !p.Color || s == Plain || text == "" {
		return text
	}
	return string(s) + text + "\x1b[0m"
}
