package config

import (
	"errors"
	"fmt"

	"gonode/strategy"
	"gonode/strategy/dns"
)

// maxQueries bounds the queries of one topology: all are asked at each interval.
const maxQueries = 100

func dnsRecipe(env Env) recipe {
	s := &dns.Strategy{Self: env.self(), Logger: env.Logger}
	var q dns.Query
	var more []dns.Query
	d := &dnsOptions{strategy: s}
	return recipe{
		options: append([]option{
			one("query", &q.Name, text).of("Queries[0].Name", ""),
			one("type", &q.Type, recordType).of("Queries[0].Type", "address"),
			one("use_port", &q.UsePort, truth).of("Queries[0].UsePort", "false"),
			one("by_address", &q.ByAddress, truth).of("Queries[0].ByAddress", "false"),
			each("queries", "Queries", func(i int) []option {
				more = append(more, dns.Query{})
				return queryOptions(&more[i])
			}),
			one("basename", &s.Basename, text).of("Basename", "that of the node").named("node_basename"),
		}, d.options()...),
		done: func() (strategy.Strategy, error) {
			switch {
			case q != dns.Query{} && len(more) > 0:
				return nil, errors.New("has both query and queries: give query for one name, or queries for a list")
			case len(more) > maxQueries:
				return nil, fmt.Errorf("has %d queries: want at most %d", len(more), maxQueries)
			case len(more) > 0:
				s.Queries = more
			default:
				s.Queries = []dns.Query{q}
			}
			return d.done()
		},
	}
}

func queryOptions(q *dns.Query) []option {
	return []option{
		one("name", &q.Name, text).of("Name", ""),
		one("type", &q.Type, recordType).of("Type", "address"),
		one("basename", &q.Basename, text).of("Basename", ""),
		one("use_port", &q.UsePort, truth).of("UsePort", "false"),
		one("by_address", &q.ByAddress, truth).of("ByAddress", "false"),
	}
}

func recordType(s string) (dns.Type, error) {
	var t dns.Type
	if err := t.UnmarshalText([]byte(s)); err != nil {
		return t, errors.New("want address (A and AAAA), A, AAAA or SRV")
	}
	return t, nil
}

// dnsOptions are those of all strategies that ask the DNS.
type dnsOptions struct {
	strategy *dns.Strategy
	client   dns.Client
}

func (d *dnsOptions) options() []option {
	s, c := d.strategy, &d.client
	return []option{
		one("interval", &s.Interval, period).of("Interval", "5s"),
		one("min_interval", &s.MinInterval, period).of("MinInterval", "1s"),
		one("max_interval", &s.MaxInterval, period).of("MaxInterval", "interval"),
		some("servers", &c.Servers, text).of("Servers", "those of resolv.conf"),
		someOrNone("search", &c.Search).of("Search", "those of resolv.conf"),
		path("resolv_conf", &c.ConfigFile).of("ConfigFile", "/etc/resolv.conf"),
		one("timeout", &c.Timeout, period).of("Timeout", "2s"),
		one("attempts", &c.Attempts, from(1, 5)).of("Attempts", "2"),
	}
}

func (d *dnsOptions) done() (strategy.Strategy, error) {
	d.strategy.Resolver = &d.client
	return d.strategy, errors.Join(d.strategy.Check(), d.client.Check())
}

func kubernetesDNSRecipe(env Env) recipe { return kubernetesService(env, false) }

func kubernetesSRVRecipe(env Env) recipe { return kubernetesService(env, true) }

// kubernetesService is a headless service, with the records of its ports if srv is set.
func kubernetesService(env Env, srv bool) recipe {
	k := &dns.Kubernetes{}
	d := &dnsOptions{strategy: &dns.Strategy{}}
	options := []option{
		one("service", &k.Service, text).of("Service", ""),
		one("namespace", &k.Namespace, text).of("Namespace", "the pod's own"),
		path("namespace_file", &k.NamespaceFile).of("NamespaceFile", dns.DefaultNamespaceFile),
		one("basename", &k.Basename, text).of("Basename", "that of the node").named("application_name"),
		one("cluster_domain", &k.ClusterDomain, text).of("ClusterDomain", "that of resolv.conf, or "+dns.DefaultClusterDomain),
	}
	make := dns.Kubernetes.DNS
	if srv {
		make = dns.Kubernetes.SRV
		options = append(options,
			one("port_name", &k.PortName, text).of("PortName", "all ports"),
			one("use_port", &k.UsePort, truth).of("UsePort", "false"))
	}
	return recipe{
		options: append(options, d.options()...),
		done: func() (strategy.Strategy, error) {
			k.ConfigFile = d.client.ConfigFile
			s, err := make(*k)
			if err != nil {
				return nil, err
			}
			s.Self, s.Logger = env.self(), env.Logger
			s.Interval, s.MinInterval, s.MaxInterval = d.strategy.Interval, d.strategy.MinInterval, d.strategy.MaxInterval
			d.strategy = s
			return d.done()
		},
	}
}
