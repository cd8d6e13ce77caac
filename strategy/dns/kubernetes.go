package dns

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"gonode/strategy"
)

// What a pod finds in Kubernetes.
const (
	DefaultClusterDomain = "cluster.local"
	DefaultNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// Kubernetes is a headless service (clusterIP: None) whose pods are nodes. Its methods make strategies that ask the DNS of
// the cluster, which needs no permissions. Set publishNotReadyAddresses on the service to find pods that are not ready yet.
type Kubernetes struct {
	// Service is the name of the service. Required.
	Service string

	// Namespace is where the service is; empty means the pod's own: what NamespaceFile says, and without such a file what
	// the search domains of resolv.conf say.
	Namespace string

	// NamespaceFile has the pod's namespace; empty means DefaultNamespaceFile.
	NamespaceFile string

	// Basename is the part before the @ of the nodes (application_name in libcluster); empty means that of the own node.
	Basename string

	// ClusterDomain is the domain of the cluster; empty means the one after "svc." in the search domains of ConfigFile, or
	// else DefaultClusterDomain.
	ClusterDomain string

	// ConfigFile is the pod's resolv.conf; empty means /etc/resolv.conf.
	ConfigFile string

	// PortName, for SRV, is the name of the port whose records are asked for; empty means all ports.
	PortName string

	// UsePort, for SRV, takes the port of the record as that where the node listens. It needs PortName.
	UsePort bool
}

// DNS returns a strategy for nodes that are called by the addresses of their pods, basename@10.1.2.3: kubernetes-dns.
// Complete it with Self and the rest. The error is a *strategy.FieldError, or several joined.
func (k Kubernetes) DNS() (*Strategy, error) {
	const preset = "kubernetes-dns"
	if err := k.check(preset); err != nil {
		return nil, err
	}
	return &Strategy{preset: preset, Basename: k.Basename, Queries: []Query{{Name: k.name("")}}}, nil
}

// SRV returns a strategy for nodes that are called by the names of their pods, as those of a StatefulSet are,
// basename@app-0.service.namespace.svc.cluster.local: kubernetes-dns-srv. Complete it with Self and the rest. The error is
// a *strategy.FieldError, or several joined.
func (k Kubernetes) SRV() (*Strategy, error) {
	const preset = "kubernetes-dns-srv"
	if err := k.check(preset); err != nil {
		return nil, err
	}
	prefix := ""
	if k.PortName != "" {
		prefix = "_" + k.PortName + "._tcp."
	}
	return &Strategy{preset: preset, Basename: k.Basename, Queries: []Query{{Name: k.name(prefix), Type: TypeSRV, UsePort: k.UsePort}}}, nil
}

// name returns the name in the DNS.
func (k Kubernetes) name(prefix string) string {
	namespace := k.Namespace
	if namespace == "" {
		text, _ := os.ReadFile(cmp.Or(k.NamespaceFile, DefaultNamespaceFile))
		namespace = strings.TrimSpace(string(text))
	}
	if wrongLabel(namespace) {
		return prefix + k.Service // within the search domains
	}
	return fmt.Sprintf("%s%s.%s.svc.%s.", prefix, k.Service, namespace, k.domain())
}

func (k Kubernetes) domain() string {
	if k.ClusterDomain != "" {
		return strings.TrimSuffix(k.ClusterDomain, ".") // libcluster's has the dot
	}
	conf, _ := readConfig(cmp.Or(k.ConfigFile, defaultConfig)) // none says nothing
	for _, search := range conf.Search {
		if domain, ok := strings.CutPrefix(strings.TrimSuffix(search, "."), "svc."); ok && wrongName(domain) == "" {
			return domain
		}
	}
	return DefaultClusterDomain
}

func (k Kubernetes) check(preset string) error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: preset, Field: field, Problem: problem})
	}
	if wrongLabel(k.Service) {
		add("Service", fmt.Sprintf("%.60q is not the name of a service: give the headless service of the nodes", k.Service))
	}
	if k.Namespace != "" && wrongLabel(k.Namespace) {
		add("Namespace", fmt.Sprintf("%.60q is not the name of a namespace", k.Namespace))
	}
	if k.Basename != "" && strategy.CheckName(k.Basename+"@h") != nil {
		add("Basename", fmt.Sprintf("%.60q is not the part of a node's name before the @", k.Basename))
	}
	if problem := wrongName(k.domain()); problem != "" {
		add("ClusterDomain", problem)
	}
	if k.PortName != "" && wrongLabel(k.PortName) {
		add("PortName", fmt.Sprintf("%.60q is not the name of a port", k.PortName))
	}
	if k.UsePort && k.PortName == "" {
		add("UsePort", "needs PortName, so that it is clear which port is meant")
	}
	return errors.Join(errs...)
}

// wrongLabel reports whether s is not one part of a name in the DNS.
func wrongLabel(s string) bool {
	return strings.Contains(s, ".") || wrongName(s) != ""
}
