package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// That a Role suffices, and that nothing less does, is tested against a real API server (integration/kubernetes).

func TestRule(t *testing.T) {
	for lookup, want := range map[Lookup]string{
		"":                   `{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}`,
		LookupEndpointSlices: `{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}`,
		LookupEndpoints:      `{apiGroups: [""], resources: ["endpoints"], verbs: ["list", "watch"]}`,
		LookupPods:           `{apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"]}`,
	} {
		require.Equal(t, want, (&Strategy{Lookup: lookup}).Rule().String())
	}
}

func TestRoleNames(t *testing.T) {
	for _, c := range []struct {
		namespace, ask, account          string
		wantWhere, wantName, wantAccount string
	}{
		{"", "", "", "default", "default", "default"},
		{"", "shop", "node", "shop", "shop", "node"},
		{"shop", "", "node", "shop", "shop", "node"},
		{"theirs", "ours", "node", "theirs", "ours", "node"},
	} {
		text := (&Strategy{Namespace: c.namespace, Lookup: LookupPods}).Role(c.ask, c.account)
		require.Contains(t, text, "kind: Role\nmetadata:\n  name: \"gonode-pods\"\n  namespace: \""+c.wantWhere+"\"\n")
		require.Contains(t, text, "  name: \"gonode-pods-"+c.wantAccount+"\"\n  namespace: \""+c.wantWhere+"\"\n")
		require.Contains(t, text, "    name: \""+c.wantAccount+"\"\n    namespace: \""+c.wantName+"\"\n")
	}
}
