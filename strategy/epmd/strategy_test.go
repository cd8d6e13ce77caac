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
	"gonode/strategy/internal/strategytest"
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

func TestNodesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Strategy{Nodes: []string{"b@h", "a@h"}, Hosts: []string{"c@i", "a@h"}}
		out := make(chan strategy.Set, 1)
		require.NoError(t, s.Run(t.Context(), out))
		require.Equal(t, strategy.Set{Nodes: strategy.Nodes("list", "a@h", "b@h", "c@i")}, <-out)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.Run(ctx, make(chan strategy.Set)), context.Canceled)
	})
}

func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		client := &hosts{names: map[string]string{"one": "b a b", "two": "c"}}
		r := strategytest.Run(t, &Strategy{
			Nodes:  []string{"x@y"},
			Hosts:  []string{"two", "one", "", "z@y", "one"},
			Client: client,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		set := r.Next()
		require.Equal(t, strategy.Nodes("list", "x@y", "z@y"), set.Nodes, "at once")
		require.ErrorIs(t, set.Partial, strategy.ErrPending)
		require.ErrorContains(t, set.Partial, "host one: it has not answered yet")
		require.Error(t, r.Next().Partial, "the first host to answer")
		set = r.Next()
		require.Equal(t, "a@one b@one c@two x@y z@y", strategytest.Text(set))
		require.Equal(t, "epmd of one", set.Nodes[0].Origin)

		require.Equal(t, "a@one b@one c@two x@y z@y", r.Text(), "again at the interval")
		client.fail("one")
		client.set("two", "d c")
		r.Until("a@one b@one c@two d@two x@y z@y (host one: no epmd there)")
		client.set("one", "")
		r.Until("c@two d@two x@y z@y")
		require.Equal(t, 1, strings.Count(log.String(), `stay wanted" host=one`))
		require.Equal(t, 1, strings.Count(log.String(), "says again"))
	})
}

// TestLibclusterDefect9: hosts are asked side by side; one that hangs or is dead holds up no other.
func TestLibclusterDefect9(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		client := &hosts{names: map[string]string{"one": "a", "hangs": "silent"}}
		r := strategytest.Run(t, &Strategy{Hosts: []string{"hangs", "dead", "one"}, Client: client})
		r.Until("a@one (host hangs: it has not answered yet\nhost dead: no epmd there)")
		require.Zero(t, time.Since(begin))
	})
}

func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &hosts{names: map[string]string{"one": "a"}}
		r := strategytest.Run(t, &Strategy{Hosts: []string{"one"}, Client: client, Interval: time.Minute})
		begin := time.Now()
		for time.Since(begin) < 10*time.Minute {
			require.Equal(t, "a@one", r.Text())
		}
		synctest.Wait()
		require.InDelta(t, 11, client.asked, 1)
	})
}

func TestTooManyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names strings.Builder
		for i := range maxNames + 1 {
			fmt.Fprintf(&names, "n%d ", i)
		}
		client := &hosts{names: map[string]string{"one": names.String()}}
		r := strategytest.Run(t, &Strategy{Hosts: []string{"one"}, Client: client})
		require.Len(t, r.Next().Nodes, maxNames)
	})
}

func TestDefaults(t *testing.T) {
	s := &Strategy{}
	require.Equal(t, &epmd.Client{}, s.client())
	require.NotNil(t, s.logger())
	require.Equal(t, DefaultInterval, s.interval())
	require.Equal(t, "epmd", strategy.Sources(s)[0].Name)
}

func TestCheck(t *testing.T) {
	require.NoError(t, (&Strategy{}).Check())
	require.NoError(t, (&Strategy{Nodes: []string{"a@h"}, Hosts: []string{"h", "fd00::1", "b@h"}}).Check())
	err := (&Strategy{Nodes: []string{"a@h", "b"}, Hosts: []string{"", "h h"}, Interval: -1}).Check()
	for _, want := range []string{`epmd: Nodes[1]: "b"`, `epmd: Hosts[0]: ""`, `epmd: Hosts[1]: "h h"`, "epmd: Interval: -1ns"} {
		require.ErrorContains(t, err, want)
	}
}
