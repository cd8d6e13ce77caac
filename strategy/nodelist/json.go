package nodelist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"gonode/strategy"
)

// entry is an object in a list.
type entry struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

func parseJSON(data []byte) ([]strategy.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	at := func(err error) *Error { return jsonFailure(data, dec.InputOffset(), err) }
	first, err := dec.Token()
	if err != nil {
		return nil, at(err)
	}
	if first != json.Delim('[') {
		return nil, at(errors.New("want an array of names, or of objects with name and address"))
	}
	var nodes []strategy.Node
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, at(err)
		}
		n, err := parseEntry(raw)
		if err != nil {
			return nil, at(err)
		}
		if nodes = append(nodes, n); len(nodes) > MaxNodes {
			return nil, at(fmt.Errorf("more than %d nodes", MaxNodes))
		}
	}
	if _, err := dec.Token(); err != nil { // the ]
		return nil, at(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, at(errors.New("there is more after the end of the array"))
	}
	return nodes, nil
}

// parseEntry reads one element of the array.
func parseEntry(raw json.RawMessage) (strategy.Node, error) {
	var e entry
	var err error
	switch raw[0] {
	case '"':
		err = json.Unmarshal(raw, &e.Name)
	case '{':
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		err = strict.Decode(&e)
	default:
		err = errors.New("want a name, or an object with name and address")
	}
	if err != nil {
		return strategy.Node{}, err
	}
	n := strategy.Node{Name: e.Name, Address: e.Address}
	if problem := wrong(n); problem != "" {
		return n, fmt.Errorf("%.60q: %s", e.Name, problem)
	}
	return n, nil
}

// jsonFailure gives an error of package json its line. offset is where the decoder stands.
func jsonFailure(data []byte, offset int64, err error) *Error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = max(offset, min(syntax.Offset, int64(len(data))))
	}
	problem := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, problem = int64(len(data)), "the JSON ends too early"
	}
	return failure(1+bytes.Count(data[:offset], []byte("\n")), "", problem)
}
