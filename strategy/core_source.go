package strategy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// source is what is known of a strategy.
type source struct {
	name    string
	hearsay bool
	wants   map[Name]*want
	spoke   bool      // it has sent a set, failed or ended
	ended   bool      // it has no more to say
	err     error     // why it does not answer, or not in full; nil while it does
	last    time.Time // of the last set
	doubt   *doubt    // nil if its last set is in force
	crowded bool      // its last answer had too many nodes,
	crowds  bool      // and the one that is being taken, too
	stats   SourceStats
}

// doubt is an answer that is not believed yet.
type doubt struct {
	nodes   []Node
	answers int       // times in a row that it was given
	since   time.Time // when it was given first
}

// why a node is wanted that the last answer lacks.
const (
	keptPartial = "the answer was partial"
	keptSuspect = "the answer is suspect: far fewer nodes than before"
)

// set takes an answer of a source.
func (c *core) set(name string, set Set, now time.Time) {
	src := c.sources[name]
	src.spoke, src.last = true, now
	src.crowded, src.crowds = src.crowds, false
	nodes := c.screen(src, set.Nodes, now)
	if set.Partial != nil {
		src.stats.Partials++
		c.troubled(src, set.Partial, now)
		c.dismiss(src, now)
		c.add(src, nodes, now)
		c.keepMissing(src, nodes, keptPartial, now)
		return
	}
	src.stats.Sets++
	c.recovered(src, now)
	if c.suspect(src, nodes) {
		c.doubtful(src, nodes, now)
		return
	}
	c.dismiss(src, now)
	c.replace(src, nodes, now)
}

// failed notes that a source has failed and is started again.
func (c *core) sourceFailed(name string, err error, now time.Time) {
	src := c.sources[name]
	src.spoke = true
	src.stats.Errors++
	c.troubled(src, err, now)
	c.dismiss(src, now)
}

// sourceEnded notes that a source has no more to say. Its last answer counts for good, a suspect one after its time.
func (c *core) sourceEnded(name string) {
	src := c.sources[name]
	src.spoke, src.ended = true, true
}

// troubled says that a source does not answer, or not in full, if that is news.
func (c *core) troubled(src *source, err error, now time.Time) {
	news := src.err == nil
	src.err = err
	if news {
		c.say(Decision{Time: now, Kind: KindTroubled, Source: src.name, Err: err, Have: len(src.wants)})
	}
}

func (c *core) recovered(src *source, now time.Time) {
	if src.err != nil {
		c.say(Decision{Time: now, Kind: KindRecovered, Source: src.name, Reason: "before: " + src.err.Error()})
		src.err = nil
	}
}

// screen returns the nodes of an answer, each once, sorted by name, without those that are too many.
func (c *core) screen(src *source, nodes []Node, now time.Time) []Node {
	sorted := slices.Clone(nodes)
	for i, n := range sorted {
		if len(n.Name) > 4*maxName {
			sorted[i].Name = fmt.Sprintf("%.60s... (%d bytes)", n.Name, len(n.Name))
		}
	}
	slices.SortStableFunc(sorted, func(a, b Node) int {
		// Of several with one name one with an address goes first.
		return cmp.Or(cmp.Compare(a.Name, b.Name), -cmp.Compare(min(len(a.Address), 1), min(len(b.Address), 1)))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Node) bool { return a.Name == b.Name })
	if extra := len(sorted) - c.knobs.MaxNodes; extra > 0 {
		sorted = sorted[:c.knobs.MaxNodes]
		c.refuse(src, Node{Name: sorted[len(sorted)-1].Name}, extra, now)
	}
	return sorted
}

// refuse says that extra names after last are too many, unless the answer before had too many as well.
func (c *core) refuse(src *source, last Node, extra int, now time.Time) {
	src.stats.Refused += uint64(extra)
	src.crowds = true
	if src.crowded {
		return
	}
	err := fmt.Errorf("strategy: %d nodes too many: at most %d of a source are taken", extra, c.knobs.MaxNodes)
	c.say(Decision{Time: now, Kind: KindRefused, Source: src.name, Err: err, Reason: "all after " + last.Name})
}

// suspect reports whether an answer is not to be believed at once.
func (c *core) suspect(src *source, nodes []Node) bool {
	if src.hearsay || c.knobs.SuspectBelow < 0 || c.knobs.SuspectAnswers == 1 || len(src.wants) == 0 {
		return false
	}
	return len(nodes) == 0 || float64(len(nodes)) < c.knobs.SuspectBelow*float64(len(src.wants))
}

