package strategy

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Plan is what of Config can change while an engine runs: whom it looks for, and by what rules. The fields mean what they
// mean there.
type Plan struct {
	Sources    []Source
	Prune      Prune
	MinMembers int
	Knobs      Knobs
}

// Reconfigure puts plan into force, in place of the sources and rules that were there. It never waits, and may be called
// before Run. A source goes on undisturbed if its name, its Hearsay and its Strategy, the same value, are in the plan. One
// whose strategy is another value goes on with that one: it is run when the one before has ended, and until it answers
// its nodes stay wanted. What a source named that is not in the plan any more is not wanted by it; whether connections
// end because of that Plan.Prune says. The error is ErrEnded.
func (e *Engine) Reconfigure(plan Plan) error {
	cfg := Config{Sources: distinct(plan.Sources), Prune: plan.Prune, MinMembers: plan.MinMembers, Knobs: plan.Knobs,
		Disconnector: e.cfg.Disconnector}.complete()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ending {
		return ErrEnded
	}
	before := make(map[string]Source, len(e.sources))
	for _, s := range e.sources {
		before[s.Name] = s
	}
	e.sources, e.dialTimeout = cfg.Sources, cfg.Knobs.DialTimeout
	ended := make(map[string]*follower)
	for name, s := range before {
		if !hasSource(cfg.Sources, s) && e.followers[name] != nil {
			ended[name] = e.followers[name]
			ended[name].cancel()
			delete(e.followers, name)
		}
	}
	e.core.reconfigure(cfg, func(s Source) bool { return sameSource(before[s.Name], s) }, time.Now())
	if e.ctx != nil {
		for _, s := range cfg.Sources {
			if e.followers[s.Name] == nil {
				e.start(s, ended[s.Name])
			}
		}
	}
	e.announce()
	e.wake()
	return nil
}

func hasSource(all []Source, s Source) bool {
	for _, other := range all {
		if sameSource(s, other) {
			return true
		}
	}
	return false
}

// sameSource reports whether b is a, running on. Strategies that can't be compared are never the same.
func sameSource(a, b Source) bool {
	if a.Name != b.Name || a.Hearsay != b.Hearsay || a.Strategy == nil || b.Strategy == nil {
		return false
	}
	return reflect.ValueOf(a.Strategy).Comparable() && reflect.ValueOf(b.Strategy).Comparable() && a.Strategy == b.Strategy
}

// follower is a source that is being run.
type follower struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when its strategy has returned for good
}

// start runs a source, as soon as the one that it replaces has ended, if there is one. The caller holds the lock.
func (e *Engine) start(s Source, before *follower) {
	ctx, cancel := context.WithCancel(e.ctx)
	f := &follower{cancel: cancel, done: make(chan struct{})}
	e.followers[s.Name] = f
	e.tasks.Go(func() { // owned by Run, ends with ctx
		defer close(f.done)
		defer cancel()
		if before != nil {
			<-before.done
		}
		e.follow(ctx, s)
	})
}

// reconfigure puts the sources and rules of cfg in the place of those there are. same says of a source whether it runs on.
func (c *core) reconfigure(cfg Config, same func(Source) bool, now time.Time) {
	c.prune, c.minMembers, c.knobs = cfg.Prune, cfg.MinMembers, cfg.Knobs
	listed := make(map[string]Source, len(cfg.Sources))
	for _, s := range cfg.Sources {
		listed[s.Name] = s
	}
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		src := c.sources[name]
		if s, ok := listed[name]; !ok || s.Hearsay != src.hearsay {
			c.dismiss(src, now)
			c.replace(src, nil, now)
			delete(c.sources, name)
			c.say(Decision{Time: now, Kind: KindRemoved, Source: name})
		}
	}
	for _, s := range cfg.Sources {
		src := c.sources[s.Name]
		switch {
		case src == nil:
			c.sources[s.Name] = &source{name: s.Name, hearsay: s.Hearsay, wants: make(map[Name]*want)}
			c.say(Decision{Time: now, Kind: KindAdded, Source: s.Name})
		case !same(s):
			c.dismiss(src, now)
			src.spoke, src.ended, src.err = false, false, nil
			c.say(Decision{Time: now, Kind: KindChanged, Source: s.Name, Have: len(src.wants)})
		}
	}
}
