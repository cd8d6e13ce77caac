package kubernetes

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/strategy"
)

func TestName(t *testing.T) {
	v4 := endpoint{address: "10.1.2.3", hostname: "app-0", service: "web", namespace: "shop"}
	v6 := endpoint{address: "fd00:0:0::A", namespace: "shop"}
	domain := endpoint{address: "app-0.example.org", domain: true, hostname: "app-0", service: "web", namespace: "shop"}
	bare := endpoint{address: "10.1.2.3", namespace: "shop"}
	stray := endpoint{address: "10.1.2.3", hostname: "app-0", namespace: "shop"}
	for _, c := range []struct {
		mode            Mode
		service, domain string
		e               endpoint
		want            string // or what the error says, after "error: "
	}{
		{"", "", "", v4, "app@10.1.2.3"},
		{ModeIP, "other", "k8s.example", v4, "app@10.1.2.3"},
		{ModeIP, "", "", v6, "app@fd00::a"},
		{ModeIP, "", "", domain, "app@app-0.example.org"},
		{ModeIP, "", "", endpoint{address: "10.1.2"}, "error: ParseAddr"},
		{ModeIP, "", "", endpoint{address: "not one", domain: true}, "error: white space"},

		{ModeDNS, "", "", v4, "app@10-1-2-3.shop.pod.cluster.local"},
		{ModeDNS, "", "k8s.example", v4, "app@10-1-2-3.shop.pod.k8s.example"},
		{ModeDNS, "", "", v6, "app@fd00--a.shop.pod.cluster.local"},
		{ModeDNS, "", "", domain, "app@app-0.example.org"},
		{ModeDNS, "", "", endpoint{address: ""}, "error: ParseAddr"},

		{ModeHostname, "", "", v4, "app@app-0.web.shop.svc.cluster.local"},
		{ModeHostname, "", "k8s.example", v4, "app@app-0.web.shop.svc.k8s.example"},
		{ModeHostname, "other", "", v4, "app@app-0.other.shop.svc.cluster.local"},
		{ModeHostname, "", "", domain, "app@app-0.web.shop.svc.cluster.local"},
		{ModeHostname, "web", "", bare, "error: it has no hostname: give the pod one"},
		{ModeHostname, "", "", stray, "error: it belongs to no service"},
		{ModeHostname, "web", "", stray, "app@app-0.web.shop.svc.cluster.local"},
		{ModeHostname, "web", strings.Repeat("x", 250), stray, "error: too long"},
	} {
		s := &Strategy{Basename: "app", Mode: c.mode, Service: c.service, ClusterDomain: c.domain}
		name, err := s.name(c.e)
		if want, fails := strings.CutPrefix(c.want, "error: "); fails {
			require.ErrorContains(t, err, want, "%+v", c)
			continue
		}
		require.NoError(t, err, "%+v", c)
		require.Equal(t, c.want, name, "%+v", c)
	}
}

func TestNodes(t *testing.T) {
	ready := func(address, pod string) endpoint {
		return endpoint{address: address, pod: pod, namespace: "shop", ready: true, object: "EndpointSlice shop/x"}
	}
	unready := func(address, pod string) endpoint {
		e := ready(address, pod)
		e.ready = false
		return e
	}
	both := []endpoint{ready("fd00::1", "app-0"), ready("10.0.0.1", "app-0"), ready("fd00::2", "app-1"), ready("fd00::3", "")}
	for _, c := range []struct {
		what  string
		s     Strategy
		found []endpoint
		want  string
	}{
		{"nothing", Strategy{}, nil, ""},
		{"sorted, each once", Strategy{}, []endpoint{ready("10.0.0.2", ""), ready("10.0.0.1", "a"), ready("10.0.0.2", "b")}, "10.0.0.1 10.0.0.2"},
		{"ready only", Strategy{}, []endpoint{ready("10.0.0.1", ""), unready("10.0.0.2", "")}, "10.0.0.1"},
		{"ready somewhere", Strategy{}, []endpoint{unready("10.0.0.1", "a"), ready("10.0.0.1", "a")}, "10.0.0.1"},
		{"ready or not", Strategy{NotReady: true}, []endpoint{ready("10.0.0.1", ""), unready("10.0.0.2", "")}, "10.0.0.1 10.0.0.2"},
		{"both families", Strategy{}, both, "10.0.0.1 fd00::2 fd00::3"},
		{"the pod's first", Strategy{Lookup: LookupPods}, both[:2], "fd00::1"},
		{"IPv4", Strategy{Family: FamilyIPv4}, both, "10.0.0.1"},
		{"IPv6", Strategy{Family: FamilyIPv6}, both, "fd00::1 fd00::2 fd00::3"},
		{"other namespace", Strategy{}, []endpoint{ready("fd00::1", "a"), {address: "10.0.0.1", pod: "a", namespace: "x", ready: true}}, "10.0.0.1 fd00::1"},
	} {
		before := slices.Clone(c.found)
		c.s.Basename = "app"
		nodes, nameless := c.s.nodes(c.found)
		require.Empty(t, nameless, c.what)
		var hosts []string
		for _, n := range nodes {
			hosts = append(hosts, strings.TrimPrefix(n.Name, "app@"))
		}
		require.Equal(t, c.want, strings.Join(hosts, " "), c.what)
		require.Equal(t, before, c.found, c.what)
	}
}

// FuzzName: whatever is written into an object, what comes of it is a node name with our basename, or an error.
func FuzzName(f *testing.F) {
	f.Add("10.1.2.3", "app-0", "web", "shop", false, byte(0))
	f.Add("fd00::1%eth0", "a@b", "", "", true, byte(1))
	f.Add("::ffff:10.1.2.3", "a b", "x\n", "\xff", false, byte(2))
	f.Fuzz(func(t *testing.T, address, hostname, service, namespace string, domain bool, mode byte) {
		s := &Strategy{Basename: "app", Mode: []Mode{ModeIP, ModeDNS, ModeHostname}[mode%3]}
		e := endpoint{address: address, hostname: hostname, service: service, namespace: namespace, domain: domain, ready: true}
		nodes, nameless := s.nodes([]endpoint{e})
		require.Equal(t, 1, len(nodes)+len(nameless))
		for _, n := range nodes {
			require.NoError(t, strategy.CheckName(n.Name))
			require.True(t, strings.HasPrefix(n.Name, "app@"))
		}
	})
}
