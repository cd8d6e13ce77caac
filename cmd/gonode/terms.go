package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"ergo.services/ergo/gen"
	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/output"
	"gonode/cmd/gonode/internal/termjson"
	"gonode/etf"
)

// maxTermText is how much text is read as a term, in bytes.
const maxTermText = 64 << 20

// termFlags is the group of flags of all that take terms and print them.
type termFlags struct {
	input   string
	form    string
	strings bool
}

func (f *termFlags) add(fs *pflag.FlagSet) {
	addChoice(fs, &f.input, "input", "i", "erl", "what the terms of the command line are written in", "erl", "json")
	f.addForm(fs, "plain")
}

func (f *termFlags) addForm(fs *pflag.FlagSet, form string) {
	addChoice(fs, &f.form, "json-form", "", form, "how terms look in JSON: plain as one would write them by hand; "+
		"exact can be read back, with {\"$atom\":...}, {\"$tuple\":[...]} and the like", "plain", "exact")
	fs.BoolVar(&f.strings, "strings", false, "in plain JSON, write lists of printable characters as strings")
}

// parse reads a term; - is standard input. what names it in an error.
func (f *termFlags) parse(a *app, what, text string) (any, error) {
	if text == "-" {
		var err error
		if text, err = a.readText(); err != nil {
			return nil, err
		}
	}
	if f.input == "json" {
		term, err := termjson.Parse([]byte(text))
		if err != nil {
			return nil, usagef("%s: %w", what, err)
		}
		return term, nil
	}
	term, err := etf.ParseText(text)
	if err != nil {
		return nil, usagef("%s is no Erlang term: %w", what, err)
	}
	return term, nil
}

// readText reads standard input.
func (a *app) readText() (string, error) {
	text, err := io.ReadAll(io.LimitReader(a.stdin, maxTermText+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read standard input: %w", err)
	case len(text) > maxTermText:
		return "", usagef("standard input has more than %d bytes", maxTermText)
	}
	return string(text), nil
}

// json returns the JSON of a term.
func (f *termFlags) json(term any) json.RawMessage {
	e := termjson.Encoder{Strings: f.strings}
	if f.form == "exact" {
		e.Form = termjson.Exact
	}
	return e.Append(nil, term)
}

// writeTerm writes a term as text: -o table, wide and erl; or with -o name each element of a list on a line. It reports
// false if the form is another.
func writeTerm(p output.Printer, term any) (bool, error) {
	text := ""
	switch {
	case p.Text():
		text = etf.Format(term) + "\n"
	case p.Format == output.Erl:
		text = etf.Format(term) + ".\n"
	case p.Format == output.Name:
		text = names(term)
	default:
		return false, nil
	}
	if _, err := io.WriteString(p.W, text); err != nil {
		return true, fmt.Errorf("write the output: %w", err)
	}
	return true, nil
}

// names returns the bare text of a term, of a list the elements on a line each.
func names(term any) string {
	list, ok := term.(etf.List)
	if !ok || isString(term) {
		list = etf.List{term}
	}
	var b strings.Builder
	for _, elem := range list {
		b.WriteString(bare(elem) + "\n")
	}
	return b.String()
}

// bare returns the text of a term without quotes.
func bare(term any) string {
	switch t := term.(type) {
	case gen.Atom:
		return string(t)
	case []byte:
		if text, ok := etf.Text(t); ok {
			return text
		}
	}
	if isString(term) {
		text, _ := etf.Text(term)
		return text
	}
	return etf.Format(term)
}

// isString reports whether term is a list that Erlang prints as a string.
func isString(term any) bool {
	_, ok := term.(etf.List)
	return ok && strings.HasPrefix(etf.Format(term), `"`)
}

// errNoList is an argument list that is none.
var errNoList = errors.New(`want a list of the arguments, such as '[1, foo, <<"text">>]'`)
