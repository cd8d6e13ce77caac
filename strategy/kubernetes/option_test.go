package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/strategy"
)

func TestCheck(t *testing.T) {
	good := Strategy{Basename: "app", Selector: "app=shop,tier!=test"}
	require.NoError(t, good.Check())
	require.NoError(t, (&Strategy{Basename: "app", Service: "web", Lookup: LookupEndpoints, Mode: ModeDNS, Family: FamilyIPv6}).Check())
	for _, c := range []struct {
		change func(*Strategy)
		want   string
	}{
		{func(s *Strategy) { s.Basename = "" }, "there is no basename"},
		{func(s *Strategy) { s.Basename = "app@host" }, `basename "app@host": give only the part`},
		{func(s *Strategy) { s.Selector = "" }, "give labels such as app=shop, or a service"},
		{func(s *Strategy) { s.Selector, s.Service, s.Lookup = "", "web", LookupPods }, "give labels such as app=shop"},
		{func(s *Strategy) { s.Selector = "app in" }, `selector "app in"`},
		{func(s *Strategy) { s.Service = "Web" }, `service "Web" can't be one`},
		{func(s *Strategy) { s.Namespace = "a/b" }, `namespace "a/b" can't be one`},
		{func(s *Strategy) { s.ClusterDomain = "cluster.local." }, `cluster domain "cluster.local." can't be one`},
		{func(s *Strategy) { s.Lookup = "pod" }, `there is no lookup "pod": it is one of endpointslices, endpoints, pods`},
		{func(s *Strategy) { s.Mode = "name" }, `there is no mode "name": it is one of ip, dns, hostname`},
		{func(s *Strategy) { s.Family = "inet6" }, `there is no family "inet6": it is one of any, ipv4, ipv6`},
	} {
		s := good
		c.change(&s)
		require.ErrorContains(t, s.Check(), c.want)
		require.ErrorContains(t, s.Run(t.Context(), nil), c.want)
	}
	err := (&Strategy{}).Check()
	require.ErrorContains(t, err, "basename")
	require.ErrorContains(t, err, "selector", "all that is wrong")
	require.Equal(t, "kubernetes", strategy.Sources(&Strategy{})[0].Name)
}

// TestSelector: which objects are asked for.
func TestSelector(t *testing.T) {
	for _, c := range []struct {
		s    Strategy
		want selector
	}{
		{Strategy{Service: "web"}, selector{labels: "kubernetes.io/service-name=web"}},
		{Strategy{Selector: "a=b", Service: "web"}, selector{labels: "a=b"}},
		{Strategy{Service: "web", Lookup: LookupEndpoints}, selector{fields: "metadata.name=web"}},
		{Strategy{Selector: "a=b", Service: "web", Lookup: LookupEndpoints}, selector{labels: "a=b"}},
		{Strategy{Selector: "a=b", Lookup: LookupPods}, selector{labels: "a=b", fields: "status.phase=Running"}},
	} {
		require.Equal(t, c.want, c.s.selector())
	}
}
