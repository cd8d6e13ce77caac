package kubernetes_test

import (
	"fmt"

	"gonode/strategy/kubernetes"
)

// The nodes app@app-0.web.shop.svc.cluster.local, app@app-1.web..., which run in the pods of a StatefulSet with the headless
// service web, for a node in one of these pods. strategy.Config and node.Config take it as it is.
func ExampleStrategy() {
	s := &kubernetes.Strategy{
		Basename: "app",
		Service:  "web",
		Mode:     kubernetes.ModeHostname,
	}
	fmt.Println(s.Check())
	// Output: <nil>
}

// What has to be applied so that pods of service account app may find each other.
func ExampleStrategy_Role() {
	s := &kubernetes.Strategy{Basename: "app", Service: "web"}
	fmt.Print(s.Role("shop", "app"))
	// Output:
	// apiVersion: rbac.authorization.k8s.io/v1
	// kind: Role
	// metadata:
	//   name: "gonode-endpointslices"
	//   namespace: "shop"
	// rules:
	//   - apiGroups: ["discovery.k8s.io"]
	//     resources: ["endpointslices"]
	//     verbs: ["list", "watch"]
	// ---
	// apiVersion: rbac.authorization.k8s.io/v1
	// kind: RoleBinding
	// metadata:
	//   name: "gonode-endpointslices-app"
	//   namespace: "shop"
	// roleRef:
	//   apiGroup: rbac.authorization.k8s.io
	//   kind: Role
	//   name: "gonode-endpointslices"
	// subjects:
	//   - kind: ServiceAccount
	//     name: "app"
	//     namespace: "shop"
}
