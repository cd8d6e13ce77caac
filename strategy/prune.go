package strategy

import (
	"fmt"
	"strings"
	"time"
)

// Prune says what happens to a node that is connected, that a source once made us connect to, and that no source wants
// any more. The zero value is PruneNever; a positive one is a time to wait first.
//
// Whatever it says, a node that connected to us stays, and so does one that the application connected or sent to, and
// one that was found through other members only.
type Prune time.Duration

// The values of Prune besides PruneAfter.
const (
	PruneNever   Prune = 0  // it stays: a link that works is not cut because of what a source says
	PruneNow     Prune = 1  // it is disconnected at once
	PruneLogOnly Prune = -1 // it stays, and it is said that it would have been disconnected
)

// PruneAfter disconnects a node when no source has wanted it for d. Zero and less is PruneNow.
func PruneAfter(d time.Duration) Prune { return Prune(max(d, time.Duration(PruneNow))) }

// ParsePrune reads "never", "log-only", "now" or "after 30s". Empty text is PruneNever.
func ParsePrune(text string) (Prune, error) {
	switch text {
	case "", "never":
		return PruneNever, nil
	case "now":
		return PruneNow, nil
	case "log-only":
		return PruneLogOnly, nil
	}
	if after, ok := strings.CutPrefix(text, "after "); ok {
		d, err := time.ParseDuration(strings.TrimSpace(after))
		if err == nil && d > 0 {
			return PruneAfter(d), nil
		}
	}
	return 0, fmt.Errorf(`strategy: prune is %.40q: want never, log-only, now, or after a time, as in "after 30s"`, text)
}

// String returns what ParsePrune reads.
func (p Prune) String() string {
	switch {
	case p == PruneNever:
		return "never"
	case p == PruneNow:
		return "now"
	case p < 0:
		return "log-only"
	}
	return "after " + time.Duration(p).String()
}

// MarshalText implements encoding.TextMarshaler: it is what String returns.
func (p Prune) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it takes what ParsePrune does.
func (p *Prune) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePrune(string(text))
	return err
}
