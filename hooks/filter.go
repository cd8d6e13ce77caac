package hooks

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"gonode/events"
	"gonode/internal/eventjson"
)

// Filter is a list of what a hook is for: each the name of an event, with a pattern for the node behind a colon if not all
// are meant, as in "nodeup:db*@*". "*" are all events. An empty Filter is for nodeup and nodedown.
type Filter []string

// kinds are the events that hooks can be for.
func kinds() []string {
	return []string{
		eventjson.NodeUp, eventjson.NodeDown, eventjson.Decision, eventjson.StrategyFailed, eventjson.StrategyRecovered,
	}
}

// Check says what is wrong with f.
func (f Filter) Check() error {
	for _, item := range f {
		kind, pattern, _ := strings.Cut(item, ":")
		if kind != "*" && !slices.Contains(kinds(), kind) {
			return fmt.Errorf("there is no event %q; there is: *, %s", kind, strings.Join(kinds(), ", "))
		}
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("the pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// Match reports whether f is for ev.
func (f Filter) Match(ev events.Event) bool {
	kind := eventjson.Name(ev)
	if !slices.Contains(kinds(), kind) {
		return false
	}
	if len(f) == 0 {
		return kind == eventjson.NodeUp || kind == eventjson.NodeDown
	}
	return slices.ContainsFunc(f, func(item string) bool {
		want, pattern, narrow := strings.Cut(item, ":")
		if want != "*" && want != kind {
			return false
		}
		ok, _ := path.Match(pattern, eventjson.Node(ev))
		return !narrow || ok
	})
}

// discovery reports whether f can match events of discovery.
func (f Filter) discovery() bool {
	return slices.ContainsFunc(f, func(item string) bool {
		kind, _, _ := strings.Cut(item, ":")
		return kind != eventjson.NodeUp && kind != eventjson.NodeDown
	})
}
