package strategy

import (
	"fmt"
	"strings"
	"time"
)

// Explanation is why a node is connected or not, as far as the engine knows.
type Explanation struct {
	Node    Name
	Because string         // in a sentence
	Known   bool           // a source wants it, or it was up not long ago; else Status is zero
	Status  Status         // where the engine is with it
	Sources []SourceStatus // all of them, since one that does not answer may be why nobody wants the node
	History []Decision     // what was decided on it, the oldest first; a bounded number is kept
}

// String returns the explanation in several lines.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", printable(e.Node), e.Because)
	for _, w := range e.Status.Wants {
		fmt.Fprintf(&b, "  wanted by %v\n", w)
	}
	for _, s := range e.Sources {
		fmt.Fprintf(&b, "  source %v\n", s)
	}
	for _, d := range e.History {
		fmt.Fprintf(&b, "  %s %v\n", d.Time.UTC().Format("15:04:05.000"), d)
	}
	return b.String()
}

// String returns the state of the source in a line.
func (s SourceStatus) String() string {
	text := fmt.Sprintf("%s: %d nodes", s.Name, s.Nodes)
	switch {
	case !s.Spoke:
		text += ", has not answered yet"
	case s.Ended:
		text += ", has no more to say"
	}
	if s.Suspect >= 0 {
		text += fmt.Sprintf(", and an answer of %d that is not believed yet", s.Suspect)
	}
	if s.Err != nil {
		text += ", does not answer in full: " + s.Err.Error()
	}
	return text
}

// explain says why name is here or not.
func (c *core) explain(name Name, now time.Time) Explanation {
	e := Explanation{Node: name, Sources: c.sourceStatus(), History: c.history.of(name)}
	t := c.targets[name]
	if t == nil {
		e.Because = c.unheard(name)
		return e
	}
	e.Known, e.Status = true, c.statusOf(t, now)
	e.Because = c.because(t, e.Status, now)
	return e
}

// unheard says why nothing is known of name.
func (c *core) unheard(name Name) string {
	if name == c.self {
		return "it is this node"
	}
	if err := CheckName(name); err != nil {
		return err.Error()
	}
	for _, s := range c.sources {
		if !s.hearsay && (!s.spoke || s.err != nil) {
			return "no source names it, but not all of them answer"
		}
	}
	return "no source names it"
}

// because says in a sentence why t is in its state.
func (c *core) because(t *target, s Status, now time.Time) string {
	switch s.State {
	case StateSelf:
		return "it is this node"
	case StateInvalid:
		return t.invalid.Error()
	case StateUp:
		text := fmt.Sprintf("connected by %v for %v", t.via, now.Sub(t.since).Round(time.Second))
		if t.trusted == 0 && t.verdict != "" {
			text += ", missing from discovery: " + t.verdict
		}
		return text
	}
	if len(t.wants) == 0 {
		return "it is not connected and no source names it any more"
	}
	switch s.State {
	case StatePruned:
		return "it was disconnected since no source wants it"
	case StateLeaving:
		if t.leaving {
			return "it is leaving and not dialled " + in(s.NextTry, now)
		}
		if t.missing() {
			return "it went down and its source does not name it, so it is not dialled while that answer stands, " + in(s.NextTry, now)
		}
		return "the operator's sources let it go, so it is not dialled because others know it " + in(s.NextTry, now)
	case StateDialing:
		return "it is being dialled" + c.trouble(t)
	}
	if s.State == StateQueued {
		return fmt.Sprintf("it waits for its turn, %d dials are under way", c.dials) + c.trouble(t)
	}
	return "it is dialled again in " + s.NextTry.Sub(now).Round(time.Millisecond).String() + c.trouble(t)
}

func in(at, now time.Time) string { return "for another " + at.Sub(now).Round(time.Second).String() }

// trouble says how often the dials of t failed, and why the last one did.
func (c *core) trouble(t *target) string {
	if t.lastErr == nil {
		return ""
	}
	return fmt.Sprintf(", after %d attempts: %v", t.attempts, t.lastErr)
}
