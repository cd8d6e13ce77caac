package strategy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

func joined(names []string) string { return strings.Join(names, ", ") }

// pruneAll decides on the nodes that are up and that the sources have let go.
func (c *core) pruneAll(now time.Time, o *orders) {
	staying := c.members
	var missing []*target
	for _, t := range c.targets {
		switch {
		case !t.up:
		case t.pruning:
			staying--
		case t.trusted == 0 && !t.letGo.IsZero():
			missing = append(missing, t)
		}
	}
	slices.SortFunc(missing, func(a, b *target) int { return cmp.Compare(a.name, b.name) })
	for _, t := range missing {
		if reason := c.stays(t); reason != "" {
			c.keep(t, reason, now)
			continue
		}
		at := t.letGo
		if c.prune > PruneNow {
			at = at.Add(time.Duration(c.prune))
		}
		switch {
		case at.After(now):
			c.doom(t, at, now)
			o.by(at)
		case staying <= c.minMembers:
			c.keep(t, fmt.Sprintf("there must be %d members", c.minMembers), now)
		default:
			staying--
			t.pruning, t.pruned = true, now
			o.disconnect = append(o.disconnect, t.name)
		}
	}
}

// stays returns why t is not disconnected, however long nobody wants it; empty if it is.
func (c *core) stays(t *target) string {
	switch {
	case t.via == ViaPeer:
		return "it connected to us"
	case t.via == ViaApplication:
		return "the application connected to it"
	case t.spared != nil:
		return "it can't be disconnected: " + t.spared.Error()
	case len(t.trustedBy) == 0:
		return "other members brought it, not a source"
	case c.prune == PruneNever:
		return "prune is never"
	case c.prune < 0:
		return "prune is log-only, else it would be disconnected"
	}
	return ""
}

// keep says that t stays, if that is news.
func (c *core) keep(t *target, reason string, now time.Time) {
	if t.verdict == reason {
		return
	}
	t.verdict = reason
	c.count(t.trustedBy, func(s *SourceStats) { s.Kept++ })
	c.say(Decision{Time: now, Kind: KindKept, Node: t.name, Source: joined(t.trustedBy), Reason: reason})
}

// doom says that t goes in the end, if that is news.
func (c *core) doom(t *target, at, now time.Time) {
	if t.verdict == string(KindDoomed) {
		return
	}
	t.verdict = string(KindDoomed)
	c.say(Decision{Time: now, Kind: KindDoomed, Node: t.name, Source: joined(t.trustedBy), After: at.Sub(now),
		Reason: "no source wants it"})
}

// disconnected notes that the order to disconnect name was carried out, or why not.
func (c *core) disconnected(name Name, err error, now time.Time) {
	t := c.targets[name]
	if t == nil || !t.pruning {
		return
	}
	t.pruning = false
	if err != nil {
		t.spared = err
		t.pruned = time.Time{}
		c.totals.Spared++
		return
	}
	c.count(t.trustedBy, func(s *SourceStats) { s.Prunes++ })
	c.totals.Prunes++
	c.say(Decision{Time: now, Kind: KindPruned, Node: name, Source: joined(t.trustedBy), Reason: "no source wants it"})
}
