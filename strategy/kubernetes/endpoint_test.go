package kubernetes

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestEndpointsOf: what is found in objects as the API server writes them, as "address origin hostname service pod".
func TestEndpointsOf(t *testing.T) {
	const meta = `"metadata": {"name": "x", "namespace": "ns", "labels": {"kubernetes.io/service-name": "web"}}, `
	for _, c := range []struct {
		what   string
		object runtime.Object
		json   string
		want   []string
	}{
		{"slice", &discovery.EndpointSlice{}, `"addressType": "IPv4", "endpoints": [
			{"addresses": ["10.0.0.1"], "conditions": {"ready": true, "serving": true, "terminating": false}, "hostname": "app-0",
			 "targetRef": {"kind": "Pod", "namespace": "ns", "name": "app-0"}},
			{"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
			{"addresses": ["10.0.0.3"], "conditions": {"ready": true, "terminating": true}},
			{"addresses": ["10.0.0.4", "10.0.0.5"], "conditions": {}, "targetRef": {"kind": "Node", "name": "n"}},
			{"addresses": []}]`, []string{
			"10.0.0.1 EndpointSlice ns/x (ready) app-0 web app-0",
			"10.0.0.2 EndpointSlice ns/x (not ready)  web ",
			"10.0.0.4 EndpointSlice ns/x (ready)  web ",
		}},
		{"empty slice", &discovery.EndpointSlice{}, `"addressType": "IPv4", "endpoints": null`, nil},
		{"endpoints", &endpointsObject{}, `"subsets": [
			{"addresses": [{"ip": "10.0.0.1", "hostname": "app-0", "targetRef": {"kind": "Pod", "name": "app-0"}}, {"ip": "10.0.0.2"}]},
			{"notReadyAddresses": [{"ip": "10.0.0.3"}]}]`, []string{
			"10.0.0.1 Endpoints ns/x (ready) app-0 x app-0",
			"10.0.0.2 Endpoints ns/x (ready)  x ",
			"10.0.0.3 Endpoints ns/x (not ready)  x ",
		}},
		{"no endpoints", &endpointsObject{}, `"subsets": null`, nil},
		{"pod", &core.Pod{}, `"spec": {"hostname": "app-0", "subdomain": "web"}, "status": {"phase": "Running",
			"conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}],
			"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}`, []string{
			"10.0.0.1 Pod ns/x (ready) app-0 web x",
			"fd00::1 Pod ns/x (ready) app-0 web x",
		}},
		{"pod that is not ready", &core.Pod{}, `"status": {"phase": "Running", "podIP": "10.0.0.1",
			"conditions": [{"type": "Ready", "status": "False"}]}`, []string{"10.0.0.1 Pod ns/x (not ready)   x"}},
		{"pod without address", &core.Pod{}, `"status": {"phase": "Running"}`, nil},
		{"pending pod", &core.Pod{}, `"status": {"phase": "Pending", "podIP": "10.0.0.1"}`, nil},
		{"pod that has ended", &core.Pod{}, `"status": {"phase": "Succeeded", "podIP": "10.0.0.1"}`, nil},
		{"pod that has failed", &core.Pod{}, `"status": {"phase": "Failed", "podIP": "10.0.0.1"}`, nil},
	} {
		require.NoError(t, json.Unmarshal([]byte("{"+meta+c.json+"}"), c.object), c.what)
		name, found, err := endpoints(c.object)
		require.NoError(t, err, c.what)
		require.Equal(t, "x", name, c.what)
		var got []string
		for _, e := range found {
			require.Equal(t, "ns", e.namespace, c.what)
			got = append(got, strings.Join([]string{e.address, e.origin(), e.hostname, e.service, e.pod}, " "))
		}
		require.Equal(t, c.want, got, c.what)
	}

	terminating := `{"metadata": {"name": "x", "deletionTimestamp": "2026-11-24T00:00:00Z"}, "status": {"phase": "Running", "podIP": "10.0.0.1"}}`
	pod := &core.Pod{}
	require.NoError(t, json.Unmarshal([]byte(terminating), pod))
	require.Empty(t, ofPod(pod))

	domain := &discovery.EndpointSlice{AddressType: discovery.AddressTypeFQDN, Endpoints: []discovery.Endpoint{{Addresses: []string{"a.b"}}}}
	require.True(t, ofSlice(domain)[0].domain)

	_, _, err := endpoints(&core.Secret{})
	require.ErrorContains(t, err, "*v1.Secret")
}
