package kubernetes

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"gonode/strategy"
)

// nodes returns the nodes of endpoints, sorted, each once, and what keeps others from having a name.
func (s *Strategy) nodes(found []endpoint) (nodes []strategy.Node, nameless []error) {
	for _, e := range s.taken(found) {
		name, err := s.name(e)
		if err != nil {
			nameless = append(nameless, fmt.Errorf("%s of %s: %w", e.address, e.object, err))
			continue
		}
		nodes = append(nodes, strategy.Node{Name: name, Origin: e.origin()})
	}
	slices.SortFunc(nodes, func(a, b strategy.Node) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Origin, b.Origin))
	})
	nodes = slices.CompactFunc(nodes, func(a, b strategy.Node) bool { return a.Name == b.Name })
	return nodes, nameless
}

// taken returns the endpoints that are ready enough and of the right family: of each pod those of one family.
func (s *Strategy) taken(found []endpoint) []endpoint {
	families := map[string]Family{} // of pods; with FamilyAny only
	wanted := func(e *endpoint) Family {
		if s.family() != FamilyAny || e.pod == "" {
			return s.family()
		}
		return families[e.namespace+"/"+e.pod]
	}
	for _, e := range found {
		key := e.namespace + "/" + e.pod
		switch {
		case families[key] == "":
			families[key] = e.family()
		case s.lookup() != LookupPods && e.family() == FamilyIPv4: // slices have no first address
			families[key] = FamilyIPv4
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(e endpoint) bool {
		want := wanted(&e)
		return !e.ready && !s.NotReady || want != FamilyAny && e.family() != want
	})
}

// family returns the family of the endpoint's address; FamilyAny if it is none.
func (e *endpoint) family() Family {
	ip, err := netip.ParseAddr(e.address)
	switch {
	case err != nil:
		return FamilyAny
	case ip.Unmap().Is4():
		return FamilyIPv4
	}
	return FamilyIPv6
}

// name returns the name of the node at an endpoint.
func (s *Strategy) name(e endpoint) (strategy.Name, error) {
	host, err := s.host(e)
	if err != nil {
		return "", err
	}
	name := s.Basename + "@" + host
	return name, strategy.CheckName(name)
}

func (s *Strategy) host(e endpoint) (string, error) {
	mode := s.mode()
	if mode == ModeHostname {
		return s.hostname(e)
	}
	if e.domain {
		return e.address, nil // it is a name already
	}
	ip, err := netip.ParseAddr(e.address)
	if err != nil {
		return "", err
	}
	if mode == ModeIP {
		return ip.String(), nil
	}
	label := strings.NewReplacer(".", "-", ":", "-").Replace(ip.String())
	return strings.Join([]string{label, e.namespace, "pod", s.domain()}, "."), nil
}

// hostname returns the name that the cluster's DNS has for a pod of a headless service.
func (s *Strategy) hostname(e endpoint) (string, error) {
	service := cmp.Or(s.Service, e.service)
	switch {
	case e.hostname == "":
		return "", errors.New("it has no hostname: give the pod one (spec.hostname and spec.subdomain, as a StatefulSet does), or use mode ip or dns")
	case service == "":
		return "", errors.New("it belongs to no service: give the service, or use mode ip or dns")
	}
	return strings.Join([]string{e.hostname, service, e.namespace, "svc", s.domain()}, "."), nil
}
