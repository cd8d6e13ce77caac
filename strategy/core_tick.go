package strategy

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// orders are what the core wants done.
type orders struct {
	dial       []Node
	disconnect []Name
	wake       time.Time // when to ask again if nothing happens before; zero is never
}

// by makes sure that the core is asked again at a certain time.
func (o *orders) by(at time.Time) {
	if o.wake.IsZero() || at.Before(o.wake) {
		o.wake = at
	}
}

// forgetPruned is for how long a node that was disconnected is remembered when nobody names it any more.
const forgetPruned = time.Hour

// tick returns what to do now: whom to dial, the longest overdue first, and whom to disconnect. A node counts as being
// dialled until dialed is called, and as being disconnected until disconnected is.
func (c *core) tick(now time.Time) orders {
	var o orders
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		c.settleDoubt(c.sources[name], now, &o)
	}
	var due []*target
	for name, t := range c.targets {
		switch {
		case t.up:
		case t.dialing:
		case len(t.wants) == 0:
			if c.forgettable(t, now) {
				delete(c.targets, name)
			}
		case !c.dialable(t):
		default:
			if at := c.dialAt(t); at.After(now) {
				o.by(at)
			} else {
				due = append(due, t)
			}
		}
	}
	slices.SortFunc(due, func(a, b *target) int {
		return cmp.Or(a.next.Compare(b.next), cmp.Compare(a.name, b.name))
	})
	for _, t := range due[:min(len(due), max(0, c.knobs.MaxDials-c.dials))] {
		o.dial = append(o.dial, c.dial(t, now))
	}
	c.pruneAll(now, &o)
	c.formed = c.formed || c.hasFormed()
	return o
}

// dial notes that t is being dialled now.
func (c *core) dial(t *target, now time.Time) Node {
	t.dialing, t.lastTry = true, now
	c.dials++
	t.dialedFor, t.trustedBy = nil, nil
	for _, w := range t.sorted() {
		t.dialedFor = append(t.dialedFor, w.source.name)
		if !w.source.hearsay {
			t.trustedBy = append(t.trustedBy, w.source.name)
		}
	}
	node := t.node()
	c.say(Decision{Time: now, Kind: KindDialed, Node: t.name, Address: node.Address, Origin: node.Origin,
		Source: joined(t.dialedFor)})
	return node
}

// forgettable reports whether t, which nobody wants, may go.
func (c *core) forgettable(t *target, now time.Time) bool {
	return !t.next.After(now) && !c.held(t).After(now) && (t.pruned.IsZero() || now.Sub(t.pruned) >= forgetPruned)
}

// dialable reports whether t can be dialled at all, sooner or later.
func (c *core) dialable(t *target) bool {
	return t.invalid == nil && t.name != c.self && (t.trusted > 0 || t.pruned.IsZero())
}

// dialAt returns when t may be dialled.
func (c *core) dialAt(t *target) time.Time {
	if held := c.held(t); held.After(t.next) {
		return held
	}
	return t.next
}

// held returns until when t is not dialled because it is leaving or was let go; zero if it is neither. That it has gone
// down and that a suspect answer lacks it are two witnesses: it is not dialled while the answer stands.
func (c *core) held(t *target) (until time.Time) {
	if !t.since.IsZero() && t.missing() {
		for _, w := range t.wants {
			if at := w.source.believedAt(c.knobs); at.After(until) {
				until = at
			}
		}
	}
	if at := t.letGo.Add(c.knobs.LeaveFor); t.trusted == 0 && !t.letGo.IsZero() && at.After(until) {
		until = at
	}
	if t.leaving && t.leavingUntil.After(until) {
		until = t.leavingUntil
	}
	return until
}

// missing reports whether all trusted sources that want t have given a suspect answer without it.
func (t *target) missing() bool {
	for _, w := range t.wants {
		if !w.source.hearsay && w.kept != keptSuspect {
			return false
		}
	}
	return t.trusted > 0
}

// hasFormed reports whether the first discovery is over: each source has said something, and each node that they want
// is up or was tried once.
func (c *core) hasFormed() bool {
	for _, s := range c.sources {
		if !s.hearsay && !s.spoke {
			return false
		}
	}
	for _, t := range c.targets {
		tried := t.up || t.leaving || !t.lastTry.IsZero() && !t.dialing
		if t.trusted > 0 && c.dialable(t) && !tried {
			return false
		}
	}
	return true
}
