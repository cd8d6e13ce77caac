//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiwatch "k8s.io/apimachinery/pkg/watch"

	"gonode/integration/kubernetes/controlplane"
	"gonode/strategy"
	"gonode/strategy/kubernetes"
)

// restart starts the API server again.
func restart(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, cp.StartAPIServer(ctx))
}

// TestServerStops: an API server that is gone for 30 s takes no node away, and what has changed meanwhile is seen soon
// after it is back.
func TestServerStops(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	s.Kubeconfig = kubeconfig(t, ns, s)
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1]}")
	w, _ := watch(t, s)
	w.wants(t, "app@10.244.0.1")

	require.NoError(t, cp.StopAPIServer())
	begin := time.Now()
	e := w.fails(t, "app@10.244.0.1", "connection refused")
	require.ErrorContains(t, e, "is the API server up")
	time.Sleep(30*time.Second - time.Since(begin))
	set, _ := w.last()
	require.Error(t, set.Partial)
	require.Equal(t, "app@10.244.0.1", names(set))
	require.Less(t, w.count(), 10, "the same is not said again and again")

	restart(t)
	back := time.Now()
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.2]}")
	w.until(t, 20*time.Second, "the new node", func(s strategy.Set) bool { return s.Partial == nil && names(s) == "app@10.244.0.2" })
	t.Logf("down for %v; the change was seen %v after the API server was ready again", back.Sub(begin).Round(time.Second),
		time.Since(back).Round(time.Millisecond))
	for _, set := range w.all() {
		require.NotEmpty(t, set.Nodes, "no set was without nodes: %v", set.Partial)
	}
}

// TestExpiredWatch: the API server does not know any more what has happened since we last heard of it, and everything is
// listed anew.
func TestExpiredWatch(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	kubeconfig(t, ns, s)
	wire := toServer(t, "127.0.0.1:0")
	s.Kubeconfig = file(t, "kubeconfig", string(controlplane.Kubeconfig(wire.url(), cp.Authority, "{token: "+token(t, ns, "node")+"}", ns)))
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1]}")
	applySlice(t, ns, "b", "a: b", "{addresses: [10.244.0.2]}")
	w, _ := watch(t, s)
	w.wants(t, "app@10.244.0.1 app@10.244.0.2")

	slices := admin.of(sliceVersion, slice, ns)
	heard, err := slices.List(t.Context(), meta.ListOptions{})
	require.NoError(t, err)
	wire.cut()
	w.fails(t, "app@10.244.0.1 app@10.244.0.2", "")
	remove(t, sliceVersion, slice, ns, "a")
	applySlice(t, ns, "c", "a: b", "{addresses: [10.244.0.3]}")
	cp.KillAPIServer()
	restart(t)

	// This is what a watch from where we were gets.
	old, err := slices.Watch(t.Context(), meta.ListOptions{ResourceVersion: heard.GetResourceVersion()})
	require.NoError(t, err)
	first := <-old.ResultChan()
	old.Stop()
	require.Equal(t, apiwatch.Error, first.Type)
	require.True(t, apierrors.IsResourceExpired(apierrors.FromObject(first.Object)), "%v", first.Object)

	wire.mend()
	mended := time.Now()
	w.until(t, 20*time.Second, "what is there now", func(s strategy.Set) bool {
		return s.Partial == nil && names(s) == "app@10.244.0.2 app@10.244.0.3"
	})
	t.Logf("listed anew %v after the wire was mended", time.Since(mended).Round(time.Millisecond))
	for _, set := range w.all() {
		require.Contains(t, names(set), "app@10.244.0.2")
	}
}

// TestForbiddenLater: what was allowed is not any more. Nobody is taken away by that.
func TestForbiddenLater(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	kubeconfig(t, ns, s)
	wire := toServer(t, "127.0.0.1:0")
	s.Kubeconfig = file(t, "kubeconfig", string(controlplane.Kubeconfig(wire.url(), cp.Authority, "{token: "+token(t, ns, "node")+"}", ns)))
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1]}")
	w, _ := watch(t, s)
	w.wants(t, "app@10.244.0.1")

	remove(t, rbacVersion, "Role", ns, "gonode-endpointslices")
	awaitAccess(t, false, s.Rule(), "list", ns, ns+":node")
	wire.again() // a watch that is open is not asked again whether it may
	w.fails(t, "app@10.244.0.1", "add to a Role")
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1]}, {addresses: [10.244.0.2]}")
	apply(t, "%s", s.Role(ns, "node"))
	w.wants(t, "app@10.244.0.1 app@10.244.0.2")
}

