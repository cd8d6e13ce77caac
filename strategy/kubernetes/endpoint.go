package kubernetes

import (
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
)

// endpoint is one address of the API's objects, with what is known of it.
type endpoint struct {
	address   string // an IP address; a domain name if domain is set
	domain    bool
	hostname  string // of the pod; may be empty
	service   string // that it belongs to; may be empty
	namespace string
	pod       string // which pod it is, to know several addresses of one; may be empty
	ready     bool
	object    string // "EndpointSlice default/app-x7k2", for people
}

// origin is where the endpoint came from, for people.
func (e *endpoint) origin() string {
	if e.ready {
		return e.object + " (ready)"
	}
	return e.object + " (not ready)"
}

// ofSlice returns the endpoints of an EndpointSlice that are not terminating.
func ofSlice(s *discovery.EndpointSlice) []endpoint {
	var found []endpoint
	for _, e := range s.Endpoints {
		if len(e.Addresses) == 0 || is(e.Conditions.Terminating, false) {
			continue
		}
		found = append(found, endpoint{
			address:   e.Addresses[0], // more of them would stand for the same
			domain:    s.AddressType == discovery.AddressTypeFQDN,
			hostname:  of(e.Hostname),
			service:   s.Labels[discovery.LabelServiceName],
			namespace: s.Namespace,
			pod:       target(e.TargetRef),
			ready:     is(e.Conditions.Ready, true), // unknown counts as ready
			object:    "EndpointSlice " + s.Namespace + "/" + s.Name,
		})
	}
	return found
}

// ofPod returns the addresses of a pod that is running and not terminating.
func ofPod(p *core.Pod) []endpoint {
	if p.Status.Phase != core.PodRunning || p.DeletionTimestamp != nil {
		return nil
	}
	ready := false
	for _, c := range p.Status.Conditions {
		ready = ready || c.Type == core.PodReady && c.Status == core.ConditionTrue
	}
	var found []endpoint
	for _, ip := range addresses(p) {
		found = append(found, endpoint{
			address:   ip,
			hostname:  p.Spec.Hostname,
			service:   p.Spec.Subdomain,
			namespace: p.Namespace,
			pod:       p.Name,
			ready:     ready,
			object:    "Pod " + p.Namespace + "/" + p.Name,
		})
	}
	return found
}

// addresses returns the addresses of a pod, the first one first.
func addresses(p *core.Pod) []string {
	if len(p.Status.PodIPs) == 0 && p.Status.PodIP != "" {
		return []string{p.Status.PodIP}
	}
	all := make([]string, len(p.Status.PodIPs))
	for i, ip := range p.Status.PodIPs {
		all[i] = ip.IP
	}
	return all
}

// target returns the pod that an endpoint says it is; empty if it does not say, as those do that people wrote.
func target(ref *core.ObjectReference) string {
	if ref == nil || ref.Kind != "Pod" {
		return ""
	}
	return ref.Name
}

// is returns *b, or unknown if b is nil.
func is(b *bool, unknown bool) bool {
	if b == nil {
		return unknown
	}
	return *b
}

func of(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
