package epmd

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"gonode/strategy"
)

// maxNames is how many nodes of one host are taken. An epmd knows no such limit, but no host runs that many nodes.
const maxNames = 1000

// answer is what a host has said.
type answer struct {
	host  string
	nodes []strategy.Node // sorted
	err   error           // it has said nothing
}

// host asks the epmd of one host.
type host struct {
	name   string
	client Client
	log    *slog.Logger
	failed bool // it did not answer the last time
}

// follow asks the host now and then, and hands on its answers, until ctx is done.
func (h *host) follow(ctx context.Context, interval time.Duration, answers chan<- answer) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		nodes, err := h.ask(ctx)
		select {
		case answers <- answer{h.name, nodes, err}:
		case <-ctx.Done():
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks the host once.
func (h *host) ask(ctx context.Context) ([]strategy.Node, error) {
	found, err := h.client.Names(ctx, h.name)
	if err != nil {
		if !h.failed && ctx.Err() == nil {
			h.failed = true
			h.log.Warn("host does not say which nodes it has, those it had stay wanted", "host", h.name, "error", err)
		}
		return nil, err
	}
	if h.failed {
		h.failed = false
		h.log.Info("host says again which nodes it has", "host", h.name, "nodes", len(found))
	}
	if len(found) > maxNames {
		h.log.Warn("host has too many nodes, taking the first ones", "host", h.name, "nodes", len(found), "taken", maxNames)
		found = found[:maxNames]
	}
	names := make([]strategy.Name, len(found))
	for i, n := range found {
		names[i] = n.Name + "@" + h.name
	}
	slices.Sort(names)
	return strategy.Nodes("epmd of "+h.name, slices.Compact(names)...), nil
}
