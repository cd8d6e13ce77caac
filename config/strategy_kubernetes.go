package config

import (
	"strings"

	"gonode/strategy"
	"gonode/strategy/kubernetes"
)

func kubernetesRecipe(env Env) recipe {
	s := &kubernetes.Strategy{Logger: env.Logger}
	return recipe{
		options: []option{
			one("basename", &s.Basename, text).named("node_basename", "kubernetes_node_basename").or("that of the node"),
			one("selector", &s.Selector, text).named("kubernetes_selector"),
			one("service", &s.Service, text).named("kubernetes_service_name"),
			one("namespace", &s.Namespace, text).named("kubernetes_namespace").or("the pod's own, or the kubeconfig's"),
			one("lookup", &s.Lookup, kindOf(kubernetes.LookupEndpointSlices, kubernetes.LookupEndpoints, kubernetes.LookupPods)).
				named("kubernetes_ip_lookup_mode").or("endpointslices"),
			one("mode", &s.Mode, kindOf(kubernetes.ModeIP, kubernetes.ModeDNS, kubernetes.ModeHostname)).or("ip"),
			one("family", &s.Family, kindOf(kubernetes.FamilyAny, kubernetes.FamilyIPv4, kubernetes.FamilyIPv6)).or("any"),
			one("not_ready", &s.NotReady, truth).or("false"),
			one("cluster_domain", &s.ClusterDomain, text).or(kubernetes.DefaultClusterDomain),
			path("kubeconfig", &s.Kubeconfig).or("in a pod its account, else what kubectl uses"),
			one("context", &s.Context, text).or("the kubeconfig's"),
			path("service_account", &s.ServiceAccount).named("kubernetes_service_account_path").or("/var/run/secrets/kubernetes.io/serviceaccount"),
		},
		done: func() (strategy.Strategy, error) {
			if s.Basename == "" {
				s.Basename, _, _ = strings.Cut(env.self(), "@")
			}
			return s, s.Check()
		},
	}
}
