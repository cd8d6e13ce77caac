package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// rowsOf says how rows of one type look: as text in columns, and as JSON, one a line.
type rowsOf[T any] struct {
	heads []string
	cells func(T) []string
}

// list writes all rows at once.
func (v rowsOf[T]) list(a *app, f *outputFlags, rows []T) error {
	if f.json() {
		for _, row := range rows {
			if err := v.one(a, f, row); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', tabwriter.DiscardEmptyColumns)
	fmt.Fprintln(w, strings.Join(v.heads, "\t"))
	for _, row := range rows {
		fmt.Fprintln(w, v.line(row))
	}
	return wrote(w.Flush())
}

// one writes a row as it comes, without a head.
func (v rowsOf[T]) one(a *app, f *outputFlags, row T) error {
	if !f.json() {
		return writeText(a.stdout, "%s\n", strings.ReplaceAll(v.line(row), "\t", "  "))
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(row); err != nil {
		return wrote(err)
	}
	_, err := fmt.Fprintf(a.stdout, `{"v":%d,%s`, jsonVersion, text.Bytes()[1:]) // a row is a struct with members
	return wrote(err)
}

// line returns the cells with tabs between them; what would mix them up is replaced.
func (v rowsOf[T]) line(row T) string {
	cells := v.cells(row)
	for i, c := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return '\ufffd'
			}
			return r
		}, c)
	}
	return strings.Join(cells, "\t")
}
