package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"gonode/internal/dnstest"
)

// clientOf returns a client of the servers alone.
func clientOf(servers ...*dnstest.Server) *Client {
	c := &Client{ConfigFile: "/nonexistent", Timeout: 2 * time.Second, Attempts: 1}
	for _, s := range servers {
		c.Servers = append(c.Servers, s.Addr())
	}
	return c
}

// text is an answer in short.
func text(a Answer) string {
	var words []string
	for _, r := range a.Records {
		if r.Addr.IsValid() {
			words = append(words, r.Addr.String())
			continue
		}
		word := fmt.Sprintf("%s:%d", r.Target, r.Port)
		if len(r.Addrs) > 0 {
			word += fmt.Sprint(r.Addrs)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// failure returns the *Error of a look-up that fails.
func failure(t *testing.T, c *Client, name string, typ Type) *Error {
	t.Helper()
	a, err := c.Lookup(t.Context(), name, typ)
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.Empty(t, a.Records)
	return failed
}

func TestLookup(t *testing.T) {
	s := dnstest.Start(t,
		"app.test. 30 IN A 10.0.0.2", "app.test. 20 IN A 10.0.0.1", "app.test. 30 IN A 10.0.0.1",
		"app.test. 7 IN AAAA fd00::1",
		"_erlang._tcp.test. 60 IN SRV 20 5 9102 b.test.", "_erlang._tcp.test. 60 IN SRV 10 5 9101 a.test.",
		"www.test. 5 IN CNAME web.test.", "web.test. 60 IN CNAME app.test.",
		"v4only.test. 60 IN A 10.0.0.3",
		"away.test. 60 IN CNAME gone.test.",
		"loop.test. 60 IN CNAME pool.test.", "pool.test. 60 IN CNAME loop.test.")
	c := clientOf(s)
	for _, l := range []struct {
		name string
		t    Type
		want string
		ttl  time.Duration
	}{
		{"app.test", TypeA, "10.0.0.1 10.0.0.2", 20 * time.Second},
		{"APP.test.", TypeA, "10.0.0.1 10.0.0.2", 20 * time.Second},
		{"app.test", TypeAAAA, "fd00::1", 7 * time.Second},
		{"_erlang._tcp.test", TypeSRV, "a.test:9101 b.test:9102", time.Minute},
		{"www.test", TypeA, "10.0.0.1 10.0.0.2", 5 * time.Second},
		{"v4only.test", TypeAAAA, "", 0},
	} {
		a, err := c.Lookup(t.Context(), l.name, l.t)
		require.NoError(t, err, l.name)
		require.Equal(t, l.want, text(a), l.name)
		require.Equal(t, l.ttl, a.TTL, l.name)
		require.Equal(t, strings.TrimSuffix(l.name, "."), a.Name)
		require.NoError(t, a.Partial)
	}

	failed := failure(t, c, "ap.test", TypeA)
	require.Equal(t, ReasonNoName, failed.Reason)
	require.EqualError(t, failed, "dns: cannot look up A of ap.test at "+s.Addr()+
		": the name does not exist: check its spelling, its domain and its namespace")
	failed = failure(t, c, "away.test", TypeA)
	require.Equal(t, ReasonNoName, failed.Reason)
	require.ErrorContains(t, failed, "it is an alias of gone.test, which does not exist")
	failed = failure(t, c, "loop.test", TypeA)
	require.Equal(t, ReasonNonsense, failed.Reason)
	require.ErrorContains(t, failed, "circle")
}

// TestAliasesLeftToUs: a server that does not follow aliases is asked for the next name.
func TestAliasesLeftToUs(t *testing.T) {
	s := dnstest.Start(t, "a.test. 5 IN CNAME b.test.", "b.test. 60 IN CNAME c.test.", "c.test. 60 IN A 10.0.0.1")
	s.Handle(func(_, reply *dns.Msg, _ bool) *dns.Msg {
		reply.Answer = reply.Answer[:min(1, len(reply.Answer))]
		return reply
	})
	a, err := clientOf(s).Lookup(t.Context(), "a.test", TypeA)
	require.NoError(t, err)
	require.Equal(t, "10.0.0.1", text(a))
	require.Equal(t, 5*time.Second, a.TTL)
	require.Equal(t, []string{"A a.test.", "A b.test.", "A c.test."}, s.Asked())

	s.Handle(func(question, _ *dns.Msg, _ bool) *dns.Msg { // each name an alias of a longer one
		name := question.Question[0].Name
		reply := new(dns.Msg).SetReply(question)
		reply.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: "x." + name}}
		return reply
	})
	s.Asked()
	require.ErrorContains(t, failure(t, clientOf(s), "a.test", TypeA), "alias of an alias")
	require.Len(t, s.Asked(), maxAliases)
}

// TestAddressesComeAlong: what a server sends along spares us questions.
func TestAddressesComeAlong(t *testing.T) {
	s := dnstest.Start(t, "srv.test. 60 IN SRV 1 1 9100 a.test.", "srv.test. 60 IN SRV 1 1 9100 b.test.")
	s.Handle(func(_, reply *dns.Msg, _ bool) *dns.Msg {
		for _, text := range []string{"A.test. 60 IN A 10.0.0.1", "a.test. 60 IN AAAA fd00::1", "c.test. 60 IN A 10.6.6.6"} {
			rr, _ := dns.NewRR(text)
			reply.Extra = append(reply.Extra, rr)
		}
		return reply
	})
	a, err := clientOf(s).Lookup(t.Context(), "srv.test", TypeSRV)
	require.NoError(t, err)
	require.Equal(t, "a.test:9100[10.0.0.1 fd00::1] b.test:9100", text(a))
}

func TestSearch(t *testing.T) {
	s := dnstest.Start(t, "app.ns.svc.test. 60 IN A 10.0.0.1", "app.empty.test. 60 IN TXT \"x\"", "app. 60 IN A 10.0.0.3", "a.b. 60 IN A 10.0.0.4")
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	require.NoError(t, os.WriteFile(conf, []byte("nameserver 192.0.2.1\nsearch ns.svc.test svc.test\noptions ndots:2 timeout:1 attempts:3\n"), 0o600))
	c := &Client{Servers: []string{s.Addr()}, ConfigFile: conf}
	look := func(name string) string {
		a, err := c.Lookup(t.Context(), name, TypeA)
		require.NoError(t, err, name)
		return a.Name + " " + text(a)
	}
	require.Equal(t, "app.ns.svc.test 10.0.0.1", look("app"))
	require.Equal(t, "app 10.0.0.3", look("app."), "with a dot at the end it is the whole name")
	require.Equal(t, "a.b 10.0.0.4", look("a.b"), "search domains come first for a name of few dots")
	require.Equal(t, []string{"A app.ns.svc.test.", "A app.", "A a.b.ns.svc.test.", "A a.b.svc.test.", "A a.b."}, s.Asked())

	failed := failure(t, c, "typo", TypeA)
	require.Equal(t, ReasonNoName, failed.Reason)
	require.ErrorContains(t, failed, "tried typo.ns.svc.test. typo.svc.test. typo.")

	c.Search = []string{"empty.test", "ns.svc.test"}
	require.Equal(t, "app.empty.test ", look("app"), "the first name that exists, so that A and AAAA are of the same")

	// A server that fails must not send us to another domain.
	s.Asked()
	s.Fail(dns.RcodeServerFailure)
	require.Equal(t, ReasonServer, failure(t, c, "app", TypeA).Reason)
	require.Equal(t, []string{"A app.empty.test."}, slices.Compact(s.Asked()))
}

func TestRcodes(t *testing.T) {
	s := dnstest.Start(t)
	for rcode, want := range map[int]Reason{
		dns.RcodeServerFailure: ReasonServer, dns.RcodeRefused: ReasonRefused, dns.RcodeNameError: ReasonNoName,
		dns.RcodeFormatError: ReasonServer, dns.RcodeNotImplemented: ReasonServer, dns.RcodeNotAuth: ReasonServer,
	} {
		s.Fail(rcode)
		require.Equal(t, want, failure(t, clientOf(s), "app.test", TypeA).Reason, dns.RcodeToString[rcode])
	}
	s.Handle(func(question, _ *dns.Msg, _ bool) *dns.Msg { // points elsewhere
		reply := new(dns.Msg).SetReply(question)
		ns, _ := dns.NewRR("test. 60 IN NS ns.test.")
		reply.Ns = []dns.RR{ns}
		return reply
	})
	require.ErrorContains(t, failure(t, clientOf(s), "app.test", TypeA), "names other servers")
}

// TestNextServer: a server that fails, refuses or is not there leaves the question to the next, and the one that answered is
// asked first from then on.
func TestNextServer(t *testing.T) {
	bad, good := dnstest.Start(t), dnstest.Start(t, "app.test. 60 IN A 10.0.0.1")
	for _, rcode := range []int{dns.RcodeServerFailure, dns.RcodeRefused} {
		bad.Fail(rcode)
		bad.Asked()
		c := clientOf(bad, good)
		for range 3 {
			a, err := c.Lookup(t.Context(), "app.test", TypeA)
			require.NoError(t, err)
			require.Equal(t, "10.0.0.1", text(a))
		}
		require.Len(t, bad.Asked(), 1)
	}
	ln, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	c := &Client{ConfigFile: "/nonexistent", Servers: []string{ln.LocalAddr().String()}}
	failed := failure(t, c, "app.test", TypeA)
	require.Equal(t, ReasonUnreachable, failed.Reason)
	c.Servers = append(c.Servers, good.Addr())
	_, err = c.Lookup(t.Context(), "app.test", TypeA)
	require.NoError(t, err)
}

// TestOldServer: one that does not know EDNS.
func TestOldServer(t *testing.T) {
	s := dnstest.Start(t, "app.test. 60 IN A 10.0.0.1")
	s.Handle(func(question, reply *dns.Msg, _ bool) *dns.Msg {
		if question.IsEdns0() != nil {
			return &dns.Msg{MsgHdr: dns.MsgHdr{Id: question.Id, Response: true, Rcode: dns.RcodeFormatError}}
		}
		return reply
	})
	a, err := clientOf(s).Lookup(t.Context(), "app.test", TypeA)
	require.NoError(t, err)
	require.Equal(t, "10.0.0.1", text(a))
}

func many(n int) []string {
	var records []string
	for i := range n {
		records = append(records, fmt.Sprintf("app.test. 60 IN A 10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	return records
}

// TestTruncated: what does not fit into a packet is asked for over TCP; if that fails, there is no answer.
func TestTruncated(t *testing.T) {
	s := dnstest.Start(t, many(500)...)
	a, err := clientOf(s).Lookup(t.Context(), "app.test", TypeA)
	require.NoError(t, err)
	require.Len(t, a.Records, 500)
	require.Len(t, s.Asked(), 2)

	for name, c := range map[string]struct {
		over dnstest.Handler
		want Reason
	}{
		"TCP fails": {func(question, _ *dns.Msg, _ bool) *dns.Msg {
			return new(dns.Msg).SetRcode(question, dns.RcodeServerFailure)
		}, ReasonServer},
		"TCP cuts too": {func(_, reply *dns.Msg, _ bool) *dns.Msg {
			reply.Truncated, reply.Answer = true, reply.Answer[:5]
			return reply
		}, ReasonTruncated},
		"TCP hangs": {func(_, _ *dns.Msg, _ bool) *dns.Msg { return nil }, ReasonTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			s.Handle(func(question, reply *dns.Msg, tcp bool) *dns.Msg {
				if tcp {
					return c.over(question, reply, tcp)
				}
				reply.Truncated, reply.Answer = true, reply.Answer[:5]
				return reply
			})
			client := clientOf(s)
			client.Timeout = 200 * time.Millisecond
			failed := failure(t, client, "app.test", TypeA)
			require.Equal(t, c.want, failed.Reason, failed)
		})
	}
}

// TestTooMany: of an answer of thousands of records the first are taken, always the same.
func TestTooMany(t *testing.T) {
	s := dnstest.Start(t, many(3500)...)
	a, err := clientOf(s).Lookup(t.Context(), "app.test", TypeA)
	require.NoError(t, err)
	require.Len(t, a.Records, maxRecords)
	require.Equal(t, "10.0.0.0", a.Records[0].Addr.String())
	var failed *Error
	require.ErrorAs(t, a.Partial, &failed)
	require.Equal(t, ReasonTooMany, failed.Reason)
	require.ErrorContains(t, failed, "3500 records, the first 1000 are taken")
}

func TestTimeout(t *testing.T) {
	s := dnstest.Start(t)
	s.Handle(func(_, _ *dns.Msg, _ bool) *dns.Msg { return nil })
	c := clientOf(s)
	c.Timeout, c.Attempts = 50*time.Millisecond, 3
	begin := time.Now()
	failed := failure(t, c, "app.test", TypeA)
	require.True(t, failed.Timeout())
	require.GreaterOrEqual(t, time.Since(begin), 150*time.Millisecond)
	require.Len(t, s.Asked(), 3)

	c.Timeout = time.Hour
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("enough")) })
	_, err := c.Lookup(ctx, "app.test", TypeA)
	require.ErrorAs(t, err, &failed)
	require.Equal(t, ReasonCanceled, failed.Reason)
	require.ErrorContains(t, err, "enough")
}

