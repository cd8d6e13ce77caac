package gossip

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"gonode/strategy"
)

// run is what a running strategy knows. It belongs to the goroutine of Run.
type run struct {
	s       *settings
	codec   *codec
	members *members
	alone   *alone
	refresh func()               // looks at the network again
	send    func([][]byte) error // sends to everybody
	where   func() string        // says where that is

	started time.Time
	failed  error // of the last heartbeat
	told    bool  // a set was handed out
	changed bool  // the one that was, is not what there is now
}

// Run implements strategy.Strategy. A set goes out when a node is heard for the first time, when it says goodbye and when
// it was not heard for too long; and after the first interval if nobody was heard. Partial is set while nothing can be
// sent: then it is our network that fails, and it is no wonder that nobody is heard. Run returns the cause of ctx, after
// a goodbye if Self is set, or why the port could not be opened or read.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	n, err := set.open(ctx)
	if err != nil {
		return err
	}
	defer s.counters.nodes.Store(0)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer n.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	heard := make(chan Packet)
	nonces := &replay{window: set.MaxSkew}
	for _, k := range n.sockets {
		r := &receiver{n: n, socket: k, codec: set.codec(nonces), limiter: newLimiter(set.MaxRate)}
		helpers.Go(func() { // owned by Run, ends when the socket is closed
			if err := r.read(hand(ctx, heard)); err != nil {
				cancel(err)
			}
		})
	}
	soon := make(chan struct{}, 1)
	helpers.Go(func() { n.resolver.follow(ctx, func() { wake(soon) }) }) // owned by Run, ends with ctx
	g := newRun(set, set.codec(nonces), n.refresh, n.send, n.destinations)
	return g.loop(ctx, out, heard, soon)
}

// hand returns a function that sends to a channel, and false when ctx is done.
func hand(ctx context.Context, to chan<- Packet) func(Packet) bool {
	return func(p Packet) bool {
		select {
		case to <- p:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func newRun(s *settings, c *codec, refresh func(), send func([][]byte) error, where func() string) *run {
	now := time.Now()
	return &run{s: s, codec: c, members: newMembers(s), alone: newAlone(s, now),
		refresh: refresh, send: send, where: where, started: now}
}

// loop hears and sends until ctx is done. There is one timer: nodes age, and being alone is noticed, when a heartbeat is
// due. soon asks for one now: there are new addresses to send to.
func (g *run) loop(ctx context.Context, out chan<- strategy.Set, heard <-chan Packet, soon <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var to chan<- strategy.Set
		var set strategy.Set
		if g.changed {
			to, set = out, strategy.Set{Nodes: g.members.set(), Partial: g.failed}
		}
		select {
		case p := <-heard:
			g.hear(&p)
		case <-soon:
			g.say(Heartbeat)
		case <-timer.C:
			g.beat(time.Now())
			timer.Reset(g.pause())
		case to <- set:
			g.changed, g.told = false, true
		case <-ctx.Done():
			g.say(Goodbye)
			return context.Cause(ctx)
		}
	}
}

// pause is how long until the next heartbeat: at random within the interval, so that nodes which were started together
// do not speak together for ever.
func (g *run) pause() time.Duration {
	return time.Millisecond + time.Duration(rand.Int64N(int64(g.s.Interval-time.Millisecond)+1))
}

func (g *run) hear(p *Packet) {
	changed, err := g.members.hear(p)
	if why, ok := err.(Drop); ok {
		g.s.counters.count(why)
		return
	}
	if p.Kind == Heartbeat {
		g.s.counters.heartbeats.Add(1)
		g.alone.heard(p.At)
	} else {
		g.s.counters.goodbyes.Add(1)
	}
	g.note(changed)
}

// note notes that the set is another one now.
func (g *run) note(changed bool) {
	g.changed = g.changed || changed
	g.s.counters.nodes.Store(int64(len(g.members.nodes)))
}

// beat sends a heartbeat, and does what else is to be done now and then.
func (g *run) beat(now time.Time) {
	g.refresh()
	g.say(Heartbeat)
	g.note(g.members.sweep(now))
	if !g.told && now.Sub(g.started) >= g.s.Interval {
		g.changed = true
	}
	g.alone.check(now, g.where)
}

// say tells everybody, and notes whether it can be told at all.
func (g *run) say(kind Kind) {
	if g.s.Self == "" {
		return
	}
	m := message{kind: kind, node: g.s.Self, address: g.s.Address, sent: time.Now(), interval: g.s.Interval}
	packets, err := g.codec.encode(m)
	if err == nil {
		err = g.send(packets)
	}
	if (err == nil) != (g.failed == nil) {
		g.changed = g.changed || g.told || err != nil
	}
	g.failed = err
}
