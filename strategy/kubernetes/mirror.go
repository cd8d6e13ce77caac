package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// The verbs that are needed on the objects looked in.
const (
	verbList  = "list"
	verbWatch = "watch"
)

// mirror has what the API server told last: the endpoints of each object, and how the last request of each verb went. The
// reflector writes to it, from goroutines of its own.
type mirror struct {
	changed chan struct{} // capacity 1: there is something new

	mu      sync.Mutex
	known   bool // there was a list
	objects map[string][]endpoint
	failed  map[string]error // by verb: its last request
}

var _ cache.ReflectorStore = (*mirror)(nil)

func newMirror() *mirror {
	return &mirror{changed: make(chan struct{}, 1), objects: map[string][]endpoint{}, failed: map[string]error{}}
}

// change changes m.
func (m *mirror) change(f func()) {
	m.mu.Lock()
	f()
	m.mu.Unlock()
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// asked says how a request went.
func (m *mirror) asked(verb string, err error) {
	m.change(func() { m.failed[verb] = err })
}

// state returns all endpoints, in the order of the objects' names, whether there was a list at all, and the error there is.
func (m *mirror) state() (found []endpoint, known bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.objects)) {
		found = append(found, m.objects[name]...)
	}
	err = m.failed[verbList]
	if err == nil {
		err = m.failed[verbWatch]
	}
	return found, m.known, err
}

// Replace implements cache.ReflectorStore.
func (m *mirror) Replace(list []any, _ string) error {
	objects := make(map[string][]endpoint, len(list))
	for _, o := range list {
		name, found, err := endpoints(o)
		if err != nil {
			return err
		}
		objects[name] = found
	}
	m.change(func() { m.objects, m.known = objects, true })
	return nil
}

// Add implements cache.ReflectorStore.
func (m *mirror) Add(o any) error {
	name, found, err := endpoints(o)
	if err == nil {
		m.change(func() { m.objects[name] = found })
	}
	return err
}

// Update implements cache.ReflectorStore.
func (m *mirror) Update(o any) error { return m.Add(o) }

// Delete implements cache.ReflectorStore.
func (m *mirror) Delete(o any) error {
	name, _, err := endpoints(o)
	if err == nil {
		m.change(func() { delete(m.objects, name) })
	}
	return err
}

// Resync implements cache.ReflectorStore. There is nothing to do.
func (m *mirror) Resync() error { return nil }

// endpoints returns the name of an object, and the endpoints in it.
func endpoints(o any) (name string, found []endpoint, err error) {
	switch o := o.(type) {
	case *discovery.EndpointSlice:
		found = ofSlice(o)
	case *endpointsObject:
		found = ofEndpoints(o)
	case *core.Pod:
		found = ofPod(o)
	default:
		return "", nil, fmt.Errorf("kubernetes: the API server sent a %T", o)
	}
	return o.(meta.Object).GetName(), found, nil
}
