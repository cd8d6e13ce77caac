package dns_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"gonode/strategy"
	"gonode/strategy/dns"
)

// zone is a Resolver that knows one name.
type zone struct{}

func (zone) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	switch {
	case name != "app.internal":
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Reason: dns.ReasonNoName}
	case t == dns.TypeAAAA:
		return dns.Answer{TTL: time.Minute, Records: []dns.Record{{Addr: netip.MustParseAddr("fdaa::1")}, {Addr: netip.MustParseAddr("fdaa::2")}}}, nil
	}
	return dns.Answer{}, nil
}

func ExampleStrategy() {
	s := &dns.Strategy{
		Self:     "app@fdaa::1",
		Queries:  []dns.Query{{Name: "app.internal"}},
		Resolver: zone{}, // without it: the servers of resolv.conf
	}
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	done := make(chan error)
	go func() { done <- s.Run(ctx, out) }()
	for _, n := range (<-out).Nodes {
		fmt.Println(n.Name, "from", n.Origin)
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// app@fdaa::1 from AAAA record of app.internal
	// app@fdaa::2 from AAAA record of app.internal
	// context canceled
}

func ExampleKubernetes() {
	s, err := dns.Kubernetes{Service: "app", Namespace: "prod", ClusterDomain: "cluster.local", PortName: "dist", UsePort: true}.SRV()
	if err != nil {
		fmt.Println(err)
		return
	}
	s.Self = "app@app-0.app.prod.svc.cluster.local"
	fmt.Println(s, s.Queries[0], s.Check())

	_, err = dns.Kubernetes{}.DNS()
	fmt.Println(err)
	// Output:
	// kubernetes-dns-srv SRV records of _dist._tcp.app.prod.svc.cluster.local. <nil>
	// kubernetes-dns: Service: "" is not the name of a service: give the headless service of the nodes
}
