package strategy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCore runs the stories in testdata. A line is what happens and when, " -> " what the core does about it: whom it
// dials or disconnects, and when it wants to be asked again. "said" asks for what it has decided since, but for what goes
// without saying. The node is self@h; no jitter unless "random" changes it.
//
//	0s     set list a@h b@h -> dial a@h b@h
//	0.1s   fail a@h         -> wake 0.35s
//	0.1s   status a@h       -> waiting list 1
func TestCore(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			s := newScript()
			for i, line := range strings.Split(string(text), "\n") {
				line, _, _ = strings.Cut(line, "#")
				command, want, _ := strings.Cut(line, "->")
				words := strings.Fields(command)
				if len(words) == 0 {
					continue
				}
				got, err := s.run(words)
				require.NoError(t, err, "%s:%d: %s", file, i+1, line)
				require.Equal(t, strings.Join(strings.Fields(want), " "), got, "%s:%d: %s", file, i+1, line)
			}
		})
	}
}

// script is a core and its clock.
type script struct {
	core   *core
	epoch  time.Time
	random float64
}

func newScript() *script {
	s := &script{epoch: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), random: 0.5}
	s.core = newCore(Config{Self: "self@h"}.complete(), func() float64 { return s.random })
	return s
}

// run does one command and returns what the core says.
func (s *script) run(words []string) (string, error) {
	after, err := time.ParseDuration(words[0])
	if err != nil {
		return "", s.setting(words[0], words[1:])
	}
	now := s.epoch.Add(after)
	args := words[2:]
	switch words[1] {
	case "status":
		return s.status(now, args[0]), nil
	case "explain":
		return s.core.explain(args[0], now).Because, nil
	case "said":
		return s.said(), nil
	case "known":
		return strconv.Itoa(len(s.core.targets)), nil
	case "formed":
		return strconv.FormatBool(s.core.formed), nil
	case "missing":
		return s.core.missing(now), nil
	}
	if err := s.event(words[1], args, now); err != nil {
		return "", err
	}
	return s.tick(now), nil
}

// event tells the core something.
func (s *script) event(event string, args []string, now time.Time) error {
	switch event {
	case "set":
		s.core.set(s.source(args[0]).name, Set{Nodes: nodesOf(args[1:])}, now)
	case "partial":
		s.core.set(s.source(args[0]).name, Set{Nodes: nodesOf(args[1:]), Partial: errors.New("timeout")}, now)
	case "error":
		s.core.sourceFailed(s.source(args[0]).name, errors.New(strings.Join(args[1:], " ")), now)
	case "end":
		s.core.sourceEnded(s.source(args[0]).name)
	case "up":
		via := ViaDiscovery
		if len(args) > 1 {
			via = map[string]Via{"peer": ViaPeer, "application": ViaApplication}[args[1]]
		}
		s.core.cameUp(args[0], via, now)
	case "claim":
		s.core.claimed(args[0])
	case "leave":
		s.core.leave(args[0], now)
	case "down":
		s.core.wentDown(args[0], now)
	case "ok":
		s.core.dialed(args[0], nil, now)
	case "fail":
		s.core.dialed(args[0], errors.New("failed"), now)
	case "disconnected":
		s.core.disconnected(args[0], nil, now)
	case "spare":
		s.core.disconnected(args[0], errors.New(strings.Join(args[1:], " ")), now)
	case "giveup":
		n, err := strconv.Atoi(args[0])
		s.core.gaveUp(n, errors.New("deadline"), now)
		return err
	case "plan":
		s.plan(args, now)
	case "tick":
	default:
		return fmt.Errorf("unknown command %q", event)
	}
	return nil
}

// plan makes names all the sources there are; one with a * has another strategy than before. The rules stay.
func (s *script) plan(names []string, now time.Time) {
	cfg := Config{Prune: s.core.prune, MinMembers: s.core.minMembers, Knobs: s.core.knobs}
	changed := map[string]bool{}
	for _, name := range names {
		bare := strings.TrimSuffix(name, "*")
		changed[bare] = bare != name
		cfg.Sources = append(cfg.Sources, Source{Name: bare})
	}
	s.core.reconfigure(cfg, func(s Source) bool { return !changed[s.Name] }, now)
}

// tick asks the core what to do.
func (s *script) tick(now time.Time) string {
	var did []string
	orders := s.core.tick(now)
	if len(orders.dial) > 0 {
		did = append(did, "dial")
		for _, n := range orders.dial {
			if n.Address != "" {
				n.Name += "!" + n.Address
			}
			did = append(did, n.Name)
		}
	}
	if len(orders.disconnect) > 0 {
		did = append(did, "disconnect "+strings.Join(orders.disconnect, " "))
	}
	if !orders.wake.IsZero() {
		did = append(did, "wake "+s.clock(orders.wake))
	}
	return strings.Join(did, " ")
}

// source returns the source of that name, made if need be.
func (s *script) source(name string) *source {
	src := s.core.sources[name]
	if src == nil {
		src = &source{name: name, wants: make(map[Name]*want)}
		s.core.sources[name] = src
	}
	return src
}

// nodesOf reads names, each with "!" and an address behind it if it has one.
func nodesOf(words []string) []Node {
	nodes := make([]Node, len(words))
	for i, word := range words {
		nodes[i].Name, nodes[i].Address, _ = strings.Cut(word, "!")
	}
	return nodes
}

// said returns what the core has decided since the last call, but for what goes without saying.
func (s *script) said() string {
	var said []string
	for _, d := range s.core.said {
		switch d.Kind {
		case KindWanted, KindUnwanted, KindDialed, KindFailed, KindConnected, KindLost:
		default:
			said = append(said, d.String())
		}
	}
	s.core.said = nil
	return strings.Join(said, "; ")
}

func (s *script) setting(name string, args []string) (err error) {
	switch name {
	case "random":
		s.random, err = strconv.ParseFloat(args[0], 64)
	case "limit":
		s.core.knobs.MaxDials, err = strconv.Atoi(args[0])
	case "nodes":
		s.core.knobs.MaxNodes, err = strconv.Atoi(args[0])
	case "answers":
		s.core.knobs.SuspectAnswers, err = strconv.Atoi(args[0])
	case "below":
		s.core.knobs.SuspectBelow, err = strconv.ParseFloat(args[0], 64)
	case "members":
		s.core.minMembers, err = strconv.Atoi(args[0])
	case "prune":
		s.core.prune, err = ParsePrune(strings.Join(args, " "))
	case "source":
		s.source(args[0])
	case "hearsay":
		s.source(args[0]).hearsay = true
	default:
		err = fmt.Errorf("unknown setting %q", name)
	}
	return err
}

func (s *script) clock(at time.Time) string {
	return strconv.FormatFloat(at.Sub(s.epoch).Seconds(), 'g', -1, 64) + "s"
}

// status is: state, who wants it, failed attempts, when it is next dialled.
func (s *script) status(now time.Time, name Name) string {
	for _, st := range s.core.status(now) {
		if st.Node != name {
			continue
		}
		text := fmt.Sprintf("%v %s %d", st.State, strings.Join(st.WantedBy, ","), st.Attempts)
		if !st.NextTry.IsZero() {
			text += " next " + s.clock(st.NextTry)
		}
		return text
	}
	return "unwanted"
}
