package strategy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckName(t *testing.T) {
	for _, name := range []Name{"a@h", "a@127.0.0.1", "rabbit@host-1.example.org", "ä@h", strings.Repeat("a", 253) + "@h", "a-b_c.d@fe80::1"} {
		require.NoError(t, CheckName(name), name)
	}
	for name, want := range map[Name]string{
		"":                              "no @",
		"a":                             "no @",
		"@h":                            "a part is missing",
		"a@":                            "a part is missing",
		"@":                             "a part is missing",
		"a@b@c":                         "more than one @",
		"a b@h":                         "white space",
		"a@h\n":                         "white space",
		"a\x00@h":                       "control characters",
		"\xff@h":                        "not UTF-8",
		strings.Repeat("a", 254) + "@h": "too long",
		strings.Repeat("ä", 254) + "@h": "too long",
		strings.Repeat("a", 1<<20):      "too long",
	} {
		err := CheckName(name)
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 200)
	}
}

func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"a@h", "", "@", "a@b@c", "\xff@h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil {
			alive, host, _ := strings.Cut(name, "@")
			require.NotEmpty(t, alive)
			require.NotEmpty(t, host)
			require.LessOrEqual(t, len(name), 4*maxName)
		}
	})
}

type unnamed struct{}

func (*unnamed) Run(context.Context, chan<- Set) error { return nil }

type named struct{ unnamed }

func (*named) String() string { return "this one" }

func TestSources(t *testing.T) {
	sources := distinct(Sources(&unnamed{}, &named{}, &unnamed{}, list(), &unnamed{}))
	var names []string
	for _, s := range sources {
		require.NotNil(t, s.Strategy)
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"strategy.unnamed", "this one", "strategy.unnamed#2", "strategy.Func", "strategy.unnamed#3"}, names)
}

func TestStatusText(t *testing.T) {
	s := Status{Node: "a@h", Wants: []Want{{Source: "dns", Origin: "SRV of x.org"}, {Source: "epmd", Kept: "the answer was partial"}}, State: StateWaiting}
	require.Equal(t, "a@h: waiting, wanted by dns (SRV of x.org), epmd (the answer was partial)", s.String())
	s.Attempts, s.LastError = 3, errors.New("connection refused")
	require.Equal(t, "a@h: waiting, wanted by dns (SRV of x.org), epmd (the answer was partial), 3 failed attempts: connection refused", s.String())
	for state := StateQueued; state <= StatePruned; state++ {
		require.NotContains(t, state.String(), "State")
	}
	require.Equal(t, "State(99)", State(99).String())
}

func TestConfigDefaults(t *testing.T) {
	c := Config{Knobs: Knobs{MinBackoff: time.Minute}}.complete()
	require.Equal(t, 16, c.Knobs.MaxDials)
	require.Equal(t, time.Minute, c.Knobs.MaxBackoff, "never below the minimum")
	require.NotNil(t, c.Logger)
}
