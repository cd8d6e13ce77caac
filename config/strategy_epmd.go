package config

import (
	"errors"
	"fmt"
	"strings"

	"gonode/dist"
	"gonode/strategy"
	"gonode/strategy/epmd"
	"gonode/strategy/erlanghosts"
	"gonode/strategy/localepmd"
)

func epmdRecipe(env Env) recipe {
	s := &epmd.Strategy{Client: env.client(), Logger: env.Logger}
	return recipe{
		options: []option{
			some("nodes", &s.Nodes, peerOf(env.self())).of("Nodes", ""),
			some("hosts", &s.Hosts, hostOrPeer(env.self())).of("Hosts", ""),
			one("interval", &s.Interval, period).of("Interval", "5s"),
		},
		done: func() (strategy.Strategy, error) {
			if len(s.Nodes) == 0 && len(s.Hosts) == 0 {
				return nil, errors.New("has neither nodes nor hosts: give hosts, with nodes or hosts that may have nodes")
			}
			return s, s.Check()
		},
	}
}

// peerOf reads the name of a node that self can connect to.
func peerOf(self string) func(string) (string, error) {
	return func(s string) (string, error) {
		if err := strategy.CheckName(s); err != nil {
			return "", errors.New(strings.TrimPrefix(err.Error(), "strategy: "))
		}
		if err := dist.CompareNames(self, s); err != nil {
			return "", fmt.Errorf("%w", err)
		}
		return s, nil
	}
}

// hostOrPeer reads a host, or a node as peerOf does.
func hostOrPeer(self string) func(string) (string, error) {
	return func(s string) (string, error) {
		switch {
		case s == "":
			return "", errors.New("want a host, or a node, and no empty names between commas")
		case strings.Contains(s, "@"):
			return peerOf(self)(s)
		}
		return s, nil
	}
}

func localEPMDRecipe(env Env) recipe {
	s := &localepmd.Strategy{Self: env.self(), Client: env.client(), Logger: env.Logger}
	return recipe{
		options: []option{one("interval", &s.Interval, period).of("Interval", "5s")},
		done:    func() (strategy.Strategy, error) { return s, s.Check() },
	}
}

func erlangHostsRecipe(env Env) recipe {
	s := &erlanghosts.Strategy{Self: env.self(), Client: env.client(), Logger: env.Logger}
	return recipe{
		options: []option{
			path("file", &s.File).of("File", "./.hosts.erlang, or that in home or root"),
			path("home", &s.Home).of("Home", "the user's"),
			path("root", &s.Root).of("Root", "none"),
			one("interval", &s.Interval, period).of("Interval", "5s"),
		},
		done: func() (strategy.Strategy, error) { return s, s.Check() },
	}
}
