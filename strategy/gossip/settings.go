package gossip

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"gonode/strategy"
)

// expireAfter is after how many intervals without a heartbeat a node is not wanted any more. It has missed eight on average.
const expireAfter = 4

// What an interval may be.
const (
	minInterval = 10 * time.Millisecond
	maxInterval = 10 * time.Minute
)

// settings are those of a Strategy, checked and complete.
type settings struct {
	Self, Address       string
	Port                int
	Groups              []netip.Addr
	MulticastInterfaces []string
	InterfaceAddress    netip.Addr
	TTL                 int
	NoLoop              bool
	BroadcastOnly       bool
	Seeds               []seed
	Secret              string
	Keys                []Key
	Frames              Frames
	Interval, Expire    time.Duration
	MaxNodes, MaxRate   int
	MaxSkew             time.Duration
	log                 *slog.Logger
	counters            *counters
}

// Check returns what is wrong with the settings, or nil. It opens nothing. Run and Listen check as well.
func (s *Strategy) Check() error {
	_, err := s.settings()
	return err
}

func (s *Strategy) settings() (*settings, error) {
	c := &settings{
		Self: s.Self, Address: s.Address,
		Port:                orDefault(s.Port, DefaultPort),
		Groups:              slices.Clone(s.Groups),
		MulticastInterfaces: slices.Clone(s.MulticastInterfaces),
		InterfaceAddress:    s.InterfaceAddress.Unmap(),
		TTL:                 orDefault(s.TTL, 1),
		NoLoop:              s.NoLoop,
		BroadcastOnly:       s.BroadcastOnly,
		Secret:              s.Secret,
		Keys:                slices.Clone(s.Keys),
		Frames:              s.Frames,
		Interval:            orDefault(s.Interval, DefaultInterval),
		Expire:              s.Expire,
		MaxNodes:            orDefault(s.MaxNodes, DefaultMaxNodes),
		MaxRate:             orDefault(s.MaxRate, DefaultMaxRate),
		MaxSkew:             orDefault(s.MaxSkew, DefaultMaxSkew),
		log:                 s.Logger,
		counters:            &s.counters,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if len(c.Groups) == 0 && !c.BroadcastOnly {
		c.Groups = []netip.Addr{netip.MustParseAddr(DefaultGroup)}
	}
	if c.InterfaceAddress.IsUnspecified() {
		c.InterfaceAddress = netip.Addr{}
	}
	for _, check := range []func() error{c.checkNode, c.checkNetwork, c.checkFrames, c.checkTimes} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	for _, text := range s.Seeds {
		seed, err := parseSeed(text, c.Port)
		if err != nil {
			return nil, err
		}
		c.Seeds = append(c.Seeds, seed)
	}
	return c, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (c *settings) checkNode() error {
	if c.Self != "" {
		if err := strategy.CheckName(c.Self); err != nil {
			return fmt.Errorf("gossip: own name: %w", err)
		}
	}
	if c.Address == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(c.Address)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 1 || n > 65535 || len(c.Address) > 255 {
		return fmt.Errorf("gossip: own address %q: want host:port or :port", c.Address)
	}
	return nil
}

func (c *settings) checkNetwork() error {
	if c.Port < 1 || c.Port > 65535 {
		return fmt.Errorf("gossip: port %d: want 1 to 65535", c.Port)
	}
	if c.TTL < 1 || c.TTL > 255 {
		return fmt.Errorf("gossip: TTL %d: want 1 (this network only) to 255", c.TTL)
	}
	for i, g := range c.Groups {
		c.Groups[i] = g.Unmap()
		switch {
		case !g.IsValid():
			return fmt.Errorf("gossip: group %d is empty: want a multicast address such as %s or %s", i+1, DefaultGroup, LibclusterGroup)
		case c.BroadcastOnly && g.IsMulticast():
			return fmt.Errorf("gossip: %s is a multicast group: with broadcast only, give a broadcast address "+
				"such as 255.255.255.255, or none for those of the interfaces", g)
		case !c.BroadcastOnly && !g.IsMulticast():
			return fmt.Errorf("gossip: group %s is no multicast address: want one of 224.0.0.0 to 239.255.255.255 or ff00::/8, "+
				"such as %s; a host to send to is a seed; a broadcast address needs broadcast only", g, DefaultGroup)
		}
	}
	return nil
}

func (c *settings) checkFrames() error {
	if c.Frames == FramesDefault {
		c.Frames = FramesCompatible
		if len(c.Keys) > 0 {
			c.Frames = FramesAuthenticated
		}
	}
	switch {
	case c.Frames > FramesBoth:
		return fmt.Errorf("gossip: there are no frames %s", c.Frames)
	case c.Frames.authenticated() && len(c.Keys) == 0:
		return fmt.Errorf("gossip: frames %s need a key: 32 random bytes, the same on all nodes", c.Frames)
	case slices.Contains(c.Keys, Key{}):
		return errors.New("gossip: a key is all zeros: want 32 random bytes")
	}
	return nil
}

func (c *settings) checkTimes() error {
	switch {
	case c.Interval < minInterval || c.Interval > maxInterval:
		return fmt.Errorf("gossip: interval %s: want %s to %s", c.Interval, minInterval, maxInterval)
	case c.Expire < 0 || c.Expire > 0 && c.Expire < c.Interval:
		return fmt.Errorf("gossip: nodes expire after %s, which is less than the interval of %s: want several intervals", c.Expire, c.Interval)
	case c.MaxNodes < 0 || c.MaxRate < 0 || c.MaxSkew < 0:
		return errors.New("gossip: a limit is negative")
	}
	return nil
}

// expire returns after how long without a heartbeat the sender of p is not wanted any more.
func (c *settings) expire(p *Packet) time.Duration {
	switch {
	case c.Expire > 0:
		return c.Expire
	case p.Interval > 0:
		return expireAfter * min(max(p.Interval, minInterval), maxInterval)
	}
	return expireAfter * c.Interval
}
