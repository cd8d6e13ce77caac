package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"gonode/cmd/gonode/internal/termjson"
	"gonode/etf"
)

// Stream writes values one after the other. It belongs to one goroutine.
type Stream[T any] struct {
	view   View[T]
	p      Printer
	begun  bool
	widths []int // of the columns so far
}

// Stream returns one that writes to p.
func (v View[T]) Stream(p Printer) *Stream[T] {
	return &Stream[T]{view: v, p: p, widths: make([]int, len(v.columns(p)))}
}

// Write writes one value.
func (s *Stream[T]) Write(item T) error {
	first := !s.begun
	s.begun = true
	switch {
	case s.p.Format == Name:
		name := ""
		if s.view.Name != nil {
			name = s.view.Name(item)
		}
		if name == "" {
			return nil
		}
		return s.line(printable(name))
	case !s.p.Text():
		return document(s.p, item)
	case s.view.Line != nil:
		return s.line(s.view.Line(s.p, item))
	}
	return s.view.table(s.p, []T{item}, first, s.widths)
}

func (s *Stream[T]) line(text string) error {
	if text == "" {
		return nil
	}
	return wrote(io.WriteString(s.p.W, text+"\n"))
}

// document writes one value as JSON, YAML or an Erlang term.
func document(p Printer, value any) error {
	text, err := versioned(value)
	if err != nil {
		return err
	}
	switch p.Format {
	case YAML:
		text, err = asYAML(text)
	case Erl:
		text, err = asErlang(text)
	}
	if err != nil {
		return err
	}
	return wrote(p.W.Write(text))
}

// versioned returns the JSON of an object, on one line, with the version as its first member.
func versioned(value any) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"v":%d`, Version)
	head := b.Len()
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, fmt.Errorf("write the output: %w", err)
	}
	text := b.Bytes()
	if text[head] != '{' {
		return nil, fmt.Errorf("write the output: %T is no object", value)
	}
	text[head] = ','
	if text[head+1] == '}' {
		return append(text[:head], '}', '\n'), nil
	}
	return text, nil
}

// asYAML returns a document with the members in the order of the JSON.
func asYAML(text []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("write the output: %w", err)
	}
	block(&doc)
	var b bytes.Buffer
	b.WriteString("---\n")
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write the output: %w", err)
	}
	return b.Bytes(), enc.Close()
}

// block takes the brackets and quotes of JSON away; the encoder puts quotes where they are needed.
func block(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		block(child)
	}
}

// asErlang returns a map with atoms as keys, and a full stop.
func asErlang(text []byte) ([]byte, error) {
	term, err := termjson.ParseAtoms(text)
	if err != nil {
		return nil, fmt.Errorf("write the output: %w", err)
	}
	return append([]byte(etf.Format(term)), ".\n"...), nil
}
