package integration

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/integration/beam"
	"gonode/internal/dnstest"
	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/dns"
	"gonode/strategy/erlanghosts"
	"gonode/strategy/exec"
	"gonode/strategy/file"
	httpstrategy "gonode/strategy/http"
	"gonode/strategy/localepmd"
)

// addressed is a strategy whose addresses a node dials.
type addressed struct {
	strategy.Strategy

	mu sync.Mutex
	at map[string]string
}

func (a *addressed) Run(ctx context.Context, out chan<- strategy.Set) error {
	sets := make(chan strategy.Set)
	done := make(chan error, 1)
	go func() { done <- a.Strategy.Run(ctx, sets) }() // Run waits for it
	for {
		select {
		case set := <-sets:
			a.note(set)
			_ = strategy.Send(ctx, out, set) // the strategy sees the end of ctx too
		case err := <-done:
			return err
		}
	}
}

func (a *addressed) note(set strategy.Set) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = make(map[string]string)
	for _, n := range set.Nodes {
		a.at[n.Name] = n.Address
	}
}

func (a *addressed) resolve(_ context.Context, name string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := a.at[name]; at != "" {
		return at, nil
	}
	return "", fmt.Errorf("nobody has said where %s listens", name)
}

// withoutEPMD starts an Erlang node that listens on a port and registers nowhere.
func withoutEPMD(t *testing.T, release, name string, port int) *beam.Node {
	return beam.Start(t, beam.Options{Release: release, Name: name, Cookie: cookie, Args: []string{
		"-erl_epmd_port", itoa(port), "-kernel", "inet_dist_use_interface", "{127,0,0,1}"}})
}

// TestDNS: a Go node joins BEAMs by service records with ports, without any epmd. Nobody is disconnected by NXDOMAIN, SERVFAIL,
// an answer that is cut, silence, or one of five records out of fifteen; a node that moves to another port is found there.
func TestDNS(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		ports := []int{freePort(t), freePort(t)}
		beams := []*beam.Node{withoutEPMD(t, release, "app@n1.app.test", ports[0]), withoutEPMD(t, release, "app@n2.app.test", ports[1])}
		records := func() []string {
			list := []string{"n1.app.test. 0 IN A 127.0.0.1", "n2.app.test. 0 IN A 127.0.0.1"}
			for i := range 13 { // those that are not there
				list = append(list, fmt.Sprintf("n%d.app.test. 0 IN A 127.0.0.1", i+3), fmt.Sprintf("app.test. 0 IN SRV 0 0 1 n%d.app.test.", i+3))
			}
			return append(list, fmt.Sprintf("app.test. 0 IN SRV 0 0 %d n1.app.test.", ports[0]), fmt.Sprintf("app.test. 0 IN SRV 0 0 %d n2.app.test.", ports[1]))
		}
		server := dnstest.Start(t, records()...)
		source := &addressed{Strategy: &dns.Strategy{
			Basename: "app", Interval: 20 * time.Millisecond,
			Queries:  []dns.Query{{Name: "app.test.", Type: dns.TypeSRV, UsePort: true}},
			Resolver: &dns.Client{Servers: []string{server.Addr()}, Timeout: 20 * time.Millisecond, Attempts: 1},
		}}
		g, err := node.Start(t.Context(), node.Config{
			Name: "go@127.0.0.1", Cookie: cookie, EPMD: epmd.None, MeshInterval: -1,
			Strategies: []strategy.Strategy{source}, Resolve: source.resolve,
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, shutdown(g)) })
		w := watchEvents(t, g)
		const both = "app@n1.app.test app@n2.app.test"
		eventually(t, patience, "both joined", func() bool { return names(g.Nodes()) == both })
		for _, b := range beams {
			evalWithin(t, time.Second, b, "['go@127.0.0.1']", "nodes()")
		}

		for name, handler := range map[string]dnstest.Handler{
			"NXDOMAIN": func(question, _ *mdns.Msg, _ bool) *mdns.Msg {
				return new(mdns.Msg).SetRcode(question, mdns.RcodeNameError)
			},
			"SERVFAIL": func(question, _ *mdns.Msg, _ bool) *mdns.Msg {
				return new(mdns.Msg).SetRcode(question, mdns.RcodeServerFailure)
			},
			"silence": func(_, _ *mdns.Msg, _ bool) *mdns.Msg { return nil },
			"cut": func(_, reply *mdns.Msg, _ bool) *mdns.Msg {
				reply.Truncated, reply.Answer = true, reply.Answer[:min(3, len(reply.Answer))]
				return reply
			},
			"five of fifteen": func(_, reply *mdns.Msg, _ bool) *mdns.Msg {
				reply.Answer = reply.Answer[:min(5, len(reply.Answer))]
				return reply
			},
		} {
			server.Handle(handler)
			server.Asked()
			asked := 0
			eventually(t, patience, name+" several times", func() bool { asked += len(server.Asked()); return asked > 20 })
			require.Equal(t, both, names(g.Nodes()), name)
		}
		server.Handle(nil)
		for _, b := range beams {
			require.Equal(t, 1, w.count(b.Name()), "nobody was ever disconnected")
			quiet(t, b)
		}

		beams[0].Kill()
		ports[0] = freePort(t)
		server.Set(t, records()...)
		withoutEPMD(t, release, "app@n1.app.test", ports[0])
		eventually(t, patience, "found on its new port", func() bool { return names(g.Nodes()) == both && w.count("app@n1.app.test") == 2 })
	})
}

