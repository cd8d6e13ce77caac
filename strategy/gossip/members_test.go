package gossip

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMembers runs the stories in testdata/members. A line is when, what is heard, and " -> " what the members make of it:
// why it is dropped, or the nodes if they are others now.
//
//	0s    plain a@h from 10.0.0.1          -> a@h
//	1s    auth a@h from 10.0.0.1 at 10.0.0.1:9 sent 1s
//	2s    plain-bye a@h from 10.0.0.1      -> goodbye
//	30s   sweep                            -> none
//	limit 4
//
// The interval is 5 s, the skew 30 s.
func TestMembers(t *testing.T) {
	files, err := filepath.Glob("testdata/members/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			set, err := (&Strategy{}).settings()
			require.NoError(t, err)
			s := &story{members: newMembers(set), epoch: time.Unix(1e9, 0)}
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

type story struct {
	members *members
	epoch   time.Time
}

func (s *story) run(words []string) (string, error) {
	if words[0] == "limit" {
		_, err := fmt.Sscan(words[1], &s.members.max)
		s.members.maxPerSource = max(1, s.members.max/4)
		return "", err
	}
	after, err := time.ParseDuration(words[0])
	if err != nil {
		return "", err
	}
	now := s.epoch.Add(after)
	if words[1] == "sweep" {
		return s.told(s.members.sweep(now), nil), nil
	}
	p, err := s.packet(now, words[1:])
	if err != nil {
		return "", err
	}
	changed, dropped := s.members.hear(p)
	return s.told(changed, dropped), nil
}

func (s *story) packet(now time.Time, words []string) (*Packet, error) {
	p := &Packet{At: now, Kind: Heartbeat, Frame: FramePlain, Node: words[1], Sent: now}
	frame, bye := strings.CutSuffix(words[0], "-bye")
	if bye {
		p.Kind = Goodbye
	}
	if frame == "auth" {
		p.Frame = FrameAuthenticated
	}
	for i := 2; i < len(words); i += 2 {
		var d time.Duration
		var err error
		switch words[i] {
		case "from":
			p.From = netip.AddrPortFrom(netip.MustParseAddr(words[i+1]), 45892)
		case "at":
			p.Address = words[i+1]
		case "sent":
			d, err = time.ParseDuration(words[i+1])
			p.Sent = s.epoch.Add(d)
		case "every":
			p.Interval, err = time.ParseDuration(words[i+1])
		default:
			err = fmt.Errorf("unknown word %q", words[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *story) told(changed bool, err error) string {
	switch {
	case err != nil:
		return err.(Drop).String()
	case !changed:
		return ""
	case len(s.members.nodes) == 0:
		return "none"
	}
	var nodes []string
	for _, n := range s.members.set() {
		text := n.Name
		if n.Address != "" {
			text += "=" + n.Address
		}
		nodes = append(nodes, text)
	}
	return strings.Join(nodes, " ")
}

func TestOrigin(t *testing.T) {
	set, err := (&Strategy{}).settings()
	require.NoError(t, err)
	m := newMembers(set)
	_, err = m.hear(&Packet{Kind: Heartbeat, Node: "a@h", From: netip.MustParseAddrPort("10.0.0.3:45892")})
	require.NoError(t, err)
	require.Equal(t, "gossip from 10.0.0.3:45892", m.set()[0].Origin)
}
