//go:build linux

package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/strategy"
	"gonode/strategy/kubernetes"
)

const patience = 10 * time.Second

// kubeconfig writes a kubeconfig for a service account that has got the Role which the strategy asks for, and returns its
// path.
func kubeconfig(t *testing.T, namespace string, s *kubernetes.Strategy) string {
	t.Helper()
	allow(t, namespace, s)
	return kubeconfigOf(t, namespace, "node")
}

// allow gives account node of a namespace the Role of a strategy, and waits until the API server knows.
func allow(t *testing.T, namespace string, s *kubernetes.Strategy) {
	t.Helper()
	apply(t, "%s", s.Role(namespace, "node"))
	for _, verb := range s.Rule().Verbs {
		awaitAccess(t, true, s.Rule(), verb, cmp.Or(s.Namespace, namespace), namespace+":node")
	}
}

func kubeconfigOf(t *testing.T, namespace, account string) string {
	t.Helper()
	return file(t, "kubeconfig", string(cp.Kubeconfig("{token: "+token(t, namespace, account)+"}", namespace)))
}

// file writes a file of its own folder, and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// rewrite replaces what is in a file, at once as kubelet does.
func rewrite(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

// watcher runs a strategy and has its sets.
type watcher struct {
	mu   sync.Mutex
	sets []strategy.Set
}

// watch runs a strategy until the test ends, or stop is called.
func watch(t *testing.T, s *kubernetes.Strategy) (w *watcher, stop func()) {
	t.Helper()
	s.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	w = &watcher{}
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan strategy.Set)
	var tasks sync.WaitGroup
	var failed error
	tasks.Go(func() { failed = s.Run(ctx, out) }) // ends when stop is called
	tasks.Go(func() {                             // the same
		for {
			select {
			case set := <-out:
				w.mu.Lock()
				w.sets = append(w.sets, set)
				w.mu.Unlock()
			case <-ctx.Done():
				return
			}
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		tasks.Wait()
		require.ErrorIs(t, failed, context.Canceled)
	})
	t.Cleanup(stop)
	return w, stop
}

// last returns the newest set; ok is false if there is none yet.
func (w *watcher) last() (set strategy.Set, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sets) == 0 {
		return set, false
	}
	return w.sets[len(w.sets)-1], true
}

// all returns the sets there were.
func (w *watcher) all() []strategy.Set {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sets)
}

// count returns how many sets there were.
func (w *watcher) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sets)
}

// names are those of a set, in one line.
func names(set strategy.Set) string {
	all := make([]string, len(set.Nodes))
	for i, n := range set.Nodes {
		all[i] = n.Name
	}
	return strings.Join(all, " ")
}

// until waits for a set that will do, and returns it.
func (w *watcher) until(t *testing.T, d time.Duration, what string, such func(strategy.Set) bool) strategy.Set {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		set, ok := w.last()
		if ok && such(set) {
			return set
		}
		require.Less(t, time.Since(begin), d, "want %s, got %q, %v", what, names(set), set.Partial)
	}
}

// wants waits for a whole set of these names.
func (w *watcher) wants(t *testing.T, want string) strategy.Set {
	t.Helper()
	return w.until(t, patience, want, func(s strategy.Set) bool { return s.Partial == nil && names(s) == want })
}

// fails waits for an error of the API server while these names are known, and returns it.
func (w *watcher) fails(t *testing.T, known, with string) *kubernetes.APIError {
	t.Helper()
	set := w.until(t, patience, fmt.Sprintf("%q and error %q", known, with), func(s strategy.Set) bool {
		return s.Partial != nil && names(s) == known && strings.Contains(s.Partial.Error(), with)
	})
	var e *kubernetes.APIError
	require.ErrorAs(t, set.Partial, &e)
	return e
}
