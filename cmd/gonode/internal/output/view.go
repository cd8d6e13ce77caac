package output

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Column is a column of a table.
type Column[T any] struct {
	Head  string
	Wide  bool           // only with -o wide
	Cell  func(T) string // the text
	Style func(T) Style  // nil is Plain
	Right bool           // numbers
}

// View says how values of type T look.
type View[T any] struct {
	Kind    string // of a list, in JSON
	Columns []Column[T]

	// Line is the text of one value, without the line feed, for what is no table; wide has more in it. Empty is nothing.
	Line func(p Printer, v T) string

	// Name is what -o name prints; empty is nothing.
	Name func(T) string
}

// columns returns those that p shows.
func (v View[T]) columns(p Printer) []Column[T] {
	var shown []Column[T]
	for _, c := range v.Columns {
		if !c.Wide || p.Format == Wide {
			shown = append(shown, c)
		}
	}
	return shown
}

// List writes all values.
func (v View[T]) List(p Printer, items []T) error {
	switch {
	case p.Text() && v.Line == nil:
		return v.table(p, items, true, make([]int, len(v.columns(p))))
	case p.Text() || p.Format == Name || p.Format == NDJSON:
		s := v.Stream(p)
		for _, item := range items {
			if err := s.Write(item); err != nil {
				return err
			}
		}
		return nil
	}
	if items == nil {
		items = []T{}
	}
	doc := struct {
		Kind  string `json:"kind"`
		Items []T    `json:"items"`
	}{v.Kind, items}
	return document(p, doc)
}

// One writes a single value: as a document, or a line of text.
func (v View[T]) One(p Printer, item T) error {
	return v.Stream(p).Write(item)
}

// table writes aligned columns, at least as wide as widths, which it keeps up to date.
func (v View[T]) table(p Printer, items []T, heads bool, widths []int) error {
	columns := v.columns(p)
	rows := make([][]string, 0, len(items)+1)
	if heads {
		var head []string
		for _, c := range columns {
			head = append(head, c.Head)
		}
		rows = append(rows, head)
	}
	for _, item := range items {
		var row []string
		for _, c := range columns {
			row = append(row, printable(c.Cell(item)))
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for n, row := range rows {
		for i, c := range columns {
			style := Strong
			if n > 0 || !heads {
				style = styleOf(c, items, n, heads)
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(row[i]))
			text := p.Paint(style, row[i])
			switch {
			case c.Right:
				text = pad + text
			case i < len(columns)-1:
				text += pad
			}
			if i > 0 {
				out.WriteString("  ")
			}
			out.WriteString(text)
		}
		out.WriteByte('\n')
	}
	return wrote(io.WriteString(p.W, out.String()))
}

func styleOf[T any](c Column[T], items []T, row int, heads bool) Style {
	if heads {
		row--
	}
	if c.Style == nil {
		return Plain
	}
	return c.Style(items[row])
}

// printable keeps what a remote node says from steering the terminal; an empty cell gets a dash, so that columns can be
// cut by words.
func printable(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// wrote names what failed when the output can't be written.
func wrote(_ int, err error) error {
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}
