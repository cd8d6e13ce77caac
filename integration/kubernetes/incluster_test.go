//go:build linux

package kubernetes

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/strategy/kubernetes"
)

// TestInCluster: nothing but what Kubernetes puts into every pod, where it puts it.
func TestInCluster(t *testing.T) {
	ns := newNamespace(t)
	server, err := url.Parse(cp.URL)
	require.NoError(t, err)
	t.Setenv("KUBERNETES_SERVICE_HOST", server.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", server.Port())
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	apply(t, "%s", s.Role(ns, "node"))
	applySlice(t, ns, "a", "a: b", "{addresses: [10.244.0.1]}")

	ctx := t.Context()
	require.ErrorContains(t, s.Run(ctx, nil), "does automountServiceAccountToken in its spec say false?")
	dir := kubernetes.DefaultServiceAccount
	require.NoError(t, os.MkdirAll(dir, 0o755))
	write := func(name, text string) { rewrite(t, filepath.Join(dir, name), text) }
	write("token", token(t, ns, "node"))
	write("ca.crt", string(cp.Authority))
	require.ErrorContains(t, s.Run(ctx, nil), "can't find out the namespace of this pod")
	write("namespace", ns)
	w, stop := watch(t, s)
	w.wants(t, "app@10.244.0.1")
	stop()

	// Another folder.
	moved := filepath.Join(t.TempDir(), "account")
	require.NoError(t, os.CopyFS(moved, os.DirFS(dir)))
	require.NoError(t, os.RemoveAll(dir))
	s.ServiceAccount = moved
	w, stop = watch(t, s)
	w.wants(t, "app@10.244.0.1")
	stop()

	// A kubeconfig that is asked for goes first.
	outside := *s
	outside.Kubeconfig = "nowhere"
	require.ErrorContains(t, outside.Run(ctx, nil), "there is no kubeconfig nowhere")
	outside.Kubeconfig, outside.Context = kubeconfigOf(t, ns, "node"), "elsewhere"
	require.ErrorContains(t, outside.Run(ctx, nil), `context "elsewhere" does not exist`)
	outside.Context = "test"
	w, _ = watch(t, &outside)
	w.wants(t, "app@10.244.0.1")
}

// TestNoConfiguration: out of a cluster, with no kubeconfig.
func TestNoConfiguration(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	err := s.Run(t.Context(), nil)
	require.ErrorContains(t, err, "this is no pod")
	require.ErrorContains(t, err, "give a kubeconfig")
	t.Setenv("KUBECONFIG", file(t, "mine", "not: [yaml"))
	require.ErrorContains(t, s.Run(t.Context(), nil), "kubeconfig")
}
