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
// dials, and when it wants to be asked again. The node is self@h; no jitter unless "random" changes it.
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
	s.core = newCore("self@h", Config{}.complete(), func() float64 { return s.random })
	return s
}

// run does one command and returns what the core says.
func (s *script) run(words []string) (string, error) {
	if words[0] == "random" || words[0] == "limit" {
		return "", s.setting(words)
	}
	after, err := time.ParseDuration(words[0])
	if err != nil {
		return "", err
	}
	now := s.epoch.Add(after)
	args := words[2:]
	var said []string
	switch words[1] {
	case "set":
		for _, err := range s.core.set(args[0], args[1:], now) {
			said = append(said, "bad: "+err.Error())
		}
	case "up":
		s.core.cameUp(args[0], now)
	case "down":
		s.core.wentDown(args[0], now)
	case "ok":
		s.core.dialed(args[0], nil, now)
	case "fail":
		s.core.dialed(args[0], errors.New("failed"), now)
	case "tick":
	case "status":
		return s.status(now, args[0]), nil
	case "known":
		return strconv.Itoa(len(s.core.targets)), nil
	default:
		return "", fmt.Errorf("unknown command %q", words[1])
	}
	dial, wake := s.core.tick(now)
	if len(dial) > 0 {
		said = append(said, "dial "+strings.Join(dial, " "))
	}
	if !wake.IsZero() {
		said = append(said, "wake "+s.clock(wake))
	}
	return strings.Join(said, " "), nil
}

func (s *script) setting(words []string) (err error) {
	if words[0] == "limit" {
		s.core.maxDials, err = strconv.Atoi(words[1])
		return err
	}
	s.random, err = strconv.ParseFloat(words[1], 64)
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
