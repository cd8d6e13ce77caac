//go:build linux

package kubernetes

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/strategy/kubernetes"
)

// diagnosis is what gonode doctor -o json finds of Kubernetes.
type diagnosis struct {
	Items []struct{ Level, Check, Cause, Text, Fix string }
}

// TestDoctor: gonode doctor names each verb that is missing, on which resource, with the rule; and nothing with our Role.
func TestDoctor(t *testing.T) {
	program := filepath.Join(t.TempDir(), "gonode")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "gonode/cmd/gonode").CombinedOutput()
	require.NoError(t, err, string(out))
	ns := newNamespace(t)
	config := kubeconfigOf(t, ns, "node")
	doctor := func(code int, lookup kubernetes.Lookup) (levels, text string) {
		cmd := exec.Command(program, "doctor", "-o", "json", "--kubernetes="+string(lookup), "--kubeconfig", config)
		cmd.Env = append(os.Environ(), "ERL_EPMD_PORT=1")
		stdout, err := cmd.Output()
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			require.Equal(t, code, e.ExitCode(), string(stdout)+string(e.Stderr))
		} else {
			require.NoError(t, err)
			require.Zero(t, code, string(stdout))
		}
		var d diagnosis
		require.NoError(t, json.Unmarshal(stdout, &d), string(stdout))
		for _, item := range d.Items {
			if item.Check == "kubernetes" {
				levels += item.Level + item.Cause + " "
				text += item.Text + " " + item.Fix + "\n"
			}
		}
		return levels, text
	}
	for _, lookup := range []kubernetes.Lookup{kubernetes.LookupEndpointSlices, kubernetes.LookupEndpoints, kubernetes.LookupPods} {
		s := kubernetes.Strategy{Basename: "app", Selector: "app=web", Lookup: lookup}
		levels, text := doctor(4, lookup)
		require.Equal(t, "badrbac badrbac ", levels)
		for _, verb := range []string{"list", "watch"} {
			require.Contains(t, text, `can't `+verb+` `+string(lookup)+` in namespace "`+ns+`"`)
			require.Contains(t, text, `{apiGroups: ["`+s.Rule().Group+`"], resources: ["`+string(lookup)+`"], verbs: ["`+verb+`"]}`)
		}
		apply(t, "%s", s.Role(ns, "node"))
		for _, verb := range []string{"list", "watch"} {
			awaitAccess(t, true, s.Rule(), verb, ns, ns+":node")
		}
		levels, text = doctor(0, lookup)
		require.Equal(t, "ok ok ", levels, text)
		patch(t, rbacVersion, "Role", ns, "gonode-"+string(lookup), `{"rules": [{"apiGroups": ["`+s.Rule().Group+`"], "resources": ["`+
			string(lookup)+`"], "verbs": ["list"]}]}`)
		awaitAccess(t, false, s.Rule(), "watch", ns, ns+":node")
		levels, text = doctor(4, lookup)
		require.Equal(t, "ok badrbac ", levels, text)
		require.Contains(t, text, `verbs: ["watch"]}`)
	}
	tried, err := (&kubernetes.Strategy{Kubeconfig: config, Lookup: kubernetes.LookupPods, Selector: "app=web"}).Access(t.Context())
	require.NoError(t, err)
	require.Len(t, tried, 2)
	require.NoError(t, tried[0].Err)
	require.Equal(t, ns, tried[1].Namespace)
	require.ErrorContains(t, tried[1].Err, "cannot watch resource")
	config = file(t, "kubeconfig", "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n"+
		"contexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n")
	levels, text := doctor(3, kubernetes.LookupPods)
	require.Equal(t, "badkubernetes badkubernetes ", levels)
	require.Contains(t, text, "is the API server up")
}
