package strategy

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// What decides how soon a node that was lost is dialled again.
const (
	redialWithin = 500 * time.Millisecond // the first dial after a stable connection was lost comes within this
	stableAfter  = 10 * time.Second       // so long up, and all that went wrong before is forgotten
	recentFor    = 60 * time.Second       // so long after it was up a node is expected back at any moment,
	recentMax    = 800 * time.Millisecond // and this is the longest wait, give or take a fifth,
	flapLimit    = 10                     // unless it was up so often without ever being stable
)

// core decides when which node is dialled. It does no I/O and has no clock, lock or goroutine: its owner, the Engine,
// tells it what happened and when, and after each call asks tick what to do.
type core struct {
	self     Name
	maxDials int
	min, max time.Duration
	random   func() float64 // in [0, 1)

	targets map[Name]*target
	dials   int // under way
}

// target is what is known of one node. It leaves the core when nobody wants it, it is down, and its wait is over, so that
// a strategy that can't make up its mind does not make us dial more often.
type target struct {
	name     Name
	wantedBy map[string]struct{}
	invalid  error

	up      bool
	since   time.Time // came up, or went down; zero if it was never up
	flaps   int       // times in a row that it was up and not stable
	dialing bool
	backoff time.Duration // the last wait before jitter; 0 if nothing failed
	next    time.Time     // when to dial; meaningless while up or dialing

	attempts int
	lastErr  error
	lastTry  time.Time
}

func newCore(self Name, cfg Config, random func() float64) *core {
	return &core{
		self:     self,
		maxDials: cfg.MaxDials,
		min:      cfg.MinBackoff,
		max:      cfg.MaxBackoff,
		random:   random,
		targets:  make(map[Name]*target),
	}
}

func (c *core) get(name Name, now time.Time) *target {
	t := c.targets[name]
	if t == nil {
		t = &target{name: name, wantedBy: make(map[string]struct{}), next: now}
		c.targets[name] = t
	}
	return t
}

// set replaces what source wants. It returns what is wrong with names that are new here and malformed.
func (c *core) set(source string, names []Name, now time.Time) (bad []error) {
	wanted := make(map[Name]struct{}, len(names))
	for _, name := range names {
		wanted[name] = struct{}{}
	}
	for name, t := range c.targets {
		if _, ok := wanted[name]; !ok {
			delete(t.wantedBy, source)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if c.targets[name] == nil {
			if err := CheckName(name); err != nil {
				c.get(name, now).invalid = err
				bad = append(bad, err)
			}
		}
		c.get(name, now).wantedBy[source] = struct{}{}
	}
	return bad
}

// cameUp notes that name is connected.
func (c *core) cameUp(name Name, now time.Time) {
	t := c.get(name, now)
	t.up, t.since = true, now
	t.attempts, t.lastErr = 0, nil
}

// wentDown notes that name is not connected any more, and when it is dialled again.
func (c *core) wentDown(name Name, now time.Time) {
	t := c.targets[name]
	if t == nil || !t.up {
		return
	}
	stable := now.Sub(t.since) >= stableAfter
	t.up, t.since = false, now
	if !stable {
		t.flaps++
		c.backOff(t, now)
		return
	}
	t.flaps, t.backoff = 0, 0
	t.next = now.Add(time.Duration(c.random() * float64(redialWithin)))
}

// dialed notes that a dial of name that tick asked for is over. A dial that went well and was not followed by cameUp is
// tried again like one that failed: connecting twice does no harm, and nobody else tells that the node is lost.
func (c *core) dialed(name Name, err error, now time.Time) {
	t := c.targets[name]
	if t == nil || !t.dialing {
		return
	}
	t.dialing = false
	c.dials--
	switch {
	case t.up:
	case err != nil:
		t.attempts++
		t.lastErr = err
		c.backOff(t, now)
	case t.since.Before(t.lastTry):
		c.backOff(t, now)
	default: // it came up and went down again meanwhile, which has said when to go on
	}
}

// backOff doubles the wait of t, within bounds, and lets it begin now.
func (c *core) backOff(t *target, now time.Time) {
	limit := c.max
	recent := !t.since.IsZero() && now.Sub(t.since) < recentFor && t.flaps <= flapLimit
	if recent {
		limit = max(min(limit, recentMax), c.min)
	}
	t.backoff = min(max(2*t.backoff, c.min), limit)
	jitter := 0.8 + 0.4*c.random()
	t.next = now.Add(time.Duration(jitter * float64(t.backoff)))
}

// tick returns whom to dial now, the longest overdue first, and when to ask again if nothing happens before; zero is
// never. A node it returns counts as being dialled until dialed is called.
func (c *core) tick(now time.Time) (dial []Name, wake time.Time) {
	var due []*target
	for name, t := range c.targets {
		switch {
		case t.up || t.dialing:
		case len(t.wantedBy) == 0:
			if !t.next.After(now) {
				delete(c.targets, name)
			}
		case !c.dialable(t):
		case !t.next.After(now):
			due = append(due, t)
		case wake.IsZero() || t.next.Before(wake):
			wake = t.next
		}
	}
	slices.SortFunc(due, func(a, b *target) int {
		return cmp.Or(a.next.Compare(b.next), cmp.Compare(a.name, b.name))
	})
	for _, t := range due[:min(len(due), c.maxDials-c.dials)] {
		t.dialing, t.lastTry = true, now
		c.dials++
		dial = append(dial, t.name)
	}
	return dial, wake
}

func (c *core) dialable(t *target) bool { return t.invalid == nil && t.name != c.self }

// status returns what is known of the nodes that are wanted, sorted by name.
func (c *core) status(now time.Time) []Status {
	var all []Status
	for name, t := range c.targets {
		if len(t.wantedBy) == 0 {
			continue
		}
		s := Status{
			Node:      name,
			WantedBy:  slices.Sorted(maps.Keys(t.wantedBy)),
			State:     c.state(t, now),
			Attempts:  t.attempts,
			LastError: cmp.Or(t.invalid, t.lastErr),
			LastTry:   t.lastTry,
			Since:     t.since,
		}
		if s.State == StateQueued || s.State == StateWaiting {
			s.NextTry = t.next
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.Node, b.Node) })
	return all
}

func (c *core) state(t *target, now time.Time) State {
	switch {
	case t.invalid != nil:
		return StateInvalid
	case t.name == c.self:
		return StateSelf
	case t.up:
		return StateUp
	case t.dialing:
		return StateDialing
	case t.next.After(now):
		return StateWaiting
	}
	return StateQueued
}
