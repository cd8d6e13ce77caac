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

// core decides when which node is dialled, and who is disconnected. It does no I/O and has no clock, lock or goroutine:
// its owner, the Engine, tells it what happened and when, and after each call asks tick what to do. What it decides it
// says (see say), for people.
type core struct {
	self       Name
	knobs      Knobs
	prune      Prune
	minMembers int
	random     func() float64 // in [0, 1)

	targets map[Name]*target
	sources map[string]*source
	dials   int // under way
	members int // targets that are up
	formed  bool

	history history
	said    []Decision // not taken by the owner yet
	unsaid  uint64     // dropped, since the owner took none for long
	totals  Stats      // those that are not of a source
}

// target is what is known of one node. It leaves the core when nobody wants it, it is down, and its waits are over, so
// that a strategy that can't make up its mind does not make us dial more often.
type target struct {
	name    Name
	wants   map[string]*want // by source
	trusted int              // wants of sources that are no hearsay
	invalid error

	up        bool
	via       Via
	since     time.Time // came up, or went down; zero if it was never up
	flaps     int       // times in a row that it was up and not stable
	dialing   bool
	dialedFor []string      // the sources that wanted it when it was last dialled,
	trustedBy []string      // and those of them that are no hearsay
	backoff   time.Duration // the last wait before jitter; 0 if nothing failed
	next      time.Time     // when to dial; meaningless while up or dialing

	leaving      bool
	leavingUntil time.Time
	letGo        time.Time // when the last trusted source stopped wanting it; zero if one does, or none ever did
	pruning      bool      // it is being disconnected
	pruned       time.Time // we disconnected it, and it was not up since
	spared       error     // why it could not be disconnected
	verdict      string    // what was last said on keeping it

	attempts int
	alike    int // the last of them that failed in the same way
	lastErr  error
	lastTry  time.Time
}

// want is that a source names a node.
type want struct {
	source *source
	node   Node
	kept   string // why it is wanted although the last answer lacks it; empty if it does not
}

func newCore(cfg Config, random func() float64) *core {
	c := &core{
		self:       cfg.Self,
		knobs:      cfg.Knobs,
		prune:      cfg.Prune,
		minMembers: cfg.MinMembers,
		random:     random,
		targets:    make(map[Name]*target),
		sources:    make(map[string]*source),
	}
	for _, s := range cfg.Sources {
		c.sources[s.Name] = &source{name: s.Name, hearsay: s.Hearsay, wants: make(map[Name]*want)}
	}
	return c
}

// maxSaid is how many decisions wait for the owner.
const maxSaid = 10_000

// say notes a decision for those who ask, and hands it to the owner.
func (c *core) say(d Decision) {
	if d.Node != "" {
		c.history.note(d.Node, d)
	} else if d.Source != "" {
		c.history.note("source "+d.Source, d)
	}
	if len(c.said) == maxSaid {
		c.unsaid++
		return
	}
	c.said = append(c.said, d)
}

func (c *core) get(name Name, now time.Time) *target {
	t := c.targets[name]
	if t == nil {
		t = &target{name: name, wants: make(map[string]*want), next: now}
		c.targets[name] = t
	}
	return t
}

// cameUp notes that name is connected, and who made the connection.
func (c *core) cameUp(name Name, via Via, now time.Time) {
	t := c.get(name, now)
	if !t.up {
		c.members++
	}
	t.up, t.via, t.since = true, via, now
	t.attempts, t.lastErr = 0, nil
	t.leaving, t.pruned, t.spared, t.verdict = false, time.Time{}, nil, ""
	c.say(Decision{Time: now, Kind: KindConnected, Node: name, Reason: via.String()})
}

// claimed notes that somebody here relies on the connection to name.
func (c *core) claimed(name Name) {
	if t := c.targets[name]; t != nil && t.up && t.via == ViaDiscovery {
		t.via = ViaApplication
	}
}

// wentDown notes that name is not connected any more, and when it is dialled again.
func (c *core) wentDown(name Name, now time.Time) {
	t := c.targets[name]
	if t == nil || !t.up {
		return
	}
	c.members--
	stable := now.Sub(t.since) >= stableAfter
	t.up, t.since = false, now
	if t.leaving {
		t.leavingUntil = now.Add(c.knobs.LeaveFor)
	}
	c.say(Decision{Time: now, Kind: KindLost, Node: name})
	if !stable {
		t.flaps++
		c.backOff(t, now)
		return
	}
	t.flaps, t.backoff = 0, 0
	t.next = now.Add(time.Duration(c.random() * float64(redialWithin)))
}

// leave notes that name is about to end: it is not dialled for a while, unless it comes by itself or a source names it
// anew.
func (c *core) leave(name Name, now time.Time) {
	t := c.targets[name]
	if t == nil {
		return
	}
	t.leaving, t.leavingUntil = true, now.Add(c.knobs.LeaveFor)
	c.say(Decision{Time: now, Kind: KindLeaving, Node: name, After: c.knobs.LeaveFor})
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
	c.count(t.dialedFor, func(s *SourceStats) {
		if err == nil {
			s.DialsOK++
		} else {
			s.DialsFailed++
		}
	})
	switch {
	case t.up:
	case err != nil:
		c.failed(t, err, now)
	case t.since.Before(t.lastTry):
		c.backOff(t, now)
	default: // it came up and went down again meanwhile, which has said when to go on
	}
}

// failed notes that a dial of t failed.
func (c *core) failed(t *target, err error, now time.Time) {
	if t.lastErr == nil || t.lastErr.Error() != err.Error() {
		t.alike = 0
	}
	t.attempts++
	t.alike++
	t.lastErr = err
	c.backOff(t, now)
	node := t.node()
	c.say(Decision{Time: now, Kind: KindFailed, Node: t.name, Address: node.Address, Err: err, Times: t.alike, After: t.next.Sub(now)})
}

// backOff doubles the wait of t, within bounds, and lets it begin now.
func (c *core) backOff(t *target, now time.Time) {
	limit := c.knobs.MaxBackoff
	recent := !t.since.IsZero() && now.Sub(t.since) < recentFor && t.flaps <= flapLimit
	if recent {
		limit = max(min(limit, recentMax), c.knobs.MinBackoff)
	}
	t.backoff = min(max(2*t.backoff, c.knobs.MinBackoff), limit)
	jitter := 0.8 + 0.4*c.random()
	t.next = now.Add(time.Duration(jitter * float64(t.backoff)))
}

// node returns t as the sources describe it: with an address if one of them has one, trusted ones first.
func (t *target) node() Node {
	node := Node{Name: t.name}
	found := false
	for _, w := range t.sorted() {
		if !found || node.Address == "" && w.node.Address != "" {
			node, found = w.node, true
		}
	}
	return node
}

// sorted returns the wants of t, the trusted ones first, then by the name of the source.
func (t *target) sorted() []*want {
	return slices.SortedFunc(maps.Values(t.wants), func(a, b *want) int {
		if a.source.hearsay != b.source.hearsay {
			if a.source.hearsay {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.source.name, b.source.name)
	})
}
