package gossip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/strategy"
)

// air is what a run sends into, in a bubble of synctest, where sockets can't be.
type air struct {
	t      *testing.T
	cancel context.CancelCauseFunc
	heard  chan Packet
	sets   chan strategy.Set
	done   chan error
	log    *logged

	mu   sync.Mutex
	sent []sent
	err  error // what sending says
}

type sent struct {
	at      time.Time
	packets [][]byte
}

type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func (a *air) send(packets [][]byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, sent{time.Now(), packets})
	return a.err
}

// fly runs s; the sets it sends are in a.sets, unless nobody is to take them.
func fly(t *testing.T, s *Strategy, take bool) *air {
	a := &air{t: t, heard: make(chan Packet), sets: make(chan strategy.Set, 1000), done: make(chan error, 1), log: &logged{}}
	s.Logger = slog.New(slog.NewTextHandler(a.log, nil))
	set, err := s.settings()
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	a.cancel = cancel
	g := newRun(set, set.codec(&replay{window: set.MaxSkew}), func() {}, a.send, func() string { return "the air" })
	out := a.sets
	if !take {
		out = make(chan strategy.Set)
	}
	go func() { a.done <- g.loop(ctx, out, a.heard, nil) }() // ends with land
	synctest.Wait()
	return a
}

// land ends the run and returns what it said.
func (a *air) land() error {
	a.cancel(errors.New("enough"))
	return <-a.done
}

func (a *air) hear(frame Frame, kind Kind, node string) {
	a.heard <- Packet{At: time.Now(), From: from, Frame: frame, Kind: kind, Node: node, Sent: time.Now()}
	synctest.Wait()
}

// next returns the next set as text, "nothing" if there is none.
func (a *air) next() string {
	select {
	case set := <-a.sets:
		var names []string
		for _, n := range set.Nodes {
			names = append(names, n.Name)
		}
		if set.Partial != nil {
			names = append(names, fmt.Sprintf("partial(%v)", set.Partial))
		}
		return strings.Join(names, " ")
	default:
		return "nothing"
	}
}

func (a *air) times() (at []time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sent {
		at = append(at, s.at)
	}
	return at
}

// TestHeartbeats: the first at once, each of the others after 1 ms to the interval, at random.
func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		a := fly(t, &Strategy{Self: "a@h"}, true)
		require.Equal(t, []time.Time{begin}, a.times())
		time.Sleep(1000 * time.Second)
		synctest.Wait()
		at := a.times()
		require.InDelta(t, 400, len(at), 100, "every 2.5 s on average")
		var short, long int
		for i, next := range at[1:] {
			gap := next.Sub(at[i])
			require.Greater(t, gap, time.Duration(0))
			require.LessOrEqual(t, gap, DefaultInterval)
			if gap < time.Second {
				short++
			}
			if gap > 4*time.Second {
				long++
			}
		}
		require.Greater(t, short, 20)
		require.Greater(t, long, 20)
		require.EqualError(t, a.land(), "enough")
	})
}

// TestStop: a node that stops says goodbye in every frame it speaks, and Run returns; it can be run again.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Strategy{Self: "a@h", Secret: somePassword, Keys: []Key{goldenKey()}, Frames: FramesBoth}
		for range 3 {
			a := fly(t, s, true)
			require.EqualError(t, a.land(), "enough")
			last := a.sent[len(a.sent)-1]
			require.Len(t, last.packets, 2)
			for i, frame := range []Frame{FrameSecret, FrameAuthenticated} {
				p := Packet{At: time.Now(), From: from}
				open(t, s).decode(last.packets[i], &p)
				require.NoError(t, p.Err)
				require.Equal(t, frame, p.Frame)
				require.Equal(t, Goodbye, p.Kind)
				require.Equal(t, "a@h", p.Node)
			}
		}
	})
}

func TestListenerIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := fly(t, &Strategy{}, true)
		a.hear(FramePlain, Heartbeat, "b@h")
		require.Equal(t, "b@h", a.next())
		time.Sleep(time.Minute)
		require.EqualError(t, a.land(), "enough")
		require.Empty(t, a.sent)
	})
}

func TestSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Strategy{Self: "a@h"}
		a := fly(t, s, true)
		require.Equal(t, "nothing", a.next())
		a.hear(FramePlain, Heartbeat, "b@h")
		require.Equal(t, "b@h", a.next(), "at once")
		a.hear(FramePlain, Heartbeat, "b@h")
		require.Equal(t, "nothing", a.next(), "it is no news")
		a.hear(FramePlain, Heartbeat, "c@h")
		require.Equal(t, "b@h c@h", a.next())
		a.hear(FramePlain, Goodbye, "b@h")
		require.Equal(t, "c@h", a.next())
		require.Equal(t, 1, s.Stats().Nodes)
		time.Sleep(4*DefaultInterval + DefaultInterval)
		synctest.Wait()
		require.Equal(t, "", a.next(), "c was not heard for four intervals")
		a.hear(FramePlain, Goodbye, "b@h")
		require.Equal(t, "nothing", a.next())
		require.EqualError(t, a.land(), "enough")
		stats := s.Stats()
		require.EqualValues(t, 3, stats.Heartbeats)
		require.EqualValues(t, 2, stats.Goodbyes)
	})
}

