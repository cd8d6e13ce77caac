//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"gonode/strategy/kubernetes"
)

const manifests = "../../deploy/kubernetes"

// readManifests returns the objects of the files that kustomization.yaml names, which are all there are.
func readManifests(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	kustomization := readObjects(t, filepath.Join(manifests, "kustomization.yaml"))
	require.Len(t, kustomization, 1)
	names, _, err := unstructured.NestedStringSlice(kustomization[0].Object, "resources")
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(manifests, "*.yaml"))
	require.NoError(t, err)
	require.Len(t, files, len(names)+1, "kustomization.yaml names all files")
	var all []*unstructured.Unstructured
	for _, name := range names {
		all = append(all, readObjects(t, filepath.Join(manifests, name))...)
	}
	return all
}

func readObjects(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	var all []*unstructured.Unstructured
	for reader := yaml.NewYAMLToJSONDecoder(file); ; {
		o := &unstructured.Unstructured{}
		err := reader.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err, path)
		all = append(all, o)
	}
}

// create has the API server take an object as it stands: with a field that it does not know, it does not.
func create(t *testing.T, namespace string, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	t.Helper()
	strict := meta.CreateOptions{FieldValidation: meta.FieldValidationStrict}
	return admin.of(o.GetAPIVersion(), o.GetKind(), namespace).Create(t.Context(), o, strict)
}

// find returns the one object of a kind.
func find(t *testing.T, all []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	t.Helper()
	var found *unstructured.Unstructured
	for _, o := range all {
		if o.GetKind() == kind {
			require.Nil(t, found, "two of %s", kind)
			found = o
		}
	}
	require.NotNil(t, found, kind)
	return found
}

// field returns what is in an object.
func field[T any](t *testing.T, o *unstructured.Unstructured, path ...string) T {
	t.Helper()
	v, ok, err := unstructured.NestedFieldNoCopy(o.Object, path...)
	require.NoError(t, err)
	require.True(t, ok, "%s has no %v", o.GetKind(), path)
	return v.(T)
}

// deployed makes a namespace in which pods must meet the Pod Security Standard "restricted", with all the manifests in it.
func deployed(t *testing.T) (namespace string, all []*unstructured.Unstructured) {
	t.Helper()
	namespace = newNamespace(t)
	patch(t, "v1", "Namespace", "", namespace, `{"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}`)
	all = readManifests(t)
	for _, o := range all {
		_, err := create(t, namespace, o)
		require.NoError(t, err, "%s %s", o.GetKind(), o.GetName())
	}
	return namespace, all
}

// podOf returns a pod as the deployment would make it.
func podOf(t *testing.T, all []*unstructured.Unstructured, name string) *unstructured.Unstructured {
	t.Helper()
	deployment := find(t, all, "Deployment")
	pod := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": field[map[string]any](t, deployment.DeepCopy(), "spec", "template", "metadata"),
		"spec":     field[map[string]any](t, deployment.DeepCopy(), "spec", "template", "spec"),
	}}
	pod.SetName(name)
	return pod
}

// TestManifests: the API server takes all of deploy/kubernetes to the letter, and a pod of it where only harmless ones are let in.
func TestManifests(t *testing.T) {
	ns, all := deployed(t)
	pod, err := create(t, ns, podOf(t, all, "gonode-0"))
	require.NoError(t, err)
	mounts := container(t, pod)["volumeMounts"]
	require.Contains(t, fmt.Sprint(mounts), kubernetes.DefaultServiceAccount, "it is given a token")
}

// container returns the one container of a pod or of what makes pods.
func container(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	path := []string{"spec", "containers"}
	if o.GetKind() != "Pod" {
		path = []string{"spec", "template", "spec", "containers"}
	}
	all := field[[]any](t, o, path...)
	require.Len(t, all, 1)
	return all[0].(map[string]any)
}

