package strategy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name is a full node name, alive@host.
type Name = string

// Node is one node that ought to be connected.
type Node struct {
	Name Name

	// Address is "host:port" where the node listens, if the strategy knows it; empty leaves that to epmd.
	Address string

	// Origin is where the name came from, for people: "SRV record of app.example.org". It decides nothing.
	Origin string
}

// Nodes returns names as nodes, all of the same origin.
func Nodes(origin string, names ...Name) []Node {
	nodes := make([]Node, len(names))
	for i, name := range names {
		nodes[i] = Node{Name: name, Origin: origin}
	}
	return nodes
}

// Set is all the nodes that ought to be connected as a strategy sees it at one time. Order and duplicates do not matter.
type Set struct {
	Nodes []Node

	// Partial, if not nil, says why the set may lack nodes: some of what was to be asked did not answer. Nodes that were
	// there before and are not in it stay wanted. A set of an error and no nodes reports that nothing could be asked.
	Partial error
}

// ErrPending is for Set.Partial, if the set is one of the first and the strategy is still waiting for answers: there is
// more to come, and nothing is wrong so far.
var ErrPending = errors.New("it has not answered yet")

// Strategy is a source of nodes that ought to be connected: a list, a DNS name, a Kubernetes service. Any Go value with
// this one method is one.
type Strategy interface {
	// Run sends to out the full set of nodes that ought to be connected, whenever it changes and as often as it likes: the
	// newest set replaces the one before. A set that was sent belongs to the receiver. A send waits until the set is taken, so
	// it belongs in a select with ctx.Done(), which is what Send does.
	//
	// Run returns when ctx is done. If it returns an error before that, it is started again after a while; if it returns
	// nil, it has no more to say. The last set it sent stays in force in both cases: a source that can't be asked does not
	// know that the nodes are gone. Run is called from one goroutine at a time.
	Run(ctx context.Context, out chan<- Set) error
}

// Func is a function as a Strategy.
type Func func(ctx context.Context, out chan<- Set) error

// Run implements Strategy.
func (f Func) Run(ctx context.Context, out chan<- Set) error { return f(ctx, out) }

// Send sends set to out, or returns the cause of ctx when that is done first. It is for strategies.
func Send(ctx context.Context, out chan<- Set, set Set) error {
	select {
	case out <- set:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Source is a strategy with the name it has in logs and in Status: a topology.
type Source struct {
	Name     string
	Strategy Strategy

	// Hearsay marks a source that is not the operator's: nodes that other members of the cluster have told of. They are
	// dialled too, but to be named by hearsay alone keeps no node from being pruned and makes none that can be; a node that
	// the other sources let go is not dialled because of hearsay. It is believed whatever it says, and not waited for.
	Hearsay bool
}

// Sources names strategies after what they are: what their String method says, or else their type.
func Sources(strategies ...Strategy) []Source {
	sources := make([]Source, len(strategies))
	for i, s := range strategies {
		sources[i] = Source{Name: nameOf(s), Strategy: s}
	}
	return sources
}

func nameOf(s Strategy) string {
	if s, ok := s.(fmt.Stringer); ok {
		return s.String()
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", s), "*")
}

// maxName is the length limit of an atom, in characters.
const maxName = 255

// CheckName returns what is wrong with name as a node name; nil if it is one: text, an @, and a host, of at most 255
// characters with no white space.
func CheckName(name Name) error {
	alive, host, found := strings.Cut(name, "@")
	bad := ""
	switch {
	case !utf8.ValidString(name):
		bad = "it is not UTF-8"
	case len(name) > utf8.UTFMax*maxName || utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("strategy: a node name of %d bytes starting with %.40q is too long: at most 255 characters", len(name), name)
	case !found:
		bad = "it has no @: write name@host"
	case alive == "" || host == "":
		bad = "a part is missing: write name@host"
	case strings.Contains(host, "@"):
		bad = "it has more than one @"
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		bad = "it has white space or control characters in it"
	default:
		return nil
	}
	return fmt.Errorf("strategy: %q is not a node name: %s", name, bad)
}
