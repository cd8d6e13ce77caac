package strategy

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kinds returns the kinds of decisions, with how many times in a row.
func kinds(all []Decision) string {
	var words []string
	for _, d := range all {
		word := string(d.Kind)
		if d.Times > 1 {
			word += fmt.Sprintf("*%d", d.Times)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// TestHistory: dials that fail the same way again and again are one entry, and there are only so many entries.
func TestHistory(t *testing.T) {
	s := newScript()
	at := s.epoch
	s.core.set(s.source("dns").name, Set{Nodes: Nodes("A record", "a@h")}, at)
	for i := range 100 {
		at = at.Add(time.Minute)
		s.core.tick(at)
		err := "refused"
		if i >= 50 {
			err = "no route"
		}
		s.core.dialed("a@h", errors.New(err), at)
	}
	history := s.core.history.of("a@h")
	require.Equal(t, "wanted dialed failed*50 dialed failed*50", kinds(history))
	require.Equal(t, at, history[4].Time)
	require.Equal(t, "A record", history[0].Origin)

	for range 100 {
		s.core.cameUp("a@h", ViaPeer, at)
		s.core.wentDown("a@h", at)
	}
	require.Len(t, s.core.history.of("a@h"), perSubject)
	require.Empty(t, s.core.history.of("b@h"))
}

// TestHistoryIsBounded: who was not decided on for longest is forgotten.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	for i := range maxSubjects + 10 {
		h.note(fmt.Sprint(i), Decision{})
		h.note("0", Decision{})
	}
	require.Len(t, h.subjects, maxSubjects)
	require.Equal(t, maxSubjects, h.recent.Len())
	require.NotEmpty(t, h.of("0"))
	require.Empty(t, h.of("5"))
	require.NotEmpty(t, h.of("20"))
}

// TestSayIsBounded: an owner that takes no decisions does not make them pile up.
func TestSayIsBounded(t *testing.T) {
	s := newScript()
	for range maxSaid + 5 {
		s.core.say(Decision{})
	}
	require.Len(t, s.core.said, maxSaid)
	require.EqualValues(t, 5, s.core.stats().Unsaid)
}

func TestDecisionText(t *testing.T) {
	d := Decision{
		Kind: KindFailed, Node: "a@h", Source: "dns", Origin: "SRV of x.org", Address: "10.0.0.1:9000", Times: 3,
		After: 1500 * time.Millisecond, Reason: "because", Err: errors.New("refused"),
	}
	require.Equal(t, "failed a@h at 10.0.0.1:9000 (dns: SRV of x.org), 3 times, dialled again in 1.5s: because: refused", d.String())
	require.Equal(t, slog.LevelDebug, d.level(), "no news")
	d.Times = 1
	require.Equal(t, slog.LevelWarn, d.level())
	require.Equal(t, "suspect (dns), 1 of 9, believed in 30s",
		Decision{Kind: KindSuspect, Source: "dns", Have: 9, Got: 1, After: 30 * time.Second}.String())

	seen := map[string]bool{}
	for _, k := range []Kind{KindWanted, KindUnwanted, KindRefused, KindDialed, KindFailed, KindConnected, KindLost, KindKept, KindDoomed,
		KindPruned, KindLeaving, KindSuspect, KindBelieved, KindDismissed, KindTroubled, KindRecovered, KindGaveUp} {
		message := Decision{Kind: k}.message()
		require.False(t, seen[message], message)
		seen[message] = true
	}
	for via := ViaPeer; via <= ViaDiscovery; via++ {
		require.NotContains(t, via.String(), "Via")
	}
	require.Equal(t, "Via(9)", Via(9).String())
}

// TestHostileNames: what is no name is cut to size, kept once, and shown in quotes.
func TestHostileNames(t *testing.T) {
	s := newScript()
	long, rude := strings.Repeat("x", 1<<20), "\x1b[2Ja@h"
	s.core.set(s.source("gossip").name, Set{Nodes: Nodes("", long, rude, "a@h")}, s.epoch)
	s.core.set(s.source("gossip").name, Set{Nodes: Nodes("", long, rude, "a@h")}, s.epoch)
	for _, d := range s.core.said {
		require.Less(t, len(d.Node), 100)
		require.NotContains(t, d.String(), "\x1b")
	}
	require.EqualValues(t, 2, s.core.stats().Sources[0].Refused)
	for _, st := range s.core.status(s.epoch) {
		require.NotContains(t, st.String(), "\x1b")
		require.NotContains(t, s.core.explain(st.Node, s.epoch).String(), "\x1b")
	}
}
