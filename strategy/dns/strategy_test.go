package dns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"gonode/internal/dnstest"
	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
)

// fake is a Resolver: answers and errors by "A name"; everything else does not exist.
type fake struct {
	mu      sync.Mutex
	answers map[string]Answer
	errs    map[string]error
	asked   []string
}

func (f *fake) Lookup(_ context.Context, name string, t Type) (Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := t.String() + " " + name
	f.asked = append(f.asked, key)
	if err := f.errs[key]; err != nil {
		return Answer{}, err
	}
	a, ok := f.answers[key]
	if !ok {
		return Answer{}, &Error{Name: name, Type: t, Reason: ReasonNoName}
	}
	return a, nil
}

func (f *fake) set(key string, a Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answers == nil {
		f.answers = make(map[string]Answer)
	}
	f.answers[key] = a
}

func (f *fake) fail(key string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = map[string]error{key: err}
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

// addrs is an answer of addresses.
func addrs(ttl time.Duration, all string) Answer {
	a := Answer{TTL: ttl}
	for _, text := range strings.Fields(all) {
		a.Records = append(a.Records, Record{Addr: netip.MustParseAddr(text)})
	}
	return a
}

var errServer = &Error{Name: "app.test", Type: TypeA, Server: "ns", Reason: ReasonServer}

func TestAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("A app.test", addrs(0, "10.0.0.2 10.0.0.1"))
		f.set("AAAA app.test", addrs(0, "fd00::1 fdaa:0:1:0:2:0:3:0"))
		f.set("A db.test", addrs(0, "10.0.1.1 0.0.0.0"))
		s := &Strategy{Self: "go@10.0.0.1", Queries: []Query{{Name: "app.test"}, {Name: "db.test", Type: TypeA, Basename: "db"}}, Resolver: f}
		set := strategytest.Run(t, s).Next()
		require.Equal(t, "db@10.0.1.1 go@10.0.0.1 go@10.0.0.2 go@fd00::1 go@fdaa:0:1:0:2:0:3:0", strategytest.Text(set),
			"as inet:ntoa/1 writes addresses, and ourselves as we are in the DNS too")
		require.Equal(t, "A record of db.test", set.Nodes[0].Origin)
		require.Equal(t, "AAAA record of app.test", set.Nodes[3].Origin)

		s = &Strategy{Basename: "app", Self: "go@h", Queries: []Query{{Name: "app.test", Type: TypeAAAA}}, Resolver: f}
		require.Equal(t, "app@fd00::1 app@fdaa:0:1:0:2:0:3:0", strategytest.Run(t, s).Text())
	})
}

func TestServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("SRV app.test", Answer{Records: []Record{
			{Target: "a.test", Port: 9101, Addrs: []netip.Addr{netip.MustParseAddr("fd00::1"), netip.MustParseAddr("10.0.0.1")}},
			{Target: "b.test", Port: 9102},
			{Target: "c.test", Port: 0},
			{Target: "127.0.0.1", Port: 9104},
			{Target: "a.test", Port: 9999, Priority: 1},
			{Target: ".", Port: 1},
			{Target: `evil\032name`, Port: 1},
			{Target: "evil@b.test", Port: 1},
			{},
		}})
		f.set("A b.test.", addrs(0, "10.0.0.2"))
		f.set("AAAA b.test.", Answer{})
		var log bytes.Buffer
		run := func(q Query) string {
			q.Name, q.Type = "app.test", TypeSRV
			s := &Strategy{Self: "go@h", Queries: []Query{q}, Resolver: f, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			r := strategytest.Run(t, s)
			defer r.Stop()
			return r.Text()
		}
		require.Equal(t, "go@127.0.0.1 go@a.test go@b.test go@c.test", run(Query{}))
		require.Equal(t, 1, f.count(), "names are enough")
		require.Contains(t, log.String(), "ignoring records that are of no host")
		require.Contains(t, log.String(), "records=4")
		require.Equal(t, "go@127.0.0.1=127.0.0.1:9104 go@a.test=10.0.0.1:9101 go@b.test=10.0.0.2:9102 go@c.test",
			run(Query{UsePort: true}), "the address as the same server has it; the name where it has none")
		require.Equal(t, "go@10.0.0.1 go@10.0.0.2 go@127.0.0.1 go@fd00::1 "+
			"(dns: cannot look up address of c.test.: the name does not exist: check its spelling, its domain and its namespace)",
			run(Query{ByAddress: true}))
		f.set("A c.test.", addrs(0, "10.0.0.3"))
		f.set("AAAA c.test.", addrs(0, ""))
		require.Equal(t, "go@10.0.0.1=10.0.0.1:9101 go@10.0.0.2=10.0.0.2:9102 go@10.0.0.3 go@127.0.0.1=127.0.0.1:9104 go@fd00::1=[fd00::1]:9101",
			run(Query{ByAddress: true, UsePort: true}))
	})
}

