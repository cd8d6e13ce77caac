package kubernetes

//lint:file-ignore SA1019 Endpoints are for those who may read nothing else, and for servers that have nothing else.

import core "k8s.io/api/core/v1"

// The objects of LookupEndpoints, deprecated since Kubernetes 1.33.
type (
	endpointsObject = core.Endpoints
	endpointsList   = core.EndpointsList
)

// ofEndpoints returns the endpoints of an Endpoints object, which has none that are terminating.
func ofEndpoints(o *endpointsObject) []endpoint {
	var found []endpoint
	add := func(addresses []core.EndpointAddress, ready bool) {
		for _, a := range addresses {
			found = append(found, endpoint{
				address:   a.IP,
				hostname:  a.Hostname,
				service:   o.Name,
				namespace: o.Namespace,
				pod:       target(a.TargetRef),
				ready:     ready,
				object:    "Endpoints " + o.Namespace + "/" + o.Name,
			})
		}
	}
	for _, s := range o.Subsets {
		add(s.Addresses, true)
		add(s.NotReadyAddresses, false)
	}
	return found
}
