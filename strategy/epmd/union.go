package epmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gonode/strategy"
	"gonode/strategy/internal/poll"
)

// union is what is known of all hosts together.
type union struct {
	nodes []strategy.Node // those that are given by name
	hosts []string
	known map[string][]strategy.Node // what each host said last
	lacks map[string]error           // why a host has not said it now; nil if it has
}

func newUnion(nodes []strategy.Node, hosts []string) *union {
	u := &union{nodes: nodes, hosts: hosts, known: make(map[string][]strategy.Node), lacks: make(map[string]error)}
	for _, h := range hosts {
		u.lacks[h] = strategy.ErrPending
	}
	return u
}

// run sends the set at once if there are nodes in it, whenever an answer makes a difference, and at the interval.
func (u *union) run(ctx context.Context, interval time.Duration, answers <-chan answer, out chan<- strategy.Set) error {
	if len(u.nodes) > 0 {
		if err := strategy.Send(ctx, out, u.set()); err != nil {
			return err
		}
	}
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		select {
		case a := <-answers:
			if !u.take(a) {
				continue
			}
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := strategy.Send(ctx, out, u.set()); err != nil {
			return err
		}
	}
}

// take notes an answer and reports whether it makes a difference. Errors that differ in their text only do not.
func (u *union) take(a answer) bool {
	before := u.lacks[a.host]
	u.lacks[a.host] = a.err
	if a.err != nil {
		return before == nil || before == strategy.ErrPending
	}
	same := before == nil && slices.Equal(u.known[a.host], a.nodes)
	u.known[a.host] = a.nodes
	return !same
}

// set returns what is known now.
func (u *union) set() strategy.Set {
	lists := [][]strategy.Node{u.nodes}
	var lacks []error
	for _, h := range u.hosts {
		lists = append(lists, u.known[h])
		if err := u.lacks[h]; err != nil {
			lacks = append(lacks, fmt.Errorf("host %s: %w", h, err))
		}
	}
	return strategy.Set{Nodes: poll.Union(lists...), Partial: errors.Join(lacks...)}
}