// TestFirstSet: who waits for a first answer gets one, after an interval, if nobody is heard.
func TestFirstSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := fly(t, &Strategy{Self: "a@h"}, true)
		time.Sleep(DefaultInterval - time.Millisecond)
		synctest.Wait()
		require.Equal(t, "nothing", a.next())
		time.Sleep(DefaultInterval + time.Millisecond)
		synctest.Wait()
		require.Equal(t, "", a.next())
		time.Sleep(time.Minute)
		require.Equal(t, "nothing", a.next(), "once")
		require.EqualError(t, a.land(), "enough")
	})
}

// TestSlowReceiver: while nobody takes a set, hearing and sending go on, and the newest is what is taken then.
func TestSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := fly(t, &Strategy{Self: "a@h"}, false)
		for i := range 100 {
			a.hear(FramePlain, Heartbeat, fmt.Sprintf("n%d@h", i))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Greater(t, len(a.times()), 10)
		require.EqualError(t, a.land(), "enough")
	})
}

// TestOwnNetworkFails: while nothing can be sent, nobody is taken away.
func TestOwnNetworkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := fly(t, &Strategy{Self: "a@h"}, true)
		a.hear(FramePlain, Heartbeat, "b@h")
		require.Equal(t, "b@h", a.next())
		a.mu.Lock()
		a.err = errors.New("unplugged")
		a.mu.Unlock()
		time.Sleep(DefaultInterval)
		synctest.Wait()
		require.Equal(t, "b@h partial(unplugged)", a.next())
		time.Sleep(5 * DefaultInterval)
		synctest.Wait()
		require.Equal(t, "partial(unplugged)", a.next(), "the engine keeps b@h: the set is partial")
		a.mu.Lock()
		a.err = nil
		a.mu.Unlock()
		a.hear(FramePlain, Heartbeat, "b@h")
		require.Equal(t, "b@h partial(unplugged)", a.next())
		time.Sleep(DefaultInterval)
		synctest.Wait()
		require.Equal(t, "b@h", a.next())
		require.EqualError(t, a.land(), "enough")
	})
}

// TestAlone: after half a minute alone the log says so once, with what the packets that came tell of the cause.
func TestAlone(t *testing.T) {
	for name, c := range map[string]struct {
		came Drop
		want string
	}{
		"silence":       {drops, "not even our own packets come back"},
		"own":           {DropOwn, "are the others up, with the same port and group?"},
		"another key":   {DropKey, "compare the keys"},
		"secret":        {DropUnknown, "is the secret the same"},
		"plain":         {DropRefused, "secret and frames"},
		"clocks":        {DropStale, "check NTP"},
		"another group": {DropElsewhere, "compare the groups"},
		"our name":      {DropClaimed, "others have the name of this node"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &Strategy{Self: "a@h"}
				a := fly(t, s, true)
				if c.came < drops {
					s.counters.count(c.came)
				}
				time.Sleep(30*time.Second - time.Millisecond)
				synctest.Wait()
				require.Zero(t, a.log.count("alone"))
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				require.Equal(t, 1, a.log.count("gossip is alone"), "once")
				require.Equal(t, 1, a.log.count(c.want), a.log.b.String())
				require.Equal(t, 1, a.log.count("sending_to=\"the air\""))
				a.hear(FramePlain, Heartbeat, "b@h")
				require.Equal(t, 1, a.log.count("hears other nodes again"))
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				require.Equal(t, 2, a.log.count("gossip is alone"), "and again when it is so again")
				require.EqualError(t, a.land(), "enough")
			})
		})
	}
}

// TestSeeds: names are looked up again and again; an answer makes a heartbeat; a failure takes nothing away and is
// logged once.
func TestSeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logged{}
		s := &Strategy{Seeds: []string{"10.0.0.1", "app:1", "gone"}, Logger: slog.New(slog.NewTextHandler(log, nil))}
		set, err := s.settings()
		require.NoError(t, err)
		r := newResolver(set)
		require.Equal(t, "[10.0.0.1:45892]", fmt.Sprint(r.addresses()))
		dns := &lookups{answers: map[string]string{"app": "10.0.0.2 10.0.0.3"}}
		r.lookup = dns.lookup
		changed := 0
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.follow(ctx, func() { changed++ }) }() // ends with ctx
		synctest.Wait()
		require.Equal(t, "[10.0.0.1:45892 10.0.0.2:1 10.0.0.3:1]", fmt.Sprint(r.addresses()))
		require.Equal(t, 1, changed)
		require.Equal(t, 1, log.count("seed=gone"))
		dns.set("app", "")
		time.Sleep(lookupRetry)
		synctest.Wait()
		require.Equal(t, "[10.0.0.1:45892 10.0.0.2:1 10.0.0.3:1]", fmt.Sprint(r.addresses()), "it keeps what it had")
		dns.set("app", "10.0.0.4")
		dns.set("gone", "10.0.0.5")
		time.Sleep(lookupRetry)
		synctest.Wait()
		require.Equal(t, "[10.0.0.1:45892 10.0.0.4:1 10.0.0.5:45892]", fmt.Sprint(r.addresses()))
		require.Equal(t, 1, log.count("seed=gone"))
		require.Equal(t, 1, log.count("seed=app"))
		cancel()
		<-done
	})
}