// TestLibclusterDefect1: an error is no empty answer, whatever kind it is of.
func TestLibclusterDefect1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("A app.test", addrs(0, "10.0.0.1 10.0.0.2"))
		r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: []Query{{Name: "app.test", Type: TypeA}}, Resolver: f})
		require.Equal(t, "go@10.0.0.1 go@10.0.0.2", r.Text())
		for reason := ReasonNoName; reason <= ReasonCanceled; reason++ {
			f.fail("A app.test", &Error{Name: "app.test", Type: TypeA, Reason: reason})
			set := r.Next()
			require.Len(t, set.Nodes, 2)
			var failed *Error
			require.ErrorAs(t, set.Partial, &failed)
			require.Equal(t, reason, failed.Reason)
		}
		f.fail("", nil)
		f.set("A app.test", addrs(0, ""))
		set := r.Next()
		require.Empty(t, set.Nodes, "an empty answer is one")
		require.NoError(t, set.Partial)
	})
}

// TestPartial: of several queries, and of IPv4 and IPv6, what answers counts, and what does not keeps its nodes.
func TestPartial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("A app.test", addrs(0, "10.0.0.1"))
		f.set("AAAA app.test", addrs(0, "fd00::1"))
		f.set("A db.test", addrs(0, "10.0.1.1"))
		r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: []Query{{Name: "app.test"}, {Name: "db.test", Type: TypeA}}, Resolver: f})
		require.Equal(t, "go@10.0.0.1 go@10.0.1.1 go@fd00::1", r.Text())
		f.fail("A app.test", errServer)
		f.set("A db.test", addrs(0, "10.0.1.2"))
		set := r.Next()
		require.ErrorIs(t, set.Partial, errServer)
		set.Partial = nil
		require.Equal(t, "go@10.0.0.1 go@10.0.1.1 go@10.0.1.2 go@fd00::1", strategytest.Text(set))
		f.fail("", nil)
		require.Equal(t, "go@10.0.0.1 go@10.0.1.2 go@fd00::1", r.Text())
	})
}

// TestLibclusterDefect2: one loop asks, once at a time.
func TestLibclusterDefect2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("A app.test", addrs(0, "10.0.0.1"))
		r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: []Query{{Name: "app.test", Type: TypeA}}, Resolver: f})
		begin := time.Now()
		for i := range 20 {
			r.Next()
			require.Equal(t, i+1, f.count())
			require.GreaterOrEqual(t, time.Since(begin), time.Duration(i)*DefaultInterval)
		}
		require.Less(t, time.Since(begin), 20*DefaultInterval*11/10)
	})
}

// TestLibclusterDefect6: records that lack what makes a node do no harm to those beside them.
func TestLibclusterDefect6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("SRV app.test", Answer{Records: []Record{{}, {Target: "."}, {Port: 9100}, {Target: "a.test"}}})
		f.set("A app.test", Answer{Records: []Record{{}, {Addr: netip.MustParseAddr("10.0.0.1")}}})
		queries := []Query{{Name: "app.test", Type: TypeSRV, UsePort: true}, {Name: "app.test", Type: TypeA}}
		r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: queries, Resolver: f})
		require.Equal(t, "go@10.0.0.1 go@a.test", r.Text())
	})
}

