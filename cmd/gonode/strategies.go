package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"gonode/dist"
	"gonode/epmd"
	"gonode/strategy"
	epmdstrategy "gonode/strategy/epmd"
)

// strategyFlags is the group of flags that say where a node looks for others.
type strategyFlags struct {
	names []string
	hosts []string
}

// strategyContext is what a strategy may want to know of the node.
type strategyContext struct {
	self     string
	epmdPort int
	logger   *slog.Logger
}

// A strategyMaker makes a strategy of its flags.
type strategyMaker func(*strategyFlags, strategyContext) (strategy.Strategy, error)

// makers returns the strategies there are, by the name they have for --strategy.
func makers() map[string]strategyMaker {
	return map[string]strategyMaker{
		"epmd": (*strategyFlags).epmd,
	}
}

func known() string { return strings.Join(slices.Sorted(maps.Keys(makers())), ", ") }

func (f *strategyFlags) add(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.names, "strategy", nil, "how to find others (may be given several times): "+known())
	fs.StringSliceVar(&f.hosts, "hosts", nil, "for --strategy epmd: nodes, and hosts all of whose nodes are meant")
}

// make makes the strategies that the flags ask for.
func (f *strategyFlags) make(c strategyContext) ([]strategy.Strategy, error) {
	if len(f.hosts) > 0 && !slices.Contains(f.names, "epmd") {
		return nil, usagef("--hosts is of no use without --strategy epmd")
	}
	var made []strategy.Strategy
	for i, name := range f.names {
		maker := makers()[name]
		if maker == nil {
			return nil, usagef("there is no strategy %q; there is: %s", name, known())
		}
		if slices.Contains(f.names[:i], name) {
			return nil, usagef("--strategy %s is given twice", name)
		}
		s, err := maker(f, c)
		if err != nil {
			return nil, fmt.Errorf("--strategy %s: %w", name, err)
		}
		made = append(made, s)
	}
	return made, nil
}

// epmd makes the strategy of listed nodes and hosts.
func (f *strategyFlags) epmd(c strategyContext) (strategy.Strategy, error) {
	if len(f.hosts) == 0 {
		return nil, usagef("give --hosts, with nodes or hosts that may have nodes")
	}
	s := &epmdstrategy.Strategy{Client: &epmd.Client{Port: c.epmdPort}, Logger: c.logger}
	for _, host := range f.hosts {
		switch host = strings.TrimSpace(host); {
		case host == "":
			return nil, usagef("--hosts has an empty name in it")
		case strings.Contains(host, "@"):
			if err := dist.CompareNames(c.self, host); err != nil {
				return nil, &usageError{err}
			}
			s.Nodes = append(s.Nodes, host)
		default:
			s.Hosts = append(s.Hosts, host)
		}
	}
	return s, nil
}
