package gossip

import (
	"net/netip"
	"time"
)

// How many sources have a limit of their own, and after how long of silence one is forgotten. Those for whom there is no
// room share one: addresses are easily invented.
const (
	maxSources   = 1024
	forgetSource = 2 * time.Second
)

// limiter bounds the packets of each source. It is for one goroutine.
type limiter struct {
	rate    float64 // a second; twice as many may come at once
	buckets map[netip.Addr]*bucket
	others  bucket
	swept   time.Time
}

type bucket struct {
	tokens float64
	last   time.Time
}

func newLimiter(rate int) *limiter {
	return &limiter{rate: float64(rate), buckets: make(map[netip.Addr]*bucket)}
}

// allow reports whether a packet of source is to be looked at.
func (l *limiter) allow(source netip.Addr, now time.Time) bool {
	b := l.buckets[source]
	if b == nil {
		b = l.bucket(source, now)
	}
	if b.last.IsZero() {
		b.tokens = 2 * l.rate
	}
	b.tokens = min(b.tokens+now.Sub(b.last).Seconds()*l.rate, 2*l.rate)
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// bucket makes a bucket for source, or returns the one of all others.
func (l *limiter) bucket(source netip.Addr, now time.Time) *bucket {
	if len(l.buckets) >= maxSources && now.Sub(l.swept) >= forgetSource {
		l.swept = now
		for addr, b := range l.buckets {
			if now.Sub(b.last) >= forgetSource {
				delete(l.buckets, addr)
			}
		}
	}
	if len(l.buckets) >= maxSources {
		return &l.others
	}
	b := &bucket{}
	l.buckets[source] = b
	return b
}
