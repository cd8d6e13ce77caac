package kubernetes

import (
	"cmp"
	"fmt"
	"strings"
)

// Rule is a rule of a Role: what may be done with which objects.
type Rule struct {
	Group    string // API group; empty is the core group
	Resource string
	Verbs    []string
}

// String returns the rule as YAML, in one line.
func (r Rule) String() string {
	return fmt.Sprintf("{apiGroups: [%q], resources: [%q], verbs: [%s]}", r.Group, r.Resource, quoted(r.Verbs))
}

func quoted(words []string) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(all, ", ")
}

// Rule returns what the strategy must be allowed to do in the namespace it looks in. It needs nothing else.
func (s *Strategy) Rule() Rule {
	r := s.lookup().resource()
	return Rule{Group: r.group, Resource: r.name, Verbs: []string{verbList, verbWatch}}
}

// Role returns, as YAML, the Role that the strategy needs, and the RoleBinding that gives it to a service account: that of the
// pods the node runs in, and the namespace those are in. An empty account means "default", an empty namespace that in which
// the strategy looks or, if it has none either, "default". All of it is for `kubectl apply -f -`.
func (s *Strategy) Role(namespace, account string) string {
	account = cmp.Or(account, "default")
	namespace = cmp.Or(namespace, s.Namespace, "default")
	where := cmp.Or(s.Namespace, namespace)
	r := s.Rule()
	role := "gonode-" + r.Resource // so that the Roles of several strategies stand side by side
	return fmt.Sprintf(`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: %[1]q
  namespace: %[2]q
rules:
  - apiGroups: [%[3]q]
    resources: [%[4]q]
    verbs: [%[5]s]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: %[6]q
  namespace: %[2]q
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: %[1]q
subjects:
  - kind: ServiceAccount
    name: %[7]q
    namespace: %[8]q
`, role, where, r.Group, r.Resource, quoted(r.Verbs), role+"-"+account, account, namespace)
}
