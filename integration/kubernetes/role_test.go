//go:build linux

package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"gonode/strategy/kubernetes"
)

const rbacVersion = "rbac.authorization.k8s.io/v1"

// everything writes what each lookup finds one node in, app@10.244.0.1.
func everything(t *testing.T, namespace string) {
	t.Helper()
	applySlice(t, namespace, "web-a", "app: web", "{addresses: [10.244.0.1]}")
	apply(t, "{apiVersion: v1, kind: Endpoints, metadata: {name: web, namespace: %s, labels: {app: web}}, "+
		"subsets: [{addresses: [{ip: 10.244.0.1}]}]}", namespace)
	applyPod(t, namespace, "app-0", "app: web")
	podStatus(t, namespace, "app-0", "Running", "True", `{"ip": "10.244.0.1"}`)
}

// TestRole: the Role we print suffices, and each of its verbs is needed. What is missing is named, and asked for again
// until it is there.
func TestRole(t *testing.T) {
	ns := newNamespace(t)
	everything(t, ns)
	for _, lookup := range []kubernetes.Lookup{kubernetes.LookupEndpointSlices, kubernetes.LookupEndpoints, kubernetes.LookupPods} {
		t.Run(string(lookup), func(t *testing.T) {
			s := kubernetes.Strategy{Basename: "app", Selector: "app=web", Lookup: lookup}
			s.Kubeconfig = kubeconfigOf(t, ns, "node")
			role := "gonode-" + string(lookup)

			none := s
			w, stop := watch(t, &none)
			e := w.fails(t, "", "forbidden")
			missing, ok := e.Missing()
			require.True(t, ok)
			require.Equal(t, kubernetes.Rule{Group: s.Rule().Group, Resource: string(lookup), Verbs: []string{"list"}}, missing)
			require.True(t, apierrors.IsForbidden(e), "what the server said is within")
			require.ErrorContains(t, e, `list `+string(lookup)+` in namespace "`+ns+`"`)
			require.ErrorContains(t, e, `"system:serviceaccount:`+ns+`:node"`)
			require.ErrorContains(t, e, `add to a Role in namespace "`+ns+`" that is bound to this account: {apiGroups: ["`+
				s.Rule().Group+`"], resources: ["`+string(lookup)+`"], verbs: ["list"]}`)
			apply(t, "%s", s.Role(ns, "node"))
			w.wants(t, "app@10.244.0.1")
			stop()

			for without, known := range map[string]string{"list": "", "watch": "app@10.244.0.1"} {
				with := map[string]string{"list": "watch", "watch": "list"}[without]
				patch(t, rbacVersion, "Role", ns, role, `{"rules": [{"apiGroups": ["`+s.Rule().Group+`"], "resources": ["`+
					string(lookup)+`"], "verbs": ["`+with+`"]}]}`)
				awaitAccess(t, false, s.Rule(), without, ns, ns+":node")
				again := s
				w, stop := watch(t, &again)
				e := w.fails(t, known, `cannot `+without+` resource`)
				missing, ok := e.Missing()
				require.True(t, ok)
				require.Equal(t, []string{without}, missing.Verbs)
				apply(t, "%s", s.Role(ns, "node"))
				w.wants(t, "app@10.244.0.1")
				stop()
			}
		})
	}
}

// TestRoleElsewhere: pods of one namespace may look in another, and not in a third.
func TestRoleElsewhere(t *testing.T) {
	own, ns := newNamespace(t), "testroleelsewhere-theirs"
	apply(t, "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}", ns)
	applySlice(t, ns, "web-a", "app: web", "{addresses: [10.244.0.1]}")
	s := &kubernetes.Strategy{Basename: "app", Service: "web", Namespace: ns}
	s.Kubeconfig = kubeconfig(t, own, s)
	w, _ := watch(t, s)
	w.wants(t, "app@10.244.0.1")

	third := *s
	third.Namespace = ""
	w, _ = watch(t, &third)
	w.fails(t, "", `in the namespace "`+own+`"`)
}
