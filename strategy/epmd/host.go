package epmd

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gonode/strategy"
)

// maxNames is how many nodes of one host are taken. An epmd knows no such limit, but no host runs that many nodes.
const maxNames = 1000

// answer is what a host has said.
type answer struct {
	host  string
	nodes []strategy.Name
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
		if nodes, ok := h.ask(ctx); ok {
			select {
			case answers <- answer{h.name, nodes}:
			case <-ctx.Done():
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks the host once; ok is false if it does not answer.
func (h *host) ask(ctx context.Context) (nodes []strategy.Name, ok bool) {
	found, err := h.client.Names(ctx, h.name)
	switch {
	case err == nil:
	case h.failed || errors.Is(ctx.Err(), context.Canceled):
		return nil, false
	default:
		h.failed = true
		h.log.Warn("host does not say which nodes it has, those it had stay wanted", "host", h.name, "error", err)
		return nil, false
	}
	if h.failed {
		h.failed = false
		h.log.Info("host says again which nodes it has", "host", h.name, "nodes", len(found))
	}
	if len(found) > maxNames {
		h.log.Warn("host has too many nodes, taking the first ones", "host", h.name, "nodes", len(found), "taken", maxNames)
		found = found[:maxNames]
	}
	for _, n := range found {
		nodes = append(nodes, n.Name+"@"+h.name)
	}
	return nodes, true
}
