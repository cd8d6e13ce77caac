package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"ergo.services/ergo/gen"

	"gonode/events"
	"gonode/node"
)

const (
	pingTime    = 5 * time.Second // for one answer
	pingsAtOnce = 8
)

// pinger measures the round trip to each member, and asks each once for its release of OTP. It uses connections that are
// there and makes none.
type pinger struct {
	node     *node.Node
	interval time.Duration
	metrics  *metrics

	mu    sync.Mutex
	peers map[string]measured
}

// measured is what is known of a connection.
type measured struct {
	connection uint64
	rtt        time.Duration // 0 if there is none yet
	release    string
	asked      bool // for the release
}

func newPinger(n *node.Node, cfg Config, m *metrics) *pinger {
	return &pinger{node: n, interval: cfg.PingInterval, metrics: m, peers: map[string]measured{}}
}

// of returns what is known of the connection to a peer.
func (p *pinger) of(peer node.Peer) measured {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.peers[peer.Name]; known.connection == peer.ConnectionID {
		return known
	}
	return measured{}
}

// run measures at the interval, and those who are new at once, until ctx is done.
func (p *pinger) run(ctx context.Context) {
	if p.interval < 0 {
		return
	}
	news := make(chan struct{}, 1)
	sub := p.node.Events().Subscribe(ctx, events.Buffer(1), events.Notify(func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}))
	defer sub.Close()
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	p.round(ctx, false)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.round(ctx, false)
		case <-news:
			for _, more := sub.TryNext(); more; _, more = sub.TryNext() {
			}
			p.round(ctx, true)
		}
	}
}

// round measures all peers, or those that were not measured yet, and forgets those who have gone.
func (p *pinger) round(ctx context.Context, onlyNew bool) {
	peers := p.node.Nodes()
	p.mu.Lock()
	now := make(map[string]measured, len(peers))
	for _, peer := range peers {
		if known := p.peers[peer.Name]; known.connection == peer.ConnectionID {
			now[peer.Name] = known
		}
	}
	p.peers = now
	p.mu.Unlock()
	var pings sync.WaitGroup // each ends within twice pingTime, or with ctx
	slots := make(chan struct{}, pingsAtOnce)
	for _, peer := range peers {
		if onlyNew && p.of(peer).rtt > 0 {
			continue
		}
		slots <- struct{}{}
		pings.Go(func() {
			defer func() { <-slots }()
			p.measure(ctx, peer)
		})
	}
	pings.Wait()
}

// measure asks one peer.
func (p *pinger) measure(ctx context.Context, peer node.Peer) {
	known := p.of(peer)
	known.connection = peer.ConnectionID
	timed, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	rtt, err := p.node.RoundTrip(timed, peer.Name)
	switch {
	case err == nil:
		known.rtt = rtt
		p.metrics.roundTrip.Observe(rtt.Seconds())
	case ctx.Err() != nil || errors.Is(err, gen.ErrNoConnection): // we end, or it has gone
		return
	default:
		p.metrics.pingsFailed.Inc()
	}
	if !known.asked && err == nil {
		release, err := p.node.Release(timed, peer.Name)
		_, noBEAM := errors.AsType[*node.Exception](err)
		known.release, known.asked = release, err == nil || noBEAM
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.peers[peer.Name] = known
}
