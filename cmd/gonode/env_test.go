package main

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// vars is an environment.
type vars map[string]string

func (v vars) lookup(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

func TestEnvName(t *testing.T) {
	require.Equal(t, "GONODE_NAME", envName("name"))
	require.Equal(t, "GONODE_EPMD_PORT", envName("epmd-port"))
}

func TestBindEnv(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		env   vars
		word  string
		wait  time.Duration
		list  []string
		other string
		err   string
	}{
		{name: "default", word: "def"},
		{name: "variable", env: vars{"GONODE_WORD": "v"}, word: "v"},
		{name: "flag first", args: []string{"--word", "f"}, env: vars{"GONODE_WORD": "v"}, word: "f"},
		{name: "empty flag first", args: []string{"--word="}, env: vars{"GONODE_WORD": "v"}, word: ""},
		{name: "empty variable", env: vars{"GONODE_WORD": ""}, word: "def"},
		{name: "duration", env: vars{"GONODE_LONG_WAIT": "2s"}, word: "def", wait: 2 * time.Second},
		{name: "wrong", env: vars{"GONODE_LONG_WAIT": "2"}, err: `GONODE_LONG_WAIT is "2": want a time above zero with its unit, such as 500ms, 10s or 2m`},
		{name: "wrong but not used", args: []string{"--long-wait=1s"}, env: vars{"GONODE_LONG_WAIT": "2"}, word: "def", wait: time.Second},
		{name: "list", env: vars{"GONODE_LIST": "a,b"}, word: "def", list: []string{"a", "b"}},
		{name: "list replaced", args: []string{"--list", "c"}, env: vars{"GONODE_LIST": "a,b"}, word: "def", list: []string{"c"}},
		{name: "no variable", env: vars{"GONODE_OTHER": "x", "GONODE_HELP": "true"}, word: "def"},
		{name: "excluded variable", args: []string{"--rival", "r"}, env: vars{"GONODE_WORD": "v"}, word: "def"},
		{name: "both excluded are given", args: []string{"--rival", "r", "--word", "w"}, err: "both --word and --rival: give one of them"},
		{name: "both excluded are variables", env: vars{"GONODE_WORD": "v", "GONODE_RIVAL": "r"}, word: "v"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
			word := fs.String("word", "def", "")
			list := fs.StringSlice("list", nil, "")
			other := fs.String("other", "", "")
			fs.String("rival", "", "")
			fs.Bool("help", false, "")
			var wait time.Duration
			addPeriod(fs, &wait, "long-wait", 0, "")
			annotate(fs, "other", noEnv)
			annotate(fs, "word", exclusive, "rival")

			require.NoError(t, fs.Parse(tt.args))
			err := bindEnv(fs, tt.env.lookup)
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				require.Equal(t, exitUsage, exitCode(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.word, *word)
			require.Equal(t, tt.wait, wait)
			require.ElementsMatch(t, tt.list, *list)
			require.Equal(t, tt.other, *other)
		})
	}
}

func TestErlangPort(t *testing.T) {
	for env, want := range map[string]int{"": 4369, "5000": 5000} {
		a := &app{lookupEnv: vars{"ERL_EPMD_PORT": env}.lookup}
		port, err := new(portFlags).get(a)
		require.NoError(t, err)
		require.Equal(t, want, port)
		port, err = (&portFlags{port: 7}).get(a)
		require.NoError(t, err)
		require.Equal(t, 7, port)
	}
	_, err := new(portFlags).get(&app{lookupEnv: vars{"ERL_EPMD_PORT": "x"}.lookup})
	require.EqualError(t, err, `ERL_EPMD_PORT is "x": want a port number, 1 to 65535`)
}

func TestErlangAddress(t *testing.T) {
	a := &app{lookupEnv: vars{"ERL_EPMD_ADDRESS": "10.0.0.1, ::1"}.lookup}
	addresses, err := new(epmdFlags).listenOn(a)
	require.NoError(t, err)
	require.Equal(t, []string{"10.0.0.1", "::1"}, addresses)

	addresses, err = (&epmdFlags{addresses: []string{"0.0.0.0"}}).listenOn(a)
	require.NoError(t, err)
	require.Equal(t, []string{"0.0.0.0"}, addresses)

	_, err = new(epmdFlags).listenOn(&app{lookupEnv: vars{"ERL_EPMD_ADDRESS": "here"}.lookup})
	require.ErrorContains(t, err, `ERL_EPMD_ADDRESS is "here"`)
}
