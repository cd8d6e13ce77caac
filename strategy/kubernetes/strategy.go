package kubernetes

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"gonode/strategy"
)

// DefaultClusterDomain is the domain of a cluster unless Strategy.ClusterDomain says otherwise.
const DefaultClusterDomain = "cluster.local"

// Strategy wants the nodes that run in the pods of a Kubernetes namespace. Basename, and Selector or Service, are required.
// Do not change it while it runs.
type Strategy struct {
	// Basename is what the names of the nodes begin with: app in app@10.1.2.3.
	Basename string

	// Selector says by labels which objects to look in: "app=shop,tier!=test". Empty means those of Service.
	Selector string

	// Service is the service whose EndpointSlices or Endpoints are looked in if there is no Selector, and whose name is in
	// names of ModeHostname. Empty there means the service the endpoint belongs to.
	Service string

	// Namespace is where to look. Empty means the pod's own or, out of the cluster, that of the kubeconfig.
	Namespace string

	// Lookup is what to look in; the zero value is LookupEndpointSlices.
	Lookup Lookup

	// Mode is how names are made; the zero value is ModeIP.
	Mode Mode

	// Family says which address of an endpoint with several to take; the zero value is FamilyAny.
	Family Family

	// NotReady also takes pods that are running but not ready: for nodes that get ready by joining. Pods that are
	// terminating are never taken.
	NotReady bool

	// ClusterDomain is the domain of the cluster in names of ModeDNS and ModeHostname. Empty means DefaultClusterDomain.
	ClusterDomain string

	// Kubeconfig is the file that says how to reach the API server, Context which of its contexts. Both empty means the
	// service account in a pod and, out of the cluster, what kubectl would do: $KUBECONFIG, or ~/.kube/config.
	Kubeconfig, Context string

	// ServiceAccount is the folder in which a pod finds its token, its namespace and the CA of the API server. Empty means
	// DefaultServiceAccount.
	ServiceAccount string

	// Logger hears when the API server can't be asked, and when it can again, and of endpoints that have no name; nil means
	// silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "kubernetes", the name of the strategy in logs.
func (*Strategy) String() string { return "kubernetes" }

// Run implements strategy.Strategy. It returns at once if the strategy lacks something, or if there is nothing that says how
// to reach the API server; otherwise it returns the cause of ctx. It does not return for an error of the API server: it sends
// the nodes it knows with an *APIError as Set.Partial, and goes on.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	api, err := s.connect()
	if err != nil {
		return err
	}
	defer api.close()
	m := newMirror()
	watching, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	tasks.Go(func() { api.reflect(watching, m) }) // owned by Run, ends with it
	return s.follow(ctx, m, out)
}

// follow sends a set whenever there is something new in m.
func (s *Strategy) follow(ctx context.Context, m *mirror, out chan<- strategy.Set) error {
	teller := teller{log: s.logger()}
	var last strategy.Set
	for sent := false; ; {
		select {
		case <-m.changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		found, known, err := m.state()
		if !known && err == nil {
			continue
		}
		nodes, nameless := s.nodes(found)
		teller.tell(err, len(nodes), nameless)
		set := strategy.Set{Nodes: nodes, Partial: err}
		if sent && equal(set, last) {
			continue
		}
		last = strategy.Set{Nodes: slices.Clone(nodes), Partial: err} // set is the receiver's
		if err := strategy.Send(ctx, out, set); err != nil {
			return err
		}
		sent = true
	}
}

// equal reports whether two sets say the same.
func equal(a, b strategy.Set) bool {
	return slices.Equal(a.Nodes, b.Nodes) && text(a.Partial) == text(b.Partial)
}

// text is what an error says, nothing if it is nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (s *Strategy) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}
