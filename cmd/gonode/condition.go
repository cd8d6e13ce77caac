package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"gonode/events"
)

// condition is what watch --until waits for.
type condition struct {
	text string
	op   string // of members, or up, down
	n    int
	node string
}

// parseCondition reads members>=3, up a@host or down a@host.
func parseCondition(s string) (*condition, error) {
	c := &condition{text: s}
	if m := regexp.MustCompile(`^\s*members\s*(>=|<=|==|!=|=|>|<)\s*(\d{1,9})\s*$`).FindStringSubmatch(s); m != nil {
		c.op = m[1]
		c.n, _ = strconv.Atoi(m[2]) // nothing but digits
		return c, nil
	}
	word, name, _ := strings.Cut(strings.TrimSpace(s), " ")
	if word == "up" || word == "down" {
		c.op, c.node = word, strings.TrimSpace(name)
		_, err := parseNodeName(c.node)
		return c, err
	}
	return nil, errors.New("want members>=3 (or <=, >, <, =, !=), 'up a@host' or 'down a@host'")
}

// counter tells whether a condition is met, event by event.
type counter struct {
	c      *condition
	up     map[string]bool
	synced bool
	gone   bool // the node of a "down" has gone
}

func newCounter(c *condition) *counter { return &counter{c: c, up: map[string]bool{}} }

// met takes the next event. What was there before counts once it has come whole.
func (c *counter) met(ev events.Event) bool {
	switch ev := ev.(type) {
	case events.NodeUp:
		c.up[ev.Node] = true
	case events.NodeDown:
		delete(c.up, ev.Node)
		c.gone = c.gone || ev.Node == c.c.node
	case events.Synced:
		c.synced = true
	}
	return c.synced && c.holds()
}

func (c *counter) holds() bool {
	n, want := len(c.up), c.c.n
	switch c.c.op {
	case "up":
		return c.up[c.c.node]
	case "down":
		return c.gone
	case ">=":
		return n >= want
	case "<=":
		return n <= want
	case ">":
		return n > want
	case "<":
		return n < want
	case "!=":
		return n != want
	}
	return n == want
}
