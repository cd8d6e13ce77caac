package hooks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/events"
)

func TestParse(t *testing.T) {
	sh := func(line string) []string { return []string{"/bin/sh", "-c", line} }
	for _, c := range []struct {
		spec    string
		name    string
		events  Filter
		command []string
		url     string
	}{
		{"page", "page", nil, sh("page"), ""},
		{"nodeup=page", "page", Filter{"nodeup"}, sh("page"), ""},
		{"nodeup,nodedown:db*@*=/usr/bin/page --to ops", "page", Filter{"nodeup", "nodedown:db*@*"}, sh("/usr/bin/page --to ops"), ""},
		{" nodeup , nodedown = page", "page", Filter{"nodeup", "nodedown"}, sh("page"), ""},
		{"*=page", "page", Filter{"*"}, sh("page"), ""},
		{"/bin/page --key=value", "page", nil, sh("/bin/page --key=value"), ""},
		{"decision=https://h.example.org/secret?x=y", "h.example.org", Filter{"decision"}, nil, "https://h.example.org/secret?x=y"},
		{"http://h:8080/x?a=b", "h:8080", nil, nil, "http://h:8080/x?a=b"},
	} {
		h, err := Parse(c.spec)
		require.NoError(t, err, c.spec)
		require.Equal(t, Hook{
			Name: c.name, Events: c.events, Command: c.command, URL: c.url, Timeout: DefaultTimeout, Concurrency: 1,
			Queue: DefaultQueue, Retries: DefaultRetries,
		}, h, c.spec)
	}
}

func TestParseErrors(t *testing.T) {
	for spec, want := range map[string]string{
		"":                      "nothing to run",
		"nodeup=":               "nothing to run",
		"nodeupp=page":          `no event "nodeupp"; there is: *, nodeup`,
		"nodeup,synced=page":    `no event "synced"`,
		"nodeup:[=page":         "pattern",
		"nodeup=https://":       "URL",
		"nodeup=http:///secret": "URL",
	} {
		_, err := Parse(spec)
		require.ErrorContains(t, err, want, spec)
		require.NotContains(t, err.Error(), "/secret\"")
	}
}

func TestNewErrors(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	require.NoError(t, os.WriteFile(short, []byte("topsecret\n"), 0o600))
	for want, h := range map[string]Hook{
		"neither":             {Name: "x"},
		"make two":            {Command: []string{"x"}, URL: "http://h/"},
		"secret is for a URL": {Command: []string{"x"}, SecretFile: short},
		"no input":            {Command: []string{"x"}, Input: "xml"},
		"negative":            {Command: []string{"x"}, Queue: -1},
		"no event":            {Command: []string{"x"}, Events: Filter{"up"}},
		"has 9 bytes":         {URL: "http://h/", SecretFile: short},
		"no such file":        {URL: "http://h/", SecretFile: short + "er"},
	} {
		_, err := New(Config{Hooks: []Hook{h}})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "topsecret")
	}
	r, err := New(Config{Hooks: []Hook{{Command: []string{"/a/x"}}, {Command: []string{"/b/x"}}, {URL: "http://h/x"}}})
	require.NoError(t, err)
	var names []string
	for _, s := range r.Stats() {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"x", "x-2", "h"}, names)
}

func TestFilter(t *testing.T) {
	up, down := events.NodeUp{Node: "db1@h"}, events.NodeDown{Node: "web1@h"}
	decided, failed := events.Decision{Node: "db1@h"}, events.StrategyFailed{Source: "s"}
	for _, c := range []struct {
		filter Filter
		want   []events.Event
	}{
		{nil, []events.Event{up, down}},
		{Filter{"nodeup"}, []events.Event{up}},
		{Filter{"*"}, []events.Event{up, down, decided, failed}},
		{Filter{"*:db*@*"}, []events.Event{up, decided}},
		{Filter{"nodedown:db*@*"}, nil},
		{Filter{"nodedown:db*@*", "nodedown:web?@h"}, []events.Event{down}},
		{Filter{"decision", "strategy_failed"}, []events.Event{decided, failed}},
	} {
		var got []events.Event
		for _, ev := range []events.Event{up, down, decided, failed, events.Synced{}, events.Skipped{}} {
			if c.filter.Match(ev) {
				got = append(got, ev)
			}
		}
		require.Equal(t, c.want, got, "%v", c.filter)
	}
}

// FuzzParse: what is taken can be run, and what is not is an error.
func FuzzParse(f *testing.F) {
	for _, spec := range []string{"", "=", "nodeup,nodedown:db*@*=page x", "*=https://h/x", "http://", "a=b=c", "nodeup:[=x", "\u00a0"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		h, err := Parse(spec)
		if err != nil {
			return
		}
		require.NotEmpty(t, h.Name)
		require.NotEqual(t, h.URL == "", len(h.Command) == 0)
		_, err = New(Config{Hooks: []Hook{h}})
		require.NoError(t, err)
	})
}
