package kubernetes

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Lookup says in which objects of the API endpoints are looked for.
type Lookup string

// The lookups.
const (
	LookupEndpointSlices Lookup = "endpointslices" // the default: what Kubernetes keeps of the endpoints of a service
	LookupEndpoints      Lookup = "endpoints"      // the older form of the same, where only that may be read
	LookupPods           Lookup = "pods"           // the pods themselves; no service is needed
)

// Mode says how the name of a node is made of an endpoint.
type Mode string

// The modes, with the name of a node that runs in pod app-0 at 10.1.2.3, in namespace shop and service web.
const (
	ModeIP       Mode = "ip"       // app@10.1.2.3: the default
	ModeDNS      Mode = "dns"      // app@10-1-2-3.shop.pod.cluster.local
	ModeHostname Mode = "hostname" // app@app-0.web.shop.svc.cluster.local: for the pods of a StatefulSet
)

// Family says which address to take of an endpoint that has some of IPv4 and some of IPv6.
type Family string

// The families.
const (
	FamilyAny  Family = "any"  // the default: a pod's first address; of EndpointSlices of both families, that of IPv4
	FamilyIPv4 Family = "ipv4" // that of IPv4; endpoints without one have no node
	FamilyIPv6 Family = "ipv6" // that of IPv6
)

// Check returns what is wrong with the options, all of it; nil if they will do. It asks nobody.
func (s *Strategy) Check() error {
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf("kubernetes: "+format, args...)) }
	switch {
	case s.Basename == "":
		complain("there is no basename: give the part of the nodes' names before the @")
	case strings.ContainsAny(s.Basename, "@ \t\r\n"):
		complain("basename %q: give only the part of the nodes' names before the @", s.Basename)
	}
	if s.Selector == "" && (s.Service == "" || s.lookup() == LookupPods) {
		complain("there is no selector: give labels such as app=shop%s", orService(s.lookup()))
	}
	if _, err := labels.Parse(s.Selector); err != nil {
		complain("selector %q: %w: write labels such as app=shop,tier!=test", s.Selector, err)
	}
	for _, o := range []struct{ name, value string }{
		{"service", s.Service}, {"namespace", s.Namespace}, {"cluster domain", s.ClusterDomain},
	} {
		if o.value == "" {
			continue
		}
		if bad := validation.IsDNS1123Subdomain(o.value); len(bad) > 0 {
			complain("%s %q can't be one: %s", o.name, o.value, strings.Join(bad, "; "))
		}
	}
	oneOf(complain, "lookup", s.lookup(), LookupEndpointSlices, LookupEndpoints, LookupPods)
	oneOf(complain, "mode", s.mode(), ModeIP, ModeDNS, ModeHostname)
	oneOf(complain, "family", s.family(), FamilyAny, FamilyIPv4, FamilyIPv6)
	return errors.Join(wrong...)
}

func orService(l Lookup) string {
	if l == LookupPods {
		return ""
	}
	return ", or a service"
}

// oneOf complains about a value that is none of those that would do.
func oneOf[T ~string](complain func(string, ...any), what string, value T, good ...T) {
	names := make([]string, len(good))
	for i, g := range good {
		if value == g {
			return
		}
		names[i] = string(g)
	}
	complain("there is no %s %q: it is one of %s", what, value, strings.Join(names, ", "))
}

func (s *Strategy) lookup() Lookup { return orDefault(s.Lookup, LookupEndpointSlices) }
func (s *Strategy) mode() Mode     { return orDefault(s.Mode, ModeIP) }
func (s *Strategy) family() Family { return orDefault(s.Family, FamilyAny) }
func (s *Strategy) domain() string { return orDefault(s.ClusterDomain, DefaultClusterDomain) }

func orDefault[T ~string](value, def T) T {
	if value == "" {
		return def
	}
	return value
}
