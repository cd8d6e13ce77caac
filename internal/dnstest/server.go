package dnstest

import (
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// TB is what of *testing.T is used, so that the package does not import package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Handler answers a question in place of the server. reply is the server's own answer, which it may change; nil is
// silence. tcp is how the question came.
type Handler func(question, reply *dns.Msg, tcp bool) *dns.Msg

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	addr string

	mu      sync.Mutex
	records map[string][]dns.RR // by canonical name
	handler Handler
	asked   []string // "A name", in their order
}

// Start starts a server with the given records, lines of a zone file such as "app.test. 30 IN A 10.0.0.1". It ends with the
// test.
func Start(t TB, records ...string) *Server {
	t.Helper()
	s := &Server{}
	s.Set(t, records...)
	pc, ln := listen(t)
	s.addr = pc.LocalAddr().String()
	var running sync.WaitGroup
	t.Cleanup(running.Wait) // after those below
	for _, server := range []*dns.Server{{PacketConn: pc, Handler: s.part(false)}, {Listener: ln, Handler: s.part(true)}} {
		server.ReadTimeout = time.Second
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		running.Go(func() { _ = server.ActivateAndServe() }) // ends in the cleanup
		<-started
		t.Cleanup(func() {
			if err := server.Shutdown(); err != nil {
				t.Fatalf("stop the DNS server: %v", err)
			}
		})
	}
	return s
}

// listen listens for UDP and TCP on one port.
func listen(t TB) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("%v", err)
		}
		if pc, err := net.ListenPacket("udp", ln.Addr().String()); err == nil {
			return pc, ln
		}
		ln.Close()
	}
	t.Fatalf("found no port that is free for UDP and TCP")
	return nil, nil
}

// Addr returns host:port.
func (s *Server) Addr() string { return s.addr }

// Set replaces the records.
func (s *Server) Set(t TB, records ...string) {
	t.Helper()
	all := make(map[string][]dns.RR)
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil || rr == nil {
			t.Fatalf("%q is no record: %v", text, err)
			return
		}
		owner := dns.CanonicalName(rr.Header().Name)
		all[owner] = append(all[owner], rr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = all
}

// Handle lets h answer; nil ends that.
func (s *Server) Handle(h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
}

// Fail answers all questions with a code, such as dns.RcodeServerFailure, and no records.
func (s *Server) Fail(rcode int) {
	s.Handle(func(question, _ *dns.Msg, _ bool) *dns.Msg { return new(dns.Msg).SetRcode(question, rcode) })
}

// Asked returns the questions since the last call, each as "A name".
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// part answers what comes over UDP or TCP.
func (s *Server) part(tcp bool) dns.HandlerFunc {
	return func(w dns.ResponseWriter, question *dns.Msg) {
		if reply := s.answer(question, tcp); reply != nil {
			_ = w.WriteMsg(reply) // who asked may be gone
		}
	}
}

func (s *Server) answer(question *dns.Msg, tcp bool) *dns.Msg {
	s.mu.Lock()
	q := question.Question[0]
	s.asked = append(s.asked, dns.TypeToString[q.Qtype]+" "+q.Name)
	reply, handler := s.lookup(question, q), s.handler
	s.mu.Unlock()
	size := dns.MinMsgSize
	if opt := question.IsEdns0(); opt != nil {
		size = int(opt.UDPSize())
	}
	if handler != nil {
		return handler(question, reply, tcp)
	}
	if !tcp {
		reply.Truncate(size)
	}
	return reply
}

// lookup makes the answer of the records, aliases followed.
func (s *Server) lookup(question *dns.Msg, q dns.Question) *dns.Msg {
	reply := new(dns.Msg).SetReply(question)
	reply.Authoritative = true
	reply.Compress = true
	owner := dns.CanonicalName(q.Name)
	for range 20 {
		records, exists := s.records[owner]
		if !exists {
			reply.Rcode = dns.RcodeNameError
			return reply
		}
		next := ""
		for _, rr := range records {
			if alias, ok := rr.(*dns.CNAME); ok {
				next = dns.CanonicalName(alias.Target)
				reply.Answer = append(reply.Answer, rr)
			} else if rr.Header().Rrtype == q.Qtype {
				reply.Answer = append(reply.Answer, rr)
			}
		}
		if next == "" {
			return reply
		}
		owner = next
	}
	return reply
}
