//go:build linux

package kubernetes

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"gonode/strategy/kubernetes"
)

// admin may do everything.
var admin *administrator

type administrator struct {
	http *http.Client
	api  dynamic.Interface
}

func newAdministrator() (*administrator, error) {
	cfg, err := clientcmd.RESTConfigFromKubeConfig(cp.Kubeconfig("", ""))
	if err != nil {
		return nil, err
	}
	cfg.QPS = -1
	cfg.WarningHandlerWithContext = rest.NoWarnings{}
	a := &administrator{}
	if a.http, err = rest.HTTPClientFor(cfg); err != nil {
		return nil, err
	}
	a.api, err = dynamic.NewForConfigAndClient(cfg, a.http)
	return a, err
}

func (a *administrator) close() { utilnet.CloseIdleConnectionsFor(a.http.Transport) }

// of returns what objects of a kind are managed with, in a namespace unless that is empty.
func (a *administrator) of(apiVersion, kind, namespace string) dynamic.ResourceInterface {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		panic(err)
	}
	resource := strings.ToLower(kind)
	if !strings.HasSuffix(resource, "s") {
		resource += "s"
	}
	r := a.api.Resource(version.WithResource(resource))
	if namespace == "" {
		return r
	}
	return r.Namespace(namespace)
}

// apply creates the objects of a YAML text, or replaces those there are.
func apply(t *testing.T, format string, args ...any) {
	t.Helper()
	reader := yaml.NewYAMLToJSONDecoder(strings.NewReader(fmt.Sprintf(format, args...)))
	for {
		o := &unstructured.Unstructured{}
		if err := reader.Decode(&o.Object); err != nil {
			require.EqualError(t, err, "EOF")
			return
		}
		r := admin.of(o.GetAPIVersion(), o.GetKind(), o.GetNamespace())
		force := meta.ApplyOptions{FieldManager: "test", Force: true}
		_, err := r.Apply(t.Context(), o.GetName(), o, force)
		require.NoError(t, err, "%v", o)
	}
}

// remove deletes an object at once.
func remove(t *testing.T, apiVersion, kind, namespace, name string) {
	t.Helper()
	none := int64(0)
	r := admin.of(apiVersion, kind, namespace)
	require.NoError(t, r.Delete(t.Context(), name, meta.DeleteOptions{GracePeriodSeconds: &none}))
}

// terminate deletes a pod the way kubectl does: it is there until its node says that it has ended.
func terminate(t *testing.T, namespace, name string) {
	t.Helper()
	r := admin.of("v1", "Pod", namespace)
	require.NoError(t, r.Delete(t.Context(), name, meta.DeleteOptions{}))
	_, err := r.Get(t.Context(), name, meta.GetOptions{})
	require.NoError(t, err, "it is still there")
}

// patch merges JSON into an object, or into what it has under subresource.
func patch(t *testing.T, apiVersion, kind, namespace, name, json string, subresource ...string) {
	t.Helper()
	r := admin.of(apiVersion, kind, namespace)
	_, err := r.Patch(t.Context(), name, types.MergePatchType, []byte(json), meta.PatchOptions{}, subresource...)
	require.NoError(t, err)
}

// newNamespace makes a namespace with two service accounts, node and other, that may do nothing.
func newNamespace(t *testing.T) string {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))
	apply(t, `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: node, namespace: %[1]s}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: other, namespace: %[1]s}
`, name)
	return name
}

// token returns a fresh token of a service account.
func token(t *testing.T, namespace, account string) string {
	t.Helper()
	request := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenRequest",
		"metadata":   map[string]any{"name": account},
		"spec":       map[string]any{"expirationSeconds": int64(3600)},
	}}
	r := admin.of("v1", "ServiceAccount", namespace)
	answer, err := r.Create(t.Context(), request, meta.CreateOptions{}, "token")
	require.NoError(t, err)
	text, ok, err := unstructured.NestedString(answer.Object, "status", "token")
	require.True(t, ok && err == nil, "%v", answer)
	return text
}

// awaitAccess waits until the API server knows that an account, namespace:name, may or may not do in a namespace what a rule
// says: it hears of Roles by a watch of its own.
func awaitAccess(t *testing.T, may bool, rule kubernetes.Rule, verb, namespace, account string) {
	t.Helper()
	review := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1",
		"kind":       "SubjectAccessReview",
		"spec": map[string]any{
			"user": "system:serviceaccount:" + account,
			"resourceAttributes": map[string]any{
				"namespace": namespace, "verb": verb, "group": rule.Group, "resource": rule.Resource,
			},
		},
	}}
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		answer, err := admin.of("authorization.k8s.io/v1", "SubjectAccessReview", "").Create(t.Context(), review, meta.CreateOptions{})
		require.NoError(t, err)
		allowed, _, err := unstructured.NestedBool(answer.Object, "status", "allowed")
		require.NoError(t, err)
		if allowed == may {
			return
		}
		require.Less(t, time.Since(begin), patience)
	}
}