// TestTTL: the shortest time to live says when to ask again, within bounds.
func TestTTL(t *testing.T) {
	for _, c := range []struct {
		s         Strategy
		ttl, want time.Duration
	}{
		{Strategy{}, 0, 5 * time.Second},
		{Strategy{}, 3 * time.Second, 3 * time.Second},
		{Strategy{}, time.Nanosecond, time.Second},
		{Strategy{}, time.Hour, 5 * time.Second},
		{Strategy{MaxInterval: time.Minute}, time.Hour, time.Minute},
		{Strategy{MaxInterval: time.Minute}, 0, 5 * time.Second},
		{Strategy{Interval: time.Minute}, 0, time.Minute},
		{Strategy{Interval: time.Minute}, 30 * time.Second, 30 * time.Second},
		{Strategy{Interval: time.Millisecond}, time.Second, time.Millisecond},
		{Strategy{MinInterval: 10 * time.Second}, time.Second, 10 * time.Second},
	} {
		require.Equal(t, c.want, c.s.wait(c.ttl), "%v %v %v, TTL %v", c.s.Interval, c.s.MinInterval, c.s.MaxInterval, c.ttl)
	}
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.set("A app.test", addrs(4*time.Second, "10.0.0.1"))
		f.set("A db.test", addrs(2*time.Second, "10.0.0.1"))
		queries := []Query{{Name: "app.test", Type: TypeA}, {Name: "db.test", Type: TypeA}}
		r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: queries, Resolver: f})
		took := func() time.Duration {
			begin := time.Now()
			r.Next()
			return time.Since(begin).Truncate(time.Second)
		}
		r.Next()
		require.Equal(t, 2*time.Second, took())
		f.fail("A db.test", errServer)
		require.Equal(t, 2*time.Second, took())
		require.Equal(t, 5*time.Second, took(), "no time to live counts after trouble")
	})
}

// TestTypo: a name that does not exist, or that has no such records, gets a log that says so, once.
func TestTypo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &fake{}
		f.set("A empty.test", Answer{Name: "empty.test"})
		queries := []Query{{Name: "tpyo.test"}, {Name: "empty.test", Type: TypeA}}
		r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: queries, Resolver: f, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for range 20 {
			r.Next()
		}
		require.Equal(t, 1, strings.Count(log.String(), "cannot look up address of tpyo.test: the name does not exist: check its spelling"))
		require.Equal(t, 1, strings.Count(log.String(), "exists in the DNS but has no such records"))
		require.Contains(t, log.String(), "name=empty.test type=A")
	})
}

// TestLibclusterDefect7: what is missing or wrong is said, and named.
func TestLibclusterDefect7(t *testing.T) {
	require.NoError(t, (&Strategy{Self: "go@h", Queries: []Query{{Name: "app.test"}, {Name: "_a._tcp.b.", Type: TypeSRV, UsePort: true}}}).Check())
	require.NoError(t, (&Strategy{Queries: []Query{{Name: "app", Basename: "a"}}}).Check())
	for want, s := range map[string]*Strategy{
		"dns: Queries: is missing":                               {Self: "go@h"},
		"dns: Queries[0].Name: is missing":                       {Self: "go@h", Queries: []Query{{}}},
		"dns: Queries[0].Basename: is missing":                   {Queries: []Query{{Name: "app"}}},
		`dns: Queries[0].Basename: "a@b" is not the part`:        {Queries: []Query{{Name: "app", Basename: "a@b"}}},
		`dns: Basename: "a b" is not the part`:                   {Basename: "a b", Queries: []Query{{Name: "app"}}},
		`dns: Self: "go" is not the name of a node`:              {Self: "go", Queries: []Query{{Name: "app"}}},
		"dns: Queries[1].UsePort: is for SRV records only":       {Self: "go@h", Queries: []Query{{Name: "a"}, {Name: "b", UsePort: true}}},
		"dns: Queries[0].ByAddress: is for SRV records only":     {Self: "go@h", Queries: []Query{{Name: "a", ByAddress: true}}},
		"dns: Queries[0].Type: Type(9) is none":                  {Self: "go@h", Queries: []Query{{Name: "a", Type: 9}}},
		`dns: Queries[0].Name: "fd00::1" is an address`:          {Self: "go@h", Queries: []Query{{Name: "fd00::1"}}},
		`dns: Queries[0].Name: "10.0.0.1" is an address`:         {Self: "go@h", Queries: []Query{{Name: "10.0.0.1"}}},
		`dns: Queries[0].Name: "a..b" has two dots`:              {Self: "go@h", Queries: []Query{{Name: "a..b"}}},
		`dns: Queries[0].Name: "app test" has a character`:       {Self: "go@h", Queries: []Query{{Name: "app test"}}},
		"more than 63 characters":                                {Self: "go@h", Queries: []Query{{Name: strings.Repeat("x", 64)}}},
		"more than 253 characters":                               {Self: "go@h", Queries: []Query{{Name: strings.Repeat("x.", 128)}}},
		"dns: Interval: -1ns is negative":                        {Self: "go@h", Queries: []Query{{Name: "a"}}, Interval: -1},
		"dns: MinInterval: 1m0s is more than MaxInterval, 30s":   {Self: "go@h", Queries: []Query{{Name: "a"}}, MinInterval: time.Minute, MaxInterval: 30 * time.Second},
		"kubernetes-dns: Queries[0].Basename: is missing: give ": must(Kubernetes{Service: "app", Namespace: "ns"}.DNS()),
	} {
		err := s.Check()
		require.ErrorContains(t, err, want)
		var field *strategy.FieldError
		require.ErrorAs(t, s.Run(t.Context(), nil), &field)
	}
}

