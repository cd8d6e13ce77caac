package gossip

import (
	"strings"
	"time"
)

// aloneAfter is after how many intervals without hearing anybody the log says so.
const aloneAfter = 6

// alone notices that nobody is heard, and says once what to check.
type alone struct {
	s      *settings
	since  time.Time
	before [drops]uint64 // what was dropped until then
	told   bool
}

func newAlone(s *settings, now time.Time) *alone {
	a := &alone{s: s, since: now}
	a.before = a.dropped()
	return a
}

func (a *alone) dropped() (counts [drops]uint64) {
	for d := range drops {
		counts[d] = a.s.counters.dropped[d].Load()
	}
	return counts
}

// heard notes that another node was heard.
func (a *alone) heard(now time.Time) {
	a.since, a.before = now, a.dropped()
	if a.told {
		a.told = false
		a.s.log.Info("gossip hears other nodes again")
	}
}

// check logs that nobody was heard for long, if it is so and was not said yet.
func (a *alone) check(now time.Time, where func() string) {
	counts := a.dropped()
	silence := now.Sub(a.since)
	if a.told || silence < aloneAfter*a.s.Interval {
		return
	}
	a.told = true
	for d := range counts {
		counts[d] -= a.before[d]
	}
	a.s.log.Warn("gossip is alone: no other node was heard", "for", silence.Round(time.Second), "sending_to", where(),
		"frames", a.s.Frames.String(), "check", strings.Join(a.hints(counts), "; "))
}

// hints says what the packets that came and were dropped tell of the cause.
func (a *alone) hints(came [drops]uint64) []string {
	var hints []string
	add := func(when bool, hint string) {
		if when {
			hints = append(hints, hint)
		}
	}
	add(came[DropKey] > 0, "others use keys that are not known here: compare the keys")
	add(came[DropForged] > 0, "others use a key with the id of ours that is another, or packets are damaged on the way")
	add(came[DropStale] > 0, "the clocks differ too much: check NTP on all hosts")
	add(came[DropUnknown] > 0, "packets came that can't be read: is the secret the same on all nodes, and does any other program use the port?")
	add(came[DropRefused] > 0, "others send in a frame that is not accepted here: are secret and frames set the same on all nodes?")
	add(came[DropLimited] > 0, "somebody floods the port")
	add(came[DropVersion] > 0, "others run a later version")
	add(came[DropMalformed]+came[DropName] > 0, "malformed packets came: does any other program use the port?")
	add(came[DropClaimed] > 0, "others have the name of this node")
	add(came[DropElsewhere] > 0, "gossip came on interfaces or to groups that are not used here: compare the groups, and see which interfaces are")
	if len(hints) > 0 {
		return hints
	}
	expectsOwn := a.s.Self != "" && !a.s.NoLoop && !a.s.BroadcastOnly
	add(expectsOwn && came[DropOwn] == 0, "not even our own packets come back: multicast does not work on this host's network")
	return append(hints, "are the others up, with the same port and group? Does a firewall drop UDP to the port? Containers' and cloud "+
		"networks often carry no multicast: "+insteadOf)
}