// TestHostile: replies that are not ours are no answers.
func TestHostile(t *testing.T) {
	s := dnstest.Start(t, "app.test. 60 IN A 10.0.0.1", "evil.test. 60 IN A 10.6.6.6")
	evil := &dns.A{Hdr: dns.RR_Header{Name: "evil.test.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(10, 6, 6, 6)}
	for name, c := range map[string]struct {
		want Reason
		h    dnstest.Handler
	}{
		"wrong id": {ReasonTimeout, func(_, reply *dns.Msg, _ bool) *dns.Msg { reply.Id++; return reply }},
		"other name": {ReasonNonsense, func(_, reply *dns.Msg, _ bool) *dns.Msg {
			reply.Question[0].Name = "evil.test."
			return reply
		}},
		"other type": {ReasonNonsense, func(_, reply *dns.Msg, _ bool) *dns.Msg {
			reply.Question[0].Qtype = dns.TypeAAAA
			return reply
		}},
		"no question":    {ReasonNonsense, func(_, reply *dns.Msg, _ bool) *dns.Msg { reply.Question = nil; return reply }},
		"a question":     {ReasonNonsense, func(_, reply *dns.Msg, _ bool) *dns.Msg { reply.Response = false; return reply }},
		"other op":       {ReasonNonsense, func(_, reply *dns.Msg, _ bool) *dns.Msg { reply.Opcode = dns.OpcodeNotify; return reply }},
		"other's record": {answered, func(_, reply *dns.Msg, _ bool) *dns.Msg { reply.Answer = []dns.RR{evil}; return reply }},
	} {
		t.Run(name, func(t *testing.T) {
			s.Handle(c.h)
			client := clientOf(s)
			client.Timeout = 200 * time.Millisecond
			a, err := client.Lookup(t.Context(), "app.test", TypeA)
			require.Empty(t, a.Records)
			if c.want == answered {
				require.NoError(t, err)
				return
			}
			var failed *Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.want, failed.Reason, err)
		})
	}
}

// TestGarbage: bytes that are no message, from a server that is none.
func TestGarbage(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() { // ends when pc is closed
		defer close(done)
		b := make([]byte, 2000)
		for {
			_, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = pc.WriteTo(append(b[:2:2], strings.Repeat("\xff", 100)...), from)
		}
	}()
	c := &Client{ConfigFile: "/nonexistent", Servers: []string{pc.LocalAddr().String()}, Timeout: time.Second}
	require.Equal(t, ReasonNonsense, failure(t, c, "app.test", TypeA).Reason)
	pc.Close()
	<-done
}

func TestSettings(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	write := func(text string) { require.NoError(t, os.WriteFile(conf, []byte(text), 0o600)) }
	c := &Client{ConfigFile: conf}
	failed := failure(t, c, "app.test", TypeA)
	require.Equal(t, ReasonConfig, failed.Reason)
	require.ErrorIs(t, failed, os.ErrNotExist)

	write("# nothing\n")
	s, err := c.settings()
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1:53"}, s.Servers)
	require.Equal(t, maxTimeout, s.timeout)
	require.Equal(t, 2, s.Attempts)

	write("nameserver fd00::53\nnameserver 10.0.0.53\noptions timeout:1 attempts:100\nsearch a b\n")
	s, err = c.settings()
	require.NoError(t, err)
	require.Equal(t, []string{"[fd00::53]:53", "10.0.0.53:53"}, s.Servers)
	require.Equal(t, time.Second, s.timeout)
	require.Equal(t, maxAttempts, s.Attempts)
	require.Equal(t, []string{"x.a.", "x.b.", "x."}, s.names("x"))
	c.Search = []string{}
	s, err = c.settings()
	require.NoError(t, err)
	require.Equal(t, []string{"x."}, s.names("x"))
	require.Empty(t, s.names(strings.Repeat("x", 64)))

	write("nameserver example.org\n")
	require.ErrorContains(t, failure(t, c, "app.test", TypeA), "example.org")
	require.NoError(t, (&Client{Servers: []string{"10.0.0.1", "[fd00::1]", "fd00::1", "10.0.0.1:8600", "[fd00::1]:53"}}).Check())
	err = (&Client{Servers: []string{"10.0.0.1", "ns.test"}, Search: []string{"a..b"}, Timeout: -1, Attempts: 6}).Check()
	for _, want := range []string{`dns: Servers[1]: "ns.test" is no address`, `dns: Search[0]: "a..b"`, "dns: Timeout: -1ns", "dns: Attempts: 6"} {
		require.ErrorContains(t, err, want)
	}
}
