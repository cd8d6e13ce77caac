package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/doctor"
	"gonode/strategy/kubernetes"
)

// kubernetesFlags is what doctor can be told of Kubernetes.
type kubernetesFlags struct{ lookup, namespace, kubeconfig string }

func (f *kubernetesFlags) add(fs *pflag.FlagSet) {
	words := []string{string(kubernetes.LookupEndpointSlices), string(kubernetes.LookupEndpoints), string(kubernetes.LookupPods)}
	addChoice(fs, &f.lookup, "kubernetes", "", "", "look whether Kubernetes lets the strategy of that name look in these objects", words...)
	fs.Lookup("kubernetes").NoOptDefVal = words[0]
	fs.StringVar(&f.namespace, "kubernetes-namespace", "", "with --kubernetes: the `namespace` (default that of the pod, or of the kubeconfig)")
	fs.StringVar(&f.kubeconfig, "kubeconfig", "", "with --kubernetes: the `file` that says how to reach the API server (default as of a pod, or of kubectl)")
}

// findings tries what the strategy needs. In a pod it does so unasked, and then what is missing may be as it should.
func (f *kubernetesFlags) findings(ctx context.Context, a *app, timeout time.Duration) []doctor.Finding {
	level := doctor.Bad
	if f.lookup == "" {
		if host, _ := a.lookupEnv("KUBERNETES_SERVICE_HOST"); host == "" {
			return nil
		}
		level = doctor.Note
	}
	s := &kubernetes.Strategy{Lookup: kubernetes.Lookup(f.lookup), Namespace: f.namespace, Kubeconfig: f.kubeconfig}
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tried, err := s.Access(timed)
	if err != nil {
		return []doctor.Finding{{Level: level, Check: "kubernetes", Cause: doctor.CauseKubernetes, Text: err.Error(), Err: err}}
	}
	var found []doctor.Finding
	for _, access := range tried {
		found = append(found, findingOfAccess(level, access))
	}
	return found
}

// findingOfAccess says of one verb whether it is allowed; level is how bad it is if not.
func findingOfAccess(level doctor.Level, access kubernetes.Access) doctor.Finding {
	what := fmt.Sprintf("%s %s in namespace %q", access.Rule.Verbs[0], access.Rule.Resource, access.Namespace)
	if access.Err == nil {
		return doctor.Finding{Level: doctor.OK, Check: "kubernetes", Subject: access.Server, Text: "may " + what}
	}
	finding := doctor.Finding{Level: level, Check: "kubernetes", Subject: access.Server, Cause: doctor.CauseKubernetes, Err: access.Err}
	e, ok := errors.AsType[*kubernetes.APIError](access.Err)
	if !ok {
		finding.Text = fmt.Sprintf("can't %s: %v", what, access.Err)
		return finding
	}
	finding.Text, finding.Fix = fmt.Sprintf("can't %s: %v", what, e.Err), e.Hint
	if _, missing := e.Missing(); missing {
		finding.Cause = doctor.CauseRBAC
	}
	return finding
}

// kubernetesCode is for an API server that does not allow what it was asked.
func kubernetesCode(err error) int {
	if e, ok := errors.AsType[*kubernetes.APIError](err); ok {
		if _, missing := e.Missing(); missing {
			return exitRefused
		}
	}
	return exitOK
}
