//go:build linux

package kubernetes

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/strategy/kubernetes"
)

const (
	sliceVersion = "discovery.k8s.io/v1"
	slice        = "EndpointSlice"
)

// applySlice writes an EndpointSlice of service web. labels and endpoints are in YAML, one line each.
func applySlice(t *testing.T, namespace, name, labels, endpoints string) {
	t.Helper()
	apply(t, `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: %s
  namespace: %s
  labels: {kubernetes.io/service-name: web, %s}
addressType: IPv4
endpoints: [%s]
ports: [{name: epmd, port: 4369}]
`, name, namespace, labels, endpoints)
}

func TestEndpointSlices(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	s.Kubeconfig = kubeconfig(t, ns, s)
	w, _ := watch(t, s)
	w.wants(t, "") // nothing there, but it is known to be so

	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1], conditions: {ready: true}}, {addresses: [10.244.0.2]}")
	set := w.wants(t, "app@10.244.0.1 app@10.244.0.2")
	require.Equal(t, "EndpointSlice "+ns+"/a (ready)", set.Nodes[0].Origin)
	require.Empty(t, set.Nodes[0].Address)

	applySlice(t, ns, "b", "a: b", "{addresses: [10.244.0.3], conditions: {ready: false}}, {addresses: [10.244.0.2]}")
	applySlice(t, ns, "c", "a: b", "{addresses: [10.244.0.4]}")
	w.wants(t, "app@10.244.0.1 app@10.244.0.2 app@10.244.0.4") // not ready; twice
	applySlice(t, ns, "b", "a: b", "{addresses: [10.244.0.3], conditions: {ready: true}}")
	w.wants(t, "app@10.244.0.1 app@10.244.0.2 app@10.244.0.3 app@10.244.0.4")
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1], conditions: {ready: true, serving: true, terminating: true}}")
	w.wants(t, "app@10.244.0.3 app@10.244.0.4")
	patch(t, sliceVersion, slice, ns, "c", `{"metadata": {"labels": {"kubernetes.io/service-name": "other"}}}`)
	w.wants(t, "app@10.244.0.3")
	patch(t, sliceVersion, slice, ns, "c", `{"metadata": {"labels": {"kubernetes.io/service-name": "web"}}}`)
	w.wants(t, "app@10.244.0.3 app@10.244.0.4")
	remove(t, sliceVersion, slice, ns, "b")
	w.wants(t, "app@10.244.0.4")
	remove(t, sliceVersion, slice, ns, "c")
	w.wants(t, "")
}

// TestNothingStays: with Run, all goroutines and connections end.
func TestNothingStays(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	s.Kubeconfig = kubeconfig(t, ns, s)
	before := goleak.IgnoreCurrent()
	w, stop := watch(t, s)
	w.wants(t, "")
	stop()
	goleak.VerifyNone(t, before)
}

func TestSelectorAndNotReady(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Selector: "tier in (a, b),!test", NotReady: true, Namespace: ns}
	s.Kubeconfig = kubeconfig(t, ns, s)
	applySlice(t, ns, "a", "tier: a", "{addresses: [10.244.0.1], conditions: {ready: false}}")
	applySlice(t, ns, "b", "tier: b, test: please", "{addresses: [10.244.0.2]}")
	applySlice(t, ns, "c", "tier: c", "{addresses: [10.244.0.3]}")
	applySlice(t, ns, "d", "tier: a", "{addresses: [10.244.0.4], conditions: {ready: false, terminating: true}}")
	w, _ := watch(t, s)
	set := w.wants(t, "app@10.244.0.1")
	require.Equal(t, "EndpointSlice "+ns+"/a (not ready)", set.Nodes[0].Origin)
	applySlice(t, ns, "c", "tier: b", "{addresses: [10.244.0.3]}")
	w.wants(t, "app@10.244.0.1 app@10.244.0.3")
}

// TestEndpoints: the older objects, with addresses that no controller wrote (they have no targetRef) among them.
func TestEndpoints(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web", Lookup: kubernetes.LookupEndpoints}
	s.Kubeconfig = kubeconfig(t, ns, s)
	write := func(name, subset string) {
		apply(t, "{apiVersion: v1, kind: Endpoints, metadata: {name: %s, namespace: %s, labels: {a: b}}, subsets: [{%s, "+
			"ports: [{name: epmd, port: 4369}]}]}", name, ns, subset)
	}
	w, _ := watch(t, s)
	write("web", "addresses: [{ip: 10.244.0.1, targetRef: {kind: Pod, name: app-0, namespace: "+ns+"}}, {ip: 10.244.0.2}], "+
		"notReadyAddresses: [{ip: 10.244.0.3}]")
	write("other", "addresses: [{ip: 10.244.0.9}]")
	set := w.wants(t, "app@10.244.0.1 app@10.244.0.2")
	require.Equal(t, "Endpoints "+ns+"/web (ready)", set.Nodes[1].Origin)
	write("web", "addresses: [{ip: 10.244.0.3}]")
	w.wants(t, "app@10.244.0.3")
	remove(t, "v1", "Endpoints", ns, "web")
	w.wants(t, "")

	labelled := *s
	labelled.Service, labelled.Selector = "", "a=b"
	w, _ = watch(t, &labelled)
	w.wants(t, "app@10.244.0.9")
	apply(t, "{apiVersion: v1, kind: Endpoints, metadata: {name: other, namespace: %s, labels: {a: c}}}", ns)
	w.wants(t, "")
}

