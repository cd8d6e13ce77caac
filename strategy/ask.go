package strategy

import "time"

// Status returns what the engine knows of all nodes that are wanted, sorted by name.
func (e *Engine) Status() []Status { return ask(e, (*core).status) }

// Sources returns where the engine is with each of its sources, sorted by name.
func (e *Engine) Sources() []SourceStatus {
	return ask(e, func(c *core, _ time.Time) []SourceStatus { return c.sourceStatus() })
}

// Stats returns the counters as they are now.
func (e *Engine) Stats() Stats {
	return ask(e, func(c *core, _ time.Time) Stats { return c.stats() })
}

// Explain says why name is connected or why it is not, with what was decided on it lately.
func (e *Engine) Explain(name Name) Explanation {
	return ask(e, func(c *core, now time.Time) Explanation { return c.explain(name, now) })
}

// Address returns where name listens, if a source says so; empty if none does.
func (e *Engine) Address(name Name) string {
	return ask(e, func(c *core, _ time.Time) string {
		if t := c.targets[name]; t != nil {
			return t.node().Address
		}
		return ""
	})
}

// Members returns how many nodes are connected, this one not counted.
func (e *Engine) Members() int {
	return ask(e, func(c *core, _ time.Time) int { return c.members })
}

// Formed reports whether the first discovery is over: every source has sent a set, failed or ended, and every node that
// they want is connected or was dialled once. Once true it stays so. Hearsay does not count.
func (e *Engine) Formed() bool {
	return ask(e, func(c *core, _ time.Time) bool { return c.formed })
}

func ask[T any](e *Engine, f func(c *core, now time.Time) T) T {
	e.mu.Lock()
	defer e.mu.Unlock()
	return f(e.core, time.Now())
}
