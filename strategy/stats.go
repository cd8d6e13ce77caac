package strategy

import (
	"maps"
	"slices"
	"time"
)

// Stats are counters of an engine since it was made.
type Stats struct {
	Sources []SourceStats // sorted by name

	Prunes  uint64 // nodes disconnected because no source wanted them
	Spared  uint64 // nodes that should have been, and that the Disconnector let stay
	GaveUp  uint64 // waits that ended before the cluster was there
	Unsaid  uint64 // decisions that Config.Observer and the log missed, because the engine was too busy
	Members int    // nodes that are connected now
	Dials   int    // dials under way now
}

// SourceStats are counters of one source. A dial or a prune of a node that several sources name counts for each.
type SourceStats struct {
	Name  string
	Nodes int // that it wants now

	Sets        uint64 // answers in full
	Partials    uint64 // answers in part
	Errors      uint64 // failures
	Suspects    uint64 // answers that were held as suspect; one that is repeated counts once
	Believed    uint64 // and of those, confirmed
	Refused     uint64 // names that are none, or too many
	Kept        uint64 // times that a node stayed wanted or connected although it was missing
	DialsOK     uint64
	DialsFailed uint64
	Prunes      uint64
}

// count changes the counters of some sources.
func (c *core) count(names []string, f func(*SourceStats)) {
	for _, name := range names {
		if s := c.sources[name]; s != nil {
			f(&s.stats)
		}
	}
}

// stats returns the counters; those of the sources in the order of their names.
func (c *core) stats() Stats {
	st := c.totals
	st.Unsaid, st.Members, st.Dials = c.unsaid, c.members, c.dials
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		s := c.sources[name].stats
		s.Name, s.Nodes = name, len(c.sources[name].wants)
		st.Sources = append(st.Sources, s)
	}
	return st
}

// SourceStatus is where the engine is with one source.
type SourceStatus struct {
	Name    string
	Hearsay bool
	Nodes   int       // that it wants
	Spoke   bool      // it has answered, failed or ended at least once
	Ended   bool      // it has no more to say
	Last    time.Time // of its last answer; zero if there was none
	Err     error     // why it does not answer, or not in full; nil while it does
	Suspect int       // how many nodes the answer has that is not believed yet; -1 if there is no such answer
	History []Decision
}

// sourceStatus returns what is known of the sources, sorted by name.
func (c *core) sourceStatus() []SourceStatus {
	var all []SourceStatus
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		s := c.sources[name]
		st := SourceStatus{Name: name, Hearsay: s.hearsay, Nodes: len(s.wants), Spoke: s.spoke, Ended: s.ended,
			Last: s.last, Err: s.err, Suspect: -1, History: c.history.of("source " + name)}
		if s.doubt != nil {
			st.Suspect = len(s.doubt.nodes)
		}
		all = append(all, st)
	}
	return all
}