// applyPod writes a pod of StatefulSet app in service web, on a node.
func applyPod(t *testing.T, namespace, name, labels string) {
	t.Helper()
	apply(t, `
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: %[2]s, labels: {%[3]s}}
spec:
  serviceAccountName: node
  nodeName: somewhere
  hostname: %[1]s
  subdomain: web
  containers: [{name: app, image: none}]
`, name, namespace, labels)
}

// podStatus says that a pod is in a phase, ready or not, with addresses.
func podStatus(t *testing.T, namespace, name, phase, ready, ips string) {
	t.Helper()
	patch(t, "v1", "Pod", namespace, name, fmt.Sprintf(`{"status": {"phase": %q, "conditions": [{"type": "Ready", "status": %q}], "podIPs": [%s]}}`,
		phase, ready, ips), "status")
}

// TestPods: only pods that are running and not terminating have nodes, whatever addresses others have.
func TestPods(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Selector: "app=web", Lookup: kubernetes.LookupPods}
	s.Kubeconfig = kubeconfig(t, ns, s)
	w, _ := watch(t, s)
	w.wants(t, "")
	unready := *s
	unready.NotReady = true
	u, _ := watch(t, &unready)

	for i, phase := range []string{"Running", "Running", "Pending", "Succeeded", "Failed"} {
		name := fmt.Sprintf("app-%d", i)
		applyPod(t, ns, name, "app: web")
		ready := "True"
		if i == 1 {
			ready = "False"
		}
		podStatus(t, ns, name, phase, ready, fmt.Sprintf(`{"ip": "10.244.0.%d"}`, i))
	}
	applyPod(t, ns, "noise", "app: other")
	podStatus(t, ns, "noise", "Running", "True", `{"ip": "10.244.0.9"}`)
	set := w.wants(t, "app@10.244.0.0")
	require.Equal(t, "Pod "+ns+"/app-0 (ready)", set.Nodes[0].Origin)
	set = u.wants(t, "app@10.244.0.0 app@10.244.0.1")
	require.Equal(t, "Pod "+ns+"/app-1 (not ready)", set.Nodes[1].Origin)

	podStatus(t, ns, "app-1", "Running", "True", `{"ip": "10.244.0.1"}`)
	podStatus(t, ns, "app-2", "Running", "True", `{"ip": "10.244.0.2"}`)
	w.wants(t, "app@10.244.0.0 app@10.244.0.1 app@10.244.0.2")
	podStatus(t, ns, "app-0", "Failed", "False", `{"ip": "10.244.0.0"}`)
	w.wants(t, "app@10.244.0.1 app@10.244.0.2")
	patch(t, "v1", "Pod", ns, "app-1", `{"metadata": {"labels": {"app": "other"}}}`)
	w.wants(t, "app@10.244.0.2")
	patch(t, "v1", "Pod", ns, "app-1", `{"metadata": {"labels": {"app": "web"}}}`)
	w.wants(t, "app@10.244.0.1 app@10.244.0.2")

	terminate(t, ns, "app-1")
	w.wants(t, "app@10.244.0.2")
	u.wants(t, "app@10.244.0.2")
	remove(t, "v1", "Pod", ns, "app-1")
	remove(t, "v1", "Pod", ns, "app-2")
	w.wants(t, "")
	u.wants(t, "")
}

// TestNames: the names of the modes, from real objects; the host's domain is that of the cluster in both.
func TestNames(t *testing.T) {
	ns := newNamespace(t)
	s := kubernetes.Strategy{Basename: "app", Service: "web", ClusterDomain: "k8s.example"}
	s.Kubeconfig = kubeconfig(t, ns, &s)
	pods := kubernetes.Strategy{Basename: "app", Selector: "app=web", Lookup: kubernetes.LookupPods}
	pods.Kubeconfig = kubeconfig(t, ns, &pods)
	applyPod(t, ns, "app-0", "app: web")
	podStatus(t, ns, "app-0", "Running", "True", `{"ip": "10.244.0.1"}, {"ip": "fd00::1"}`)
	for family, address := range map[string]string{"IPv4": "10.244.0.1", "IPv6": "fd00::1"} {
		apply(t, `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-%s, namespace: %s, labels: {kubernetes.io/service-name: web}}
addressType: %s
endpoints:
  - {addresses: ["%s"], hostname: app-0, targetRef: {kind: Pod, name: app-0, namespace: %s}}
ports: []
`, "v"+family[3:], ns, family, address, ns)
	}
	for _, c := range []struct {
		base kubernetes.Strategy
		mode kubernetes.Mode
		ipv6 bool
		want string
	}{
		{s, kubernetes.ModeIP, false, "app@10.244.0.1"},
		{s, kubernetes.ModeIP, true, "app@fd00::1"},
		{s, kubernetes.ModeDNS, false, "app@10-244-0-1." + ns + ".pod.k8s.example"},
		{s, kubernetes.ModeDNS, true, "app@fd00--1." + ns + ".pod.k8s.example"},
		{s, kubernetes.ModeHostname, false, "app@app-0.web." + ns + ".svc.k8s.example"},
		{pods, kubernetes.ModeIP, false, "app@10.244.0.1"},
		{pods, kubernetes.ModeIP, true, "app@fd00::1"},
		{pods, kubernetes.ModeDNS, false, "app@10-244-0-1." + ns + ".pod.cluster.local"},
		{pods, kubernetes.ModeHostname, false, "app@app-0.web." + ns + ".svc.cluster.local"},
	} {
		c.base.Mode = c.mode
		if c.ipv6 {
			c.base.Family = kubernetes.FamilyIPv6
		}
		w, stop := watch(t, &c.base)
		w.wants(t, c.want)
		stop()
	}
}