// TestManifestsAgree: what one object says of another is so.
func TestManifestsAgree(t *testing.T) {
	all := readManifests(t)
	deployment, service := find(t, all, "Deployment"), find(t, all, "Service")
	labels := field[map[string]any](t, deployment, "spec", "template", "metadata", "labels")
	require.Equal(t, labels, field[map[string]any](t, service, "spec", "selector"))
	require.Equal(t, labels, field[map[string]any](t, deployment, "spec", "selector", "matchLabels"))
	require.Equal(t, labels, field[map[string]any](t, find(t, all, "PodDisruptionBudget"), "spec", "selector", "matchLabels"))
	require.Equal(t, find(t, all, "ServiceAccount").GetName(), field[string](t, deployment, "spec", "template", "spec", "serviceAccountName"))
	require.Equal(t, "None", field[string](t, service, "spec", "clusterIP"))
	require.True(t, field[bool](t, service, "spec", "publishNotReadyAddresses"))

	c := container(t, deployment)
	ports := map[any]bool{}
	for _, p := range c["ports"].([]any) {
		ports[p.(map[string]any)["name"]] = true
	}
	for _, p := range field[[]any](t, service, "spec", "ports") {
		require.True(t, ports[p.(map[string]any)["targetPort"]], "%v is a port of the container", p)
	}
	for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
		get := c[probe].(map[string]any)["httpGet"].(map[string]any)
		require.True(t, ports[get["port"]], "%s: %v is a port of the container", probe, get["port"])
		require.Equal(t, path, get["path"], probe)
	}
}

// TestManifestsRole: the service account may do what the strategy needs, as the Role that it prints says, and nothing else.
func TestManifestsRole(t *testing.T) {
	ns, all := deployed(t)
	s := &kubernetes.Strategy{Basename: "gonode", Service: find(t, all, "Service").GetName()}
	account := find(t, all, "ServiceAccount").GetName()
	for _, verb := range s.Rule().Verbs {
		awaitAccess(t, true, s.Rule(), verb, ns, ns+":"+account)
	}
	for _, other := range []struct{ resource, verb string }{{"secrets", "get"}, {"pods", "list"}, {"configmaps", "get"}} {
		awaitAccess(t, false, kubernetes.Rule{Resource: other.resource}, other.verb, ns, ns+":"+account)
	}
	awaitAccess(t, false, s.Rule(), "list", "default", ns+":"+account)

	printed := yaml.NewYAMLToJSONDecoder(strings.NewReader(s.Role(ns, account)))
	for _, kind := range []string{"Role", "RoleBinding"} {
		o := &unstructured.Unstructured{}
		require.NoError(t, printed.Decode(&o.Object))
		ours := find(t, all, kind)
		require.Equal(t, o.GetName(), ours.GetName())
		for _, key := range []string{"rules", "roleRef"} {
			require.Equal(t, o.Object[key], ours.Object[key], "%s of the %s", key, kind)
		}
	}

	apply(t, "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: gonode-x, namespace: %s, "+
		"labels: {kubernetes.io/service-name: gonode}}, addressType: IPv4, endpoints: [{addresses: [10.244.0.1]}]}", ns)
	s.Kubeconfig = kubeconfigOf(t, ns, account)
	w, _ := watch(t, s)
	w.wants(t, "gonode@10.244.0.1")
}

// TestManifestsStrict: what TestManifests relies on: a typo and a pod that runs as root are refused.
func TestManifestsStrict(t *testing.T) {
	ns, all := deployed(t)
	typo := podOf(t, all, "typo")
	require.NoError(t, unstructured.SetNestedField(typo.Object, "gonode", "spec", "serviceAcountName"))
	_, err := create(t, ns, typo)
	require.ErrorContains(t, err, `unknown field "spec.serviceAcountName"`)
	root := podOf(t, all, "root")
	require.NoError(t, unstructured.SetNestedField(root.Object, int64(0), "spec", "securityContext", "runAsUser"))
	_, err = create(t, ns, root)
	require.ErrorContains(t, err, `violates PodSecurity "restricted`)
}
