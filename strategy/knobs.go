package strategy

import (
	"cmp"
	"time"
)

// Knobs are the limits and times of an engine. A zero field means its default.
type Knobs struct {
	// MaxDials is how many dials are under way at most. 0 means 16.
	MaxDials int

	// DialTimeout bounds one dial. 0 means 30 s.
	DialTimeout time.Duration

	// MinBackoff and MaxBackoff are the first and the longest wait after a dial that failed; it doubles in between, give or
	// take a fifth. 0 means 250 ms and 15 s. A node that was up in the last minute waits less than 1 s.
	MinBackoff, MaxBackoff time.Duration

	// SuspectBelow says which answers are suspect: those with no nodes where there were some, and those with fewer nodes
	// than this part of what the source had before. 0 means 0.5, 1 that every smaller answer is suspect; negative means that
	// every answer is believed at once.
	SuspectBelow float64

	// SuspectAnswers is how many times in a row a source must give the same suspect answer before it is believed. 0
	// means 3.
	SuspectAnswers int

	// SuspectFor is for how long a suspect answer must stand, with nothing else from its source, before it is believed
	// without being repeated. 0 means 30 s.
	SuspectFor time.Duration

	// LeaveFor is for how long a node that is leaving is not dialled: from Engine.Leaving, or from when it went down after
	// that. A node that the operator's sources let go is not dialled for as long because others still know it. 0 means
	// 60 s.
	LeaveFor time.Duration

	// MaxNodes is how many nodes of one source are taken; more are refused. 0 means 10,000.
	MaxNodes int
}

// The defaults of Knobs.
const (
	DefaultMaxDials       = 16
	DefaultDialTimeout    = 30 * time.Second
	DefaultMinBackoff     = 250 * time.Millisecond
	DefaultMaxBackoff     = 15 * time.Second
	DefaultSuspectBelow   = 0.5
	DefaultSuspectAnswers = 3
	DefaultSuspectFor     = 30 * time.Second
	DefaultLeaveFor       = 60 * time.Second
	DefaultMaxNodes       = 10_000
)

// complete fills in what is empty, or below zero where that means nothing.
func (k Knobs) complete() Knobs {
	setDefault(&k.MaxDials, DefaultMaxDials)
	setDefault(&k.DialTimeout, DefaultDialTimeout)
	setDefault(&k.MinBackoff, DefaultMinBackoff)
	setDefault(&k.MaxBackoff, DefaultMaxBackoff)
	setDefault(&k.SuspectAnswers, DefaultSuspectAnswers)
	setDefault(&k.SuspectFor, DefaultSuspectFor)
	setDefault(&k.LeaveFor, DefaultLeaveFor)
	setDefault(&k.MaxNodes, DefaultMaxNodes)
	k.MaxBackoff = max(k.MaxBackoff, k.MinBackoff)
	if k.SuspectBelow == 0 {
		k.SuspectBelow = DefaultSuspectBelow
	}
	return k
}

func setDefault[T cmp.Ordered](v *T, def T) {
	var zero T
	if *v <= zero {
		*v = def
	}
}
