package epmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/strategy"
)

// hosts is a Client: the nodes of each host, or no answer.
type hosts struct {
	mu    sync.Mutex
	names map[string]string
	asked int
}

func (h *hosts) Names(ctx context.Context, host string) ([]epmd.Node, error) {
	h.mu.Lock()
	h.asked++
	names, ok := h.names[host]
	h.mu.Unlock()
	switch {
	case names == "silent":
		<-ctx.Done()
		return nil, ctx.Err()
	case !ok:
		return nil, errors.New("no epmd there")
	}
	var nodes []epmd.Node
	for _, name := range strings.Fields(names) {
		nodes = append(nodes, epmd.Node{Name: name, Port: 1})
	}
	return nodes, nil
}

func (h *hosts) set(host, names string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names[host] = names
}

func (h *hosts) fail(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.names, host)
}

// run runs s and returns its sets, as text.
func run(t *testing.T, s *Strategy) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan strategy.Set)
	sets := make(chan string, 100)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, out) }() // ends in the cleanup
	go func() {                             // ends in the cleanup
		for {
			select {
			case set := <-out:
				sets <- strings.Join(names(set), " ")
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	})
	return sets
}

func names(set strategy.Set) []strategy.Name {
	var names []strategy.Name
	for _, n := range set.Nodes {
		names = append(names, n.Name)
	}
	return names
}

func TestNodesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Strategy{Nodes: []string{"b@h", "a@h"}, Hosts: []string{"c@i", "a@h"}}
		out := make(chan strategy.Set, 1)
		require.NoError(t, s.Run(t.Context(), out))
		require.Equal(t, []strategy.Name{"a@h", "b@h", "c@i"}, names(<-out))

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.Run(ctx, make(chan strategy.Set)), context.Canceled)
	})
}

func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		client := &hosts{names: map[string]string{"one": "a b", "two": "c", "hangs": "silent"}}
		sets := run(t, &Strategy{
			Nodes:  []string{"x@y"},
			Hosts:  []string{"two", "one", "", "z@y", "dead", "hangs", "one"},
			Client: client,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.Equal(t, "x@y z@y", <-sets, "at once")
		<-sets // the first host to answer
		require.Equal(t, "a@one b@one c@two x@y z@y", <-sets)

		time.Sleep(time.Minute)
		require.Empty(t, sets, "nothing new")
		client.fail("one")
		client.set("two", "d c")
		require.Equal(t, "a@one b@one c@two d@two x@y z@y", <-sets, "a host that fails keeps its last answer")
		time.Sleep(time.Minute)
		client.set("one", "")
		require.Equal(t, "c@two d@two x@y z@y", <-sets)
		synctest.Wait()
		for _, host := range []string{"one", "dead"} {
			require.Equal(t, 1, strings.Count(log.String(), `stay wanted" host=`+host), host)
		}
		require.Equal(t, 1, strings.Count(log.String(), "says again"))
	})
}

func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &hosts{names: map[string]string{"one": "a"}}
		run(t, &Strategy{Hosts: []string{"one"}, Client: client, Interval: time.Minute})
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		require.Equal(t, 11, client.asked)
	})
}

func TestTooManyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names strings.Builder
		for i := range maxNames + 1 {
			fmt.Fprintf(&names, "n%d ", i)
		}
		client := &hosts{names: map[string]string{"one": names.String()}}
		sets := run(t, &Strategy{Hosts: []string{"one"}, Client: client})
		require.Len(t, strings.Fields(<-sets), maxNames)
	})
}

func TestDefaults(t *testing.T) {
	s := &Strategy{}
	require.Equal(t, &epmd.Client{}, s.client())
	require.NotNil(t, s.logger())
	require.Equal(t, DefaultInterval, s.interval())
	require.Equal(t, "epmd", strategy.Sources(s)[0].Name)
}