// TestSources: a Go node joins a BEAM through each of the strategies that take names from elsewhere, and stays when the
// source breaks.
func TestSources(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		dir := t.TempDir()
		list, hosts := filepath.Join(dir, "nodes"), filepath.Join(dir, ".hosts.erlang")
		write := func(path, text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, list) }))
		defer web.Close()
		client, often := &epmd.Client{Port: c.epmd.Port}, 10*time.Millisecond

		for name, s := range map[string]strategy.Strategy{
			"file":        &file.Strategy{Path: list, Interval: often},
			"exec":        &exec.Strategy{Command: []string{"cat", list}, Interval: often},
			"http":        &httpstrategy.Strategy{URL: web.URL, Interval: often},
			"localepmd":   &localepmd.Strategy{Self: "go@127.0.0.1", Client: client, Interval: often},
			"erlanghosts": &erlanghosts.Strategy{Self: "go@127.0.0.1", File: hosts, Client: client, Interval: often},
		} {
			t.Run(name, func(t *testing.T) {
				write(list, "# the only one\nb@127.0.0.1\n")
				write(hosts, "'127.0.0.1'. % the only one\n")
				g := c.goNode(name, func(cfg *node.Config) { cfg.Strategies = []strategy.Strategy{s} })
				w := watchEvents(t, g)
				eventually(t, patience, "joined", func() bool { return names(g.Nodes()) == "b@127.0.0.1" })
				evalWithin(t, time.Second, b, "['"+g.Name()+"']", "nodes()")

				write(list, "b@127.0.0.1\nhalf a li")
				require.NoError(t, os.Remove(hosts))
				time.Sleep(500 * time.Millisecond)
				require.Equal(t, "b@127.0.0.1", names(g.Nodes()))
				eval(t, b, "true", "erlang:disconnect_node('%s')", g.Name())
				eventually(t, patience, "dialled again, since it is still wanted", func() bool { return w.count("b@127.0.0.1") == 2 })
				require.NoError(t, shutdown(g))
			})
		}
	})
}

// TestHostsFile: net_adm:host_file/0 of every release reads the same hosts as we do.
func TestHostsFile(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		b := newCluster(t, release).beam(release, "b")
		dir := t.TempDir()
		path := filepath.Join(dir, ".hosts.erlang")
		for text, good := range map[string]bool{
			"'a.example.org'.\n'b.example.org'. % comment\n\nc. d.%x\n": true,
			"'a'\n.":              true,
			"'a.example.org'.":    true,
			"":                    true,
			"'a.example.org'\n":   false,
			"a.example.org.\n":    false,
			"'a.example.org\n'.'": false,
		} {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			theirs := b.Eval(t, fmt.Sprintf(`begin ok = file:set_cwd("%s"), case net_adm:host_file() of {error, _} -> error;
				L -> lists:concat(["hosts "|[lists:concat([H, " "]) || H <- lists:sort(L)]]) end end`, dir))
			asked := &hostsAsked{}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			sets := make(chan strategy.Set, 100)
			_ = (&erlanghosts.Strategy{File: path, Client: asked, Interval: time.Hour}).Run(ctx, sets)
			cancel()
			if !good {
				require.Error(t, (<-sets).Partial, text)
				require.Equal(t, "error", theirs, text)
				continue
			}
			ours := "hosts "
			for _, h := range asked.sorted() {
				ours += h + " "
			}
			require.Equal(t, theirs, strconv.Quote(ours), text)
		}
	})
}

// hostsAsked is a client of epmd that notes who is asked.
type hostsAsked struct {
	mu    sync.Mutex
	hosts []string
}

func (h *hostsAsked) Names(_ context.Context, host string) ([]epmd.Node, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, host)
	return nil, nil
}

func (h *hostsAsked) sorted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.Sort(h.hosts)
	return h.hosts
}

// TestAddressesInNames: an address record makes the name that a BEAM has which was named with inet:ntoa/1, as dns_cluster and
// libcluster do. Addresses of the form ::a.b.c.d, which nobody has any more, are the exception.
func TestAddressesInNames(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		b := newCluster(t, release).beam(release, "b")
		for _, addr := range []string{"10.0.0.1", "::1", "fdaa:0:1:0:2:0:3:0", "fdaa:0:0:1:0:0:0:2", "1:0:0:3:4:0:0:7", "0:1:2:3:4:5:6:7",
			"1:2:3:4:5:6:7:0", "1:0:2:3:4:5:6:7", "FDAA::ABCD", "::ffff:1.2.3.4", "64:ff9b::1.2.3.4", "0:0:0:0:1:0:0:0"} {
			eval(t, b, strconv.Quote(netip.MustParseAddr(addr).String()), `begin {ok, A} = inet:parse_address("%s"), inet:ntoa(A) end`, addr)
		}
	})
}