// doubtful takes a suspect answer: who is new in it is wanted at once, who is missing stays wanted until it is confirmed.
func (c *core) doubtful(src *source, nodes []Node, now time.Time) {
	if src.doubt == nil || !sameNames(src.doubt.nodes, nodes) {
		src.stats.Suspects++
		c.say(Decision{Time: now, Kind: KindSuspect, Source: src.name, Have: len(src.wants), Got: len(nodes), After: c.knobs.SuspectFor})
		src.doubt = &doubt{since: now}
	}
	src.doubt.nodes = nodes
	src.doubt.answers++
	c.add(src, nodes, now)
	c.keepMissing(src, nodes, keptSuspect, now)
	if src.doubt.answers >= c.knobs.SuspectAnswers {
		c.believe(src, now)
	}
}

func sameNames(a, b []Node) bool {
	return slices.EqualFunc(a, b, func(a, b Node) bool { return a.Name == b.Name })
}

// settleDoubt believes a suspect answer that has stood for long enough.
func (c *core) settleDoubt(src *source, now time.Time, o *orders) {
	if src.doubt == nil {
		return
	}
	if at := src.believedAt(c.knobs); at.After(now) {
		o.by(at)
		return
	}
	c.believe(src, now)
}

// believedAt returns when the suspect answer is believed if nothing happens before; zero if there is none.
func (src *source) believedAt(k Knobs) time.Time {
	if src.doubt == nil {
		return time.Time{}
	}
	return src.doubt.since.Add(k.SuspectFor)
}

// believe puts the suspect answer into force.
func (c *core) believe(src *source, now time.Time) {
	nodes := src.doubt.nodes
	src.doubt = nil
	src.stats.Believed++
	c.say(Decision{Time: now, Kind: KindBelieved, Source: src.name, Have: len(src.wants), Got: len(nodes)})
	c.replace(src, nodes, now)
}

// dismiss drops the suspect answer: something else came before it was confirmed.
func (c *core) dismiss(src *source, now time.Time) {
	if src.doubt == nil {
		return
	}
	src.doubt = nil
	for _, w := range src.wants {
		if w.kept == keptSuspect {
			w.kept = ""
		}
	}
	c.say(Decision{Time: now, Kind: KindDismissed, Source: src.name})
}

// replace makes nodes all that a source wants.
func (c *core) replace(src *source, nodes []Node, now time.Time) {
	listed := make(map[Name]struct{}, len(nodes))
	for _, n := range nodes {
		listed[n.Name] = struct{}{}
	}
	for _, name := range slices.Sorted(maps.Keys(src.wants)) {
		if _, ok := listed[name]; !ok {
			c.drop(src, c.targets[name], now)
		}
	}
	c.add(src, nodes, now)
}

// drop notes that a source does not want t any more.
func (c *core) drop(src *source, t *target, now time.Time) {
	delete(src.wants, t.name)
	delete(t.wants, src.name)
	if !src.hearsay {
		t.trusted--
		if t.trusted == 0 {
			t.letGo = now
		}
	}
	if t.invalid == nil {
		c.say(Decision{Time: now, Kind: KindUnwanted, Node: t.name, Source: src.name})
	}
}

// add makes a source want nodes, besides those it wants already.
func (c *core) add(src *source, nodes []Node, now time.Time) {
	for i, n := range nodes {
		if w := src.wants[n.Name]; w != nil {
			w.node, w.kept = n, ""
			continue
		}
		if len(src.wants) >= c.knobs.MaxNodes {
			c.refuse(src, nodes[max(i-1, 0)], len(nodes)-i, now)
			return
		}
		known := c.targets[n.Name] != nil
		t := c.get(n.Name, now)
		if !known {
			t.invalid = CheckName(n.Name)
		}
		w := &want{source: src, node: n}
		src.wants[n.Name], t.wants[src.name] = w, w
		if !src.hearsay {
			t.trusted++
			t.letGo, t.leaving, t.verdict = time.Time{}, false, ""
		}
		switch {
		case t.invalid == nil:
			c.say(Decision{Time: now, Kind: KindWanted, Node: n.Name, Source: src.name, Origin: n.Origin, Address: n.Address})
		case !known:
			src.stats.Refused++
			c.say(Decision{Time: now, Kind: KindRefused, Node: n.Name, Source: src.name, Origin: n.Origin, Err: t.invalid})
		}
	}
}

// keepMissing says of the nodes that a source wants and its answer lacks why they stay wanted.
func (c *core) keepMissing(src *source, nodes []Node, why string, now time.Time) {
	listed := make(map[Name]struct{}, len(nodes))
	for _, n := range nodes {
		listed[n.Name] = struct{}{}
	}
	for _, name := range slices.Sorted(maps.Keys(src.wants)) {
		w := src.wants[name]
		if _, ok := listed[name]; ok || w.kept == why {
			continue
		}
		w.kept = why
		src.stats.Kept++
		c.say(Decision{Time: now, Kind: KindKept, Node: name, Source: src.name, Origin: w.node.Origin, Reason: why, Err: src.err})
	}
}

// ErrEnded is why nothing can be waited for any more: Engine.Run has returned.
var ErrEnded = errors.New("strategy: the engine has ended")
