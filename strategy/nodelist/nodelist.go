package nodelist

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"

	"gonode/strategy"
)

// The limits of a list. A cluster of Erlang nodes is a full mesh, and has hundreds of nodes at most.
const (
	MaxBytes = 1 << 20 // of a list, which is for the readers of lists to enforce
	MaxNodes = 10_000  // in a list
)

// Error says where a list is wrong. The zero value is of no use.
type Error struct {
	Line    int    // the first line is 1
	Text    string // what stands there, cut to 60 bytes; may be empty
	Problem string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
	}
	return fmt.Sprintf("line %d: %q: %s", e.Line, e.Text, e.Problem)
}

// failure is a place in a list and what is wrong there.
func failure(line int, text, problem string) *Error {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:57], "") + "..."
	}
	return &Error{Line: line, Text: text, Problem: problem}
}

// Parse reads a list. The nodes have no Origin. The error is an *Error.
func Parse(data []byte) ([]strategy.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // as editors on Windows write it
	if len(data) > MaxBytes {
		return nil, failure(1, "", fmt.Sprintf("the list has %d bytes, more than %d", len(data), MaxBytes))
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && (text[0] == '[' || text[0] == '{') {
		return parseJSON(data)
	}
	return parseLines(string(data))
}

func parseLines(text string) ([]strategy.Node, error) {
	var nodes []strategy.Node
	number := 0
	for line := range strings.Lines(text) {
		number++
		fields := strings.Fields(uncomment(line))
		if len(fields) == 0 {
			continue
		}
		if len(fields) > 2 {
			return nil, failure(number, strings.TrimSpace(line), "want a node's name, and its host:port if epmd does not know it")
		}
		n := strategy.Node{Name: fields[0]}
		if len(fields) == 2 {
			n.Address = fields[1]
		}
		if problem := wrong(n); problem != "" {
			return nil, failure(number, strings.Join(fields, " "), problem)
		}
		if nodes = append(nodes, n); len(nodes) > MaxNodes {
			return nil, failure(number, "", fmt.Sprintf("more than %d nodes", MaxNodes))
		}
	}
	return nodes, nil
}

// uncomment cuts off a comment. A # within a word is none.
func uncomment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// wrong says what is wrong with a node; empty if nothing is.
func wrong(n strategy.Node) string {
	switch {
	case strings.ContainsAny(n.Name, ",;"):
		return "write each node on a line of its own, or a JSON array"
	case strings.ContainsAny(n.Name, `'"`):
		return "write the name without quotes"
	}
	if err := strategy.CheckName(n.Name); err != nil {
		return strings.TrimPrefix(err.Error(), "strategy: ")
	}
	if n.Address == "" {
		return ""
	}
	return wrongAddress(n.Address)
}

func wrongAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsAny(host, " \t\r\n") {
		return "the address must be host:port, with brackets around an IPv6 address"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "the port of the address must be a number from 1 to 65535"
	}
	return ""
}