// TestTokenRotates: the token of a pod is a file that changes. The old one is not accepted any more when the new one is
// there.
func TestTokenRotates(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	wire := toServer(t, "127.0.0.1:0")
	path := file(t, "token", token(t, ns, "node"))
	apply(t, "%s%s", s.Role(ns, "node")+"---\n", s.Role(ns, "other"))
	s.Kubeconfig = file(t, "kubeconfig", string(controlplane.Kubeconfig(wire.url(), cp.Authority, "{tokenFile: "+path+"}", ns)))
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1]}")
	w, _ := watch(t, s)
	w.wants(t, "app@10.244.0.1")

	remove(t, "v1", "ServiceAccount", ns, "node") // and with it all its tokens
	refused := func(s strategy.Set) bool { return s.Partial != nil && apierrors.IsUnauthorized(s.Partial) }
	for begin := time.Now(); ; time.Sleep(500 * time.Millisecond) { // the server remembers for a while that it was good
		if set, _ := w.last(); refused(set) {
			break
		}
		require.Less(t, time.Since(begin), 30*time.Second)
		wire.again()
	}
	e := w.fails(t, "app@10.244.0.1", "it is wrong, has expired, or was taken back")
	require.True(t, apierrors.IsUnauthorized(e))

	rewrite(t, path, token(t, ns, "other"))
	begin := time.Now()
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.2]}")
	w.until(t, 20*time.Second, "the new node", func(s strategy.Set) bool { return s.Partial == nil && names(s) == "app@10.244.0.2" })
	t.Logf("the new token was in use after %v", time.Since(begin).Round(time.Millisecond))
}

// TestWrongAuthority: the certificate of the server is signed by another CA than the one we trust.
func TestWrongAuthority(t *testing.T) {
	ns := newNamespace(t)
	ca, err := controlplane.NewAuthority()
	require.NoError(t, err)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	s.Kubeconfig = file(t, "kubeconfig", string(controlplane.Kubeconfig(cp.URL, ca, "{token: secret-token}", ns)))
	w, _ := watch(t, s)
	e := w.fails(t, "", "certificate signed by unknown authority")
	require.ErrorContains(t, e, "not signed by the CA in kubeconfig "+s.Kubeconfig)
	require.NotContains(t, e.Error(), "secret-token")

	name := *s
	wire := toServer(t, "10.244.0.1:0") // which is not in the certificate
	name.Kubeconfig = file(t, "kubeconfig", string(controlplane.Kubeconfig(wire.url(), cp.Authority, "{token: secret-token}", ns)))
	w, _ = watch(t, &name)
	w.fails(t, "", "the server's certificate is for other names")
}

// TestManyEndpoints measures how long the first set of 1,000 endpoints takes, and a change among them.
func TestManyEndpoints(t *testing.T) {
	ns := newNamespace(t)
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	s.Kubeconfig = kubeconfig(t, ns, s)
	const slices, each = 10, 100 // a slice has 100 at most, unless a cluster is told otherwise
	for i := range slices {
		var list []string
		for j := range each {
			list = append(list, fmt.Sprintf("{addresses: [10.244.%d.%d], conditions: {ready: true, serving: true}, nodeName: n%d, "+
				"targetRef: {kind: Pod, name: app-%d-%d, namespace: %s}}", i, j, j, i, j, ns))
		}
		applySlice(t, ns, fmt.Sprintf("web-%d", i), "app: web", strings.Join(list, ", "))
	}
	begin := time.Now()
	w, _ := watch(t, s)
	set := w.until(t, patience, "1000 nodes", func(s strategy.Set) bool { return len(s.Nodes) == slices*each })
	first := time.Since(begin)
	require.NoError(t, set.Partial)
	require.Equal(t, 1, w.count(), "the first set was the whole")

	begin = time.Now()
	remove(t, sliceVersion, slice, ns, "web-7")
	w.until(t, patience, "900 nodes", func(s strategy.Set) bool { return len(s.Nodes) == (slices-1)*each })
	t.Logf("first set of %d nodes after %v, a change after %v", slices*each, first.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
}
