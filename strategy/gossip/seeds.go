package gossip

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// How often the names of seeds are looked up, how long a look-up may take, and how many addresses of a name are taken.
const (
	lookupEvery = 30 * time.Second
	lookupRetry = 5 * time.Second
	lookupLimit = 4 * time.Second
	maxPerSeed  = 64
)

// seed is a host to send to.
type seed struct {
	host string
	port uint16
	addr netip.Addr // if host is an address
}

// parseSeed reads "host", "host:port", "address", "address:port" or "[address]:port".
func parseSeed(text string, port int) (seed, error) {
	s := seed{host: strings.TrimSpace(text), port: uint16(port)}
	if addr, err := netip.ParseAddr(s.host); err == nil {
		s.addr = addr.Unmap()
		return s, nil
	}
	if host, text, err := net.SplitHostPort(s.host); err == nil {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			return s, fmt.Errorf("gossip: seed %q: %q is no port", s.host, text)
		}
		s.host, s.port = host, uint16(n)
	}
	if addr, err := netip.ParseAddr(s.host); err == nil {
		s.addr = addr.Unmap()
	}
	if s.host == "" || strings.ContainsAny(s.host, " \t\r\n@/:[]") && !s.addr.IsValid() {
		return s, fmt.Errorf("gossip: seed %q: want a host or host:port", text)
	}
	return s, nil
}

// resolver knows the addresses of the seeds.
type resolver struct {
	seeds  []seed
	log    *slog.Logger
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	found  atomic.Pointer[[]netip.AddrPort]
	last   map[string][]netip.Addr // what names had when they were last found
	failed map[string]bool         // names that could not be looked up the last time
}

func newResolver(s *settings) *resolver {
	r := &resolver{seeds: s.Seeds, log: s.log, lookup: net.DefaultResolver.LookupNetIP,
		last: make(map[string][]netip.Addr), failed: make(map[string]bool)}
	var known []netip.AddrPort
	for _, s := range s.Seeds {
		if s.addr.IsValid() {
			known = append(known, netip.AddrPortFrom(s.addr, s.port))
		}
	}
	r.found.Store(&known)
	return r
}

// addresses returns those that are known now.
func (r *resolver) addresses() []netip.AddrPort { return *r.found.Load() }

// follow looks names up until ctx is done; it returns at once if there are none. Each answer is told to changed.
func (r *resolver) follow(ctx context.Context, changed func()) {
	for {
		names, failures := r.once(ctx)
		if names == 0 {
			return
		}
		changed()
		pause := lookupEvery
		if failures > 0 {
			pause = lookupRetry
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// once looks all names up. A name that can't be looked up keeps the addresses it had.
func (r *resolver) once(ctx context.Context) (names, failures int) {
	var all []netip.AddrPort
	for _, s := range r.seeds {
		if s.addr.IsValid() {
			all = append(all, netip.AddrPortFrom(s.addr, s.port))
			continue
		}
		names++
		limited, cancel := context.WithTimeout(ctx, lookupLimit)
		addrs, err := r.lookup(limited, "ip", s.host)
		cancel()
		if err != nil {
			failures++
			if !r.failed[s.host] && ctx.Err() == nil {
				r.log.Warn("gossip seed can't be looked up: check the name, and what DNS says of it", "seed", s.host, "error", err)
			}
		}
		if r.failed[s.host] = err != nil; err == nil {
			r.last[s.host] = addrs[:min(len(addrs), maxPerSeed)]
		}
		for _, a := range r.last[s.host] {
			all = append(all, netip.AddrPortFrom(a.Unmap(), s.port))
		}
	}
	r.found.Store(&all)
	return names, failures
}
