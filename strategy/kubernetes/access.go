package kubernetes

import (
	"context"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Access is one verb that the strategy needs, and what came of trying it.
type Access struct {
	Rule      Rule // with this verb alone
	Namespace string
	Server    string // URL of the API server
	Err       error  // nil if it was allowed; else an *APIError
}

// Access tries each verb that the strategy needs, once: it lists at most one object, and begins a watch and ends it. It needs no
// rights of its own for that. Only Namespace, Lookup, Kubeconfig, Context, ServiceAccount, and Selector or Service if there
// are any, count. The error says why nobody could be asked. Any goroutine may call it.
func (s *Strategy) Access(ctx context.Context) ([]Access, error) {
	a, err := s.connect()
	if err != nil {
		return nil, err
	}
	defer a.close()
	from := &source{api: a, mirror: newMirror(), codec: runtime.NewParameterCodec(a.resource.scheme())}
	_, listed := from.ListWithContext(ctx, meta.ListOptions{Limit: 1})
	second := int64(1)
	w, watched := from.WatchWithContext(ctx, meta.ListOptions{TimeoutSeconds: &second})
	if watched == nil {
		w.Stop()
	}
	return []Access{s.access(a, verbList, listed), s.access(a, verbWatch, watched)}, nil
}

func (s *Strategy) access(a *api, verb string, err error) Access {
	rule := s.Rule()
	rule.Verbs = []string{verb}
	return Access{Rule: rule, Namespace: a.namespace, Server: a.server, Err: err}
}
