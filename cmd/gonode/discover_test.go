package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/internal/dnstest"
	"gonode/strategy"
	"gonode/strategy/gossip"
)

// command runs gonode in this process, and returns its exit code and what it wrote.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs, lookupEnv: vars{}.lookup}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	code = a.main(ctx, args)
	return code, out.String(), errs.String()
}

// found reads the output of discover -o json as "node topology address".
func found(t *testing.T, stdout string) []string {
	t.Helper()
	var nodes []string
	for line := range strings.Lines(stdout) {
		var f foundLine
		require.NoError(t, json.Unmarshal([]byte(line), &f), line)
		nodes = append(nodes, strings.TrimSpace(f.Node+" "+f.Topology+" "+f.Address))
	}
	return nodes
}

func TestDiscoverByDNS(t *testing.T) {
	server := dnstest.Start(t, "app.test. 60 IN A 10.0.0.1", "app.test. 60 IN A 10.0.0.2",
		"_erlang._tcp.app.test. 60 IN SRV 0 0 9100 one.app.test.", "one.app.test. 60 IN A 10.0.0.3")
	ask := []string{"discover", "--set", "name=shop@10.0.0.9", "-o", "ndjson", "--strategy", "dns", "-O", "servers='" + server.Addr() + "'", "-O"}
	code, stdout, stderr := command(t, append(ask, "query=app.test.")...)
	require.Zero(t, code, stderr)
	require.Equal(t, []string{"shop@10.0.0.1 dns", "shop@10.0.0.2 dns"}, found(t, stdout))

	code, stdout, stderr = command(t, append(ask, "queries=[{name: _erlang._tcp.app.test., type: SRV, use_port: true, basename: b}]")...)
	require.Zero(t, code, stderr)
	require.Equal(t, []string{"b@one.app.test dns 10.0.0.3:9100"}, found(t, stdout))

	code, stdout, stderr = command(t, append(ask, "queries=[{name: app.test.}, {name: none.test.}]")...)
	require.Equal(t, exitFailure, code)
	require.Equal(t, []string{"shop@10.0.0.1 dns", "shop@10.0.0.2 dns"}, found(t, stdout), "what is known is printed all the same")
	require.Contains(t, stderr, "gonode: discover: topology dns: dns: cannot look up address of none.test")
	require.Contains(t, stderr, "the name does not exist")
}

func TestDiscoverByHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/nodes" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("a@127.0.0.1\nb@127.0.0.1\n"))
	}))
	defer server.Close()
	code, stdout, stderr := command(t, "discover", "--strategy", "http", "-O", "url="+server.URL+"/nodes", "-o", "ndjson")
	require.Zero(t, code, stderr)
	require.Equal(t, []string{"a@127.0.0.1 http", "b@127.0.0.1 http"}, found(t, stdout))
	code, stdout, stderr = command(t, "discover", "--strategy", "http", "-O", "url="+server.URL+"/other", "-o", "ndjson")
	require.Equal(t, exitFailure, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "404")
}

// gossiper is a node that gossips on the loopback interface.
func gossiper(t *testing.T, s *gossip.Strategy) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	out := make(chan strategy.Set)
	go func() { done <- s.Run(ctx, out) }() // ends in the cleanup
	go func() {                             // ends with the one above
		for range out {
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		close(out)
	})
}

func TestDiscoverAndListenByGossip(t *testing.T) {
	text, err := freePort()
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	key := gossip.NewKey()
	loopback := []string{"127.0.0.1"}
	gossiper(t, &gossip.Strategy{Self: "plain@h", Port: port, MulticastInterfaces: loopback, Interval: 50 * time.Millisecond})
	gossiper(t, &gossip.Strategy{Self: "secret@h", Port: port, MulticastInterfaces: loopback, Interval: 50 * time.Millisecond, Secret: "xyzzy"})
	gossiper(t, &gossip.Strategy{Self: "own@h", Address: ":9100", Port: port, MulticastInterfaces: loopback, Interval: 50 * time.Millisecond, Keys: []gossip.Key{key}})
	where := []string{"-O", "port=" + text, "-O", "interfaces=127.0.0.1", "-O", "interval=200ms"}

	// Discover hears those whose frame it understands, and says nothing itself.
	code, stdout, stderr := command(t, append([]string{"discover", "--strategy", "gossip", "-o", "ndjson"}, where...)...)
	require.Zero(t, code, stderr)
	require.Equal(t, []string{"plain@h gossip"}, found(t, stdout))
	code, stdout, stderr = command(t, append([]string{"discover", "--strategy", "gossip", "-o", "ndjson", "-O", "secret=xyzzy"}, where...)...)
	require.Zero(t, code, stderr)
	require.Equal(t, []string{"secret@h gossip"}, found(t, stdout))

	// The listening post shows all that there is, and whether our secret opens it.
	listen := func(more ...string) map[string]packetLine {
		code, stdout, stderr := command(t, append(append([]string{"gossip", "-c", "60", "--for", "10s", "-o", "json"}, where...), more...)...)
		require.Zero(t, code, stderr)
		require.NotContains(t, stdout+stderr, "xyzzy")
		seen := map[string]packetLine{}
		for line := range strings.Lines(stdout) {
			var p packetLine
			require.NoError(t, json.Unmarshal([]byte(line), &p), line)
			require.NotEqual(t, "gonode@127.0.0.1", p.Node, "who listens says nothing")
			seen[p.Frame] = p
		}
		return seen
	}
	seen := listen()
	require.True(t, seen["plain"].Taken)
	require.Equal(t, []string{"plain@h", "heartbeat"}, []string{seen["plain"].Node, seen["plain"].Kind})
	require.Equal(t, "unknown", seen["unknown"].Drop, "encrypted with a secret that is not ours")
	require.False(t, seen["authenticated"].Taken)
	seen = listen("-O", "secret=xyzzy")
	require.True(t, seen["secret"].Taken)
	require.Equal(t, "secret@h", seen["secret"].Node)

	code, stdout, stderr = command(t, append([]string{"gossip", "-c", "3"}, where...)...)
	require.Zero(t, code, stderr)
	require.Len(t, strings.Split(strings.TrimSpace(stdout), "\n"), 4, "a head, and three packets")
	require.Regexp(t, `(?m)^20.*Z +lo +[0-9.]+:\d+ +(plain|unknown|authenticated) `, stdout)
	silent, err := freePort()
	require.NoError(t, err)
	code, _, stderr = command(t, "gossip", "-O", "port="+silent, "-O", "interfaces=127.0.0.1", "-c", "1", "--for", "200ms")
	require.Equal(t, exitTimeout, code)
	require.Contains(t, stderr, "0 of 1 packets within 200ms")
}