func must(s *Strategy, err error) *Strategy {
	if err != nil {
		panic(err)
	}
	return s
}

func TestType(t *testing.T) {
	for text, want := range map[string]Type{"address": TypeAddress, "a": TypeA, "AAAA": TypeAAAA, "srv": TypeSRV} {
		var got Type
		require.NoError(t, got.UnmarshalText([]byte(text)))
		require.Equal(t, want, got)
		again, err := got.MarshalText()
		require.NoError(t, err)
		require.True(t, strings.EqualFold(text, string(again)))
	}
	require.ErrorContains(t, new(Type).UnmarshalText([]byte("MX")), `"MX" is no type of record`)
}

// TestRealServer: through a Client and over the network; nobody is lost by NXDOMAIN, SERVFAIL, a cut answer and silence, and
// five of fifteen are five, as the server says.
func TestRealServer(t *testing.T) {
	var records []string
	for i := range 15 {
		records = append(records, fmt.Sprintf("app.test. 0 IN A 10.0.0.%d", i+1))
	}
	server := dnstest.Start(t, records...)
	client := clientOf(server)
	client.Timeout = 100 * time.Millisecond
	r := strategytest.Run(t, &Strategy{Self: "go@h", Queries: []Query{{Name: "app.test"}}, Resolver: client, Interval: time.Millisecond})
	until := func(nodes int, reason Reason) {
		t.Helper()
		for range 1000 {
			set := r.Next()
			got := answered
			if failed := (*Error)(nil); errors.As(set.Partial, &failed) {
				require.Len(t, set.Nodes, 15)
				got = failed.Reason
			}
			if got == reason && len(set.Nodes) == nodes {
				return
			}
		}
		t.Fatalf("no set of %d nodes and reason %d", nodes, reason)
	}
	until(15, answered)
	for _, rcode := range []int{dns.RcodeNameError, dns.RcodeServerFailure, dns.RcodeRefused} {
		server.Fail(rcode)
		until(15, map[int]Reason{dns.RcodeNameError: ReasonNoName, dns.RcodeServerFailure: ReasonServer, dns.RcodeRefused: ReasonRefused}[rcode])
	}
	server.Handle(func(_, reply *dns.Msg, _ bool) *dns.Msg {
		reply.Truncated, reply.Answer = true, reply.Answer[:min(3, len(reply.Answer))]
		return reply
	})
	until(15, ReasonTruncated)
	server.Handle(func(_, _ *dns.Msg, _ bool) *dns.Msg { return nil })
	until(15, ReasonTimeout)
	server.Set(t, records[:5]...)
	server.Handle(nil)
	until(5, answered)
	server.Set(t, "app.test. 0 IN TXT \"nobody\"")
	until(0, answered)
}
