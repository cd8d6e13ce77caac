package kubernetes

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// listTimeout bounds a list.
const listTimeout = 30 * time.Second

// The wait after a request that failed; it doubles from one to the other, and is up to half longer.
const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// resource is what a Lookup looks in.
type resource struct {
	group, version, name string
	object               runtime.Object
	list                 func() runtime.Object
}

// resource returns what to look in.
func (l Lookup) resource() resource {
	switch l {
	case LookupPods:
		return resource{"", "v1", "pods", &core.Pod{}, func() runtime.Object { return &core.PodList{} }}
	case LookupEndpoints:
		return resource{"", "v1", "endpoints", &endpointsObject{}, func() runtime.Object { return &endpointsList{} }}
	}
	return resource{discovery.GroupName, "v1", "endpointslices", &discovery.EndpointSlice{},
		func() runtime.Object { return &discovery.EndpointSliceList{} }}
}

// scheme knows the resource and nothing else. That of client-go's clientset knows every type there is, and takes three times
// as long to build for that and twice the room.
func (r resource) scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	version := schema.GroupVersion{Group: r.group, Version: r.version}
	s.AddKnownTypes(version, r.object, r.list())
	meta.AddToGroupVersion(s, version)
	meta.AddToGroupVersion(s, schema.GroupVersion{Version: "v1"}) // errors come as that
	return s
}

// prepare returns cfg for requests for the resource.
func (r resource) prepare(cfg *rest.Config) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.GroupVersion = &schema.GroupVersion{Group: r.group, Version: r.version}
	cfg.APIPath = "/apis"
	if r.group == "" {
		cfg.APIPath = "/api"
	}
	cfg.NegotiatedSerializer = serializer.NewCodecFactory(r.scheme()).WithoutConversion()
	cfg.ContentType = runtime.ContentTypeProtobuf
	cfg.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return cfg
}

// selector says which objects are asked for.
type selector struct{ labels, fields string }

// selector returns which objects to ask for. A Selector stands for itself, whatever the Service.
func (s *Strategy) selector() selector {
	switch {
	case s.lookup() == LookupPods:
		return selector{s.Selector, fields.OneTermEqualSelector("status.phase", string(core.PodRunning)).String()}
	case s.Selector != "":
		return selector{labels: s.Selector}
	case s.lookup() == LookupEndpoints:
		return selector{fields: fields.OneTermEqualSelector("metadata.name", s.Service).String()}
	}
	return selector{labels: discovery.LabelServiceName + "=" + s.Service}
}

// reflect keeps m like what the API server has, until ctx is done.
func (a *api) reflect(ctx context.Context, m *mirror) {
	silent := logr.Discard() // what matters is told by teller; client-go would write to standard error
	ctx = klog.NewContext(ctx, silent)
	source := &source{api: a, mirror: m, codec: runtime.NewParameterCodec(a.resource.scheme())}
	cache.NewReflectorWithOptions(source, a.resource.object, m, cache.ReflectorOptions{
		Logger:  &silent,
		Name:    a.resource.name,
		Backoff: &wait.Backoff{Duration: minBackoff, Cap: maxBackoff, Factor: 2, Jitter: 0.5, Steps: 1000},
	}).RunWithContext(ctx)
}

// source asks the API server, and tells the mirror how it went.
type source struct {
	api    *api
	mirror *mirror
	codec  runtime.ParameterCodec
}

var _ cache.ListerWatcherWithContext = (*source)(nil)

// List implements cache.ListerWatcher. The reflector calls ListWithContext.
func (s *source) List(o meta.ListOptions) (runtime.Object, error) {
	return s.ListWithContext(context.Background(), o)
}

// Watch implements cache.ListerWatcher. The reflector calls WatchWithContext.
func (s *source) Watch(o meta.ListOptions) (watch.Interface, error) {
	return s.WatchWithContext(context.Background(), o)
}

// ListWithContext implements cache.ListerWatcherWithContext.
func (s *source) ListWithContext(ctx context.Context, o meta.ListOptions) (runtime.Object, error) {
	list := s.api.resource.list()
	err := s.request(&o).Timeout(listTimeout).Do(ctx).Into(list)
	if err = s.report(ctx, verbList, err); err != nil {
		return nil, err
	}
	return list, nil
}

// WatchWithContext implements cache.ListerWatcherWithContext.
func (s *source) WatchWithContext(ctx context.Context, o meta.ListOptions) (watch.Interface, error) {
	o.Watch = true
	w, err := s.request(&o).Watch(ctx)
	if err = s.report(ctx, verbWatch, err); err != nil {
		return nil, err
	}
	return w, nil
}

// IsWatchListSemanticsUnSupported is how client-go is told not to list by way of a watch: that needs less of a Role with new
// API servers only, so nobody could tell which Role will do.
func (*source) IsWatchListSemanticsUnSupported() bool { return true }

func (s *source) request(o *meta.ListOptions) *rest.Request {
	o.LabelSelector, o.FieldSelector = s.api.selector.labels, s.api.selector.fields
	// It is the reflector that tries again: client-go would do so ten times before it says that something is wrong.
	return s.api.client.Get().MaxRetries(0).Namespace(s.api.namespace).Resource(s.api.resource.name).VersionedParams(o, s.codec)
}

// report tells the mirror how a request went, unless nobody waits for it any more.
func (s *source) report(ctx context.Context, verb string, err error) error {
	if err != nil {
		err = s.api.explain(verb, err)
	}
	if ctx.Err() == nil {
		s.mirror.asked(verb, err)
	}
	return err
}
