package dns

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/internal/dnstest"
	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
)

func TestKubernetesNames(t *testing.T) {
	dir := t.TempDir()
	file, conf := filepath.Join(dir, "namespace"), filepath.Join(dir, "resolv.conf")
	require.NoError(t, os.WriteFile(file, []byte("prod\n"), 0o600))
	require.NoError(t, os.WriteFile(conf, []byte("search prod.svc.corp.test svc.corp.test corp.test\n"), 0o600))
	for want, k := range map[string]Kubernetes{
		"app.ns.svc.cluster.local.":              {Service: "app", Namespace: "ns", NamespaceFile: file},
		"app.prod.svc.cluster.local.":            {Service: "app", NamespaceFile: file},
		"app.prod.svc.k8s.example.org.":          {Service: "app", NamespaceFile: file, ClusterDomain: "k8s.example.org."},
		"app.prod.svc.corp.test.":                {Service: "app", NamespaceFile: file, ConfigFile: conf},
		"app.prod.svc.other.test.":               {Service: "app", NamespaceFile: file, ConfigFile: conf, ClusterDomain: "other.test"},
		"app":                                    {Service: "app", NamespaceFile: "/nonexistent"},
		"_erlang._tcp.app.ns.svc.cluster.local.": {Service: "app", Namespace: "ns", PortName: "erlang", UsePort: true},
	} {
		k.ConfigFile = cmp.Or(k.ConfigFile, "/nonexistent")
		s, err := k.SRV()
		require.NoError(t, err)
		require.Equal(t, []Query{{Name: want, Type: TypeSRV, UsePort: k.UsePort}}, s.Queries)
		require.Equal(t, "kubernetes-dns-srv", s.String())
		if k.PortName == "" {
			s, err = k.DNS()
			require.NoError(t, err)
			require.Equal(t, []Query{{Name: want}}, s.Queries)
			require.Equal(t, "kubernetes-dns", s.String())
		}
	}
	for want, k := range map[string]Kubernetes{
		`kubernetes-dns-srv: Service: "" is not`:        {},
		`kubernetes-dns-srv: Service: "app.ns" is not`:  {Service: "app.ns"},
		`kubernetes-dns-srv: Namespace: "a.b"`:          {Service: "app", Namespace: "a.b"},
		`kubernetes-dns-srv: Basename: "a@b"`:           {Service: "app", Basename: "a@b"},
		`kubernetes-dns-srv: ClusterDomain: "a..b" has`: {Service: "app", ClusterDomain: "a..b"},
		`kubernetes-dns-srv: PortName: "a.b"`:           {Service: "app", PortName: "a.b"},
		"kubernetes-dns-srv: UsePort: needs PortName":   {Service: "app", UsePort: true},
	} {
		_, err := k.SRV()
		require.ErrorContains(t, err, want)
		var field *strategy.FieldError
		require.ErrorAs(t, err, &field)
	}
}

// TestLibclusterDefect3: with another domain of the cluster, names and questions both have it. The records are as CoreDNS
// makes them for a headless service.
func TestLibclusterDefect3(t *testing.T) {
	server := dnstest.Start(t,
		"app.ns.svc.k8s.test. 30 IN A 10.1.0.1", "app.ns.svc.k8s.test. 30 IN A 10.1.0.2",
		"app.ns.svc.k8s.test. 30 IN SRV 0 50 4369 app-0.app.ns.svc.k8s.test.",
		"app.ns.svc.k8s.test. 30 IN SRV 0 50 9100 app-0.app.ns.svc.k8s.test.",
		"app.ns.svc.k8s.test. 30 IN SRV 0 50 4369 10-1-0-2.app.ns.svc.k8s.test.",
		"_dist._tcp.app.ns.svc.k8s.test. 30 IN SRV 0 50 9100 app-0.app.ns.svc.k8s.test.",
		"app-0.app.ns.svc.k8s.test. 30 IN A 10.1.0.1",
		"10-1-0-2.app.ns.svc.k8s.test. 30 IN A 10.1.0.2")
	k := Kubernetes{Service: "app", Namespace: "ns", ClusterDomain: "k8s.test", Basename: "app"}
	run := func(s *Strategy, err error) string {
		t.Helper()
		require.NoError(t, err)
		s.Resolver, s.Interval = clientOf(server), time.Hour
		r := strategytest.Run(t, s)
		defer r.Stop()
		return r.Text()
	}
	require.Equal(t, "app@10.1.0.1 app@10.1.0.2", run(k.DNS()))
	require.Equal(t, "app@10-1-0-2.app.ns.svc.k8s.test app@app-0.app.ns.svc.k8s.test", run(k.SRV()))
	k.PortName, k.UsePort = "dist", true
	require.Equal(t, "app@app-0.app.ns.svc.k8s.test=10.1.0.1:9100", run(k.SRV()))
}
