package config

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"gonode/strategy"
	"gonode/strategy/gossip"
)

func gossipRecipe(env Env) recipe {
	s := &gossip.Strategy{Self: env.self(), Logger: env.Logger}
	if env.Silent {
		s.Self = ""
	}
	var inline, fromFile string
	return recipe{
		options: []option{
			one("port", &s.Port, port).or("45892"),
			some("groups", &s.Groups, groupAddress).named("multicast_addr").or(gossip.DefaultGroup),
			some("interfaces", &s.MulticastInterfaces, text).named("multicast_if").or("all that are up"),
			one("if_addr", &s.InterfaceAddress, address).or("any"),
			one("ttl", &s.TTL, from(1, 255)).named("multicast_ttl").or("1"),
			one("loop", &s.NoLoop, untruth).or("true"),
			one("broadcast_only", &s.BroadcastOnly, truth).or("false"),
			some("seeds", &s.Seeds, text).or("none"),
			one("secret", &inline, text).hidden(),
			secretFile("secret_file", func(text string) error { fromFile = text; return nonEmpty(text) }),
			secretFile("keys_file", func(text string) (err error) { s.Keys, err = keys(text); return err }),
			one("frames", &s.Frames, frames).or("authenticated if there are keys, else compatible"),
			one("address", &s.Address, text).or("epmd's"),
			one("interval", &s.Interval, period).or("5s"),
			one("expire", &s.Expire, period).or("four intervals"),
			one("max_nodes", &s.MaxNodes, count).or("1024"),
			one("max_rate", &s.MaxRate, count).or("500"),
			one("max_skew", &s.MaxSkew, period).or("30s"),
		},
		done: func() (strategy.Strategy, error) {
			if inline != "" && fromFile != "" {
				return nil, errors.New("has both secret and secret_file: give one of them")
			}
			s.Secret = cmp.Or(inline, fromFile)
			return s, s.Check()
		},
	}
}

func nonEmpty(text string) error {
	if text == "" {
		return errors.New("the file is empty: want a secret in it")
	}
	return nil
}

// groupAddress reads an address, or whose default group is meant.
func groupAddress(s string) (netip.Addr, error) {
	switch s {
	case "skycluster":
		s = gossip.DefaultGroup
	case "libcluster":
		s = gossip.LibclusterGroup
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, fmt.Errorf("want a multicast address such as %s, or skycluster (%[1]s) or libcluster (%s, since its 3.3)",
			gossip.DefaultGroup, gossip.LibclusterGroup)
	}
	return a, nil
}

func frames(s string) (gossip.Frames, error) {
	var f gossip.Frames
	if err := f.UnmarshalText([]byte(s)); err != nil || s == "" {
		return f, errors.New("want compatible, authenticated or both")
	}
	return f, nil
}

// keys reads keys, one a line; lines that are empty or begin with # do not count.
func keys(text string) ([]gossip.Key, error) {
	var all []gossip.Key
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := gossip.ParseKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, key)
	}
	if len(all) == 0 {
		return nil, errors.New("the file has no keys: want 32 random bytes in base64 on each line, the first to send with")
	}
	return all, nil
}

// Settle returns for how long the topology called name must be listened to until all that are there have been heard; 0 for
// strategies that ask, and answer as soon as they can.
func (s *Sources) Settle(name string) time.Duration {
	g, ok := s.made[name].strategy.(*gossip.Strategy)
	if !ok {
		return 0
	}
	const late = 500 * time.Millisecond
	return cmp.Or(g.Interval, gossip.DefaultInterval) + late
}
