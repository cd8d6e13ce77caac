package localepmd

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/epmd"
	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Client: the nodes of each address; nobody listens on the others.
type fake struct {
	mu    sync.Mutex
	names map[string]string
}

func (f *fake) Names(_ context.Context, host string) ([]epmd.Node, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	names, ok := f.names[host]
	if !ok {
		return nil, &epmd.Error{Op: "list the nodes", Addr: host, Reason: epmd.ReasonNoServer}
	}
	var nodes []epmd.Node
	for _, name := range strings.Fields(names) {
		nodes = append(nodes, epmd.Node{Name: name, Port: 1})
	}
	return nodes, nil
}

func (f *fake) set(names map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names = names
}

// TestComingAndGoing: epmd is there or not, and nobody is lost by it.
func TestComingAndGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		v4 := func(names string) map[string]string { return map[string]string{"127.0.0.1": names} }
		f := &fake{}
		r := strategytest.Run(t, &Strategy{Self: "go@db.example.org", Client: f, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		next := func(want string, partial bool) {
			t.Helper()
			set := r.Next()
			require.Equal(t, partial, set.Partial != nil, "%v", set.Partial)
			set.Partial = nil
			require.Equal(t, want, strategytest.Text(set))
		}
		begin := time.Now()
		next("", true) // the node may be faster than epmd
		f.set(v4("go b a"))
		next("a@db.example.org b@db.example.org go@db.example.org", false)
		require.Equal(t, DefaultInterval, time.Since(begin))
		f.set(v4("go b"))
		next("b@db.example.org go@db.example.org", false)

		f.set(nil)
		next("b@db.example.org go@db.example.org", true)
		next("b@db.example.org go@db.example.org", true)
		f.set(v4("")) // a new epmd, where nobody has registered yet
		next("b@db.example.org go@db.example.org", true)
		f.set(v4("c go"))
		next("c@db.example.org go@db.example.org", false)
		require.Equal(t, 2, strings.Count(log.String(), "stay wanted"), "at first, and when it went")
		require.Equal(t, 2, strings.Count(log.String(), "again in full"))
	})
}

// TestReturn: an epmd that comes back with fewer nodes is believed after a while.
func TestReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{names: map[string]string{"127.0.0.1": "a b"}}
		r := strategytest.Run(t, &Strategy{Self: "go@h", Client: f})
		require.Equal(t, "a@h b@h", r.Text())
		f.set(nil)
		require.Error(t, r.Next().Partial)
		f.set(map[string]string{"127.0.0.1": "b"})
		set := r.Next()
		require.Len(t, set.Nodes, 2)
		require.ErrorContains(t, set.Partial, "knows 1 nodes, 2 before")
		begin := time.Now()
		for set.Partial != nil {
			set = r.Next()
		}
		require.Equal(t, "b@h", strategytest.Text(set))
		require.Equal(t, grace, time.Since(begin))
	})
}

func TestIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{names: map[string]string{"::1": "a"}}
		set := strategytest.Run(t, &Strategy{Self: "go@fd00::1", Client: f}).Next()
		require.Equal(t, strategy.Nodes("epmd of this host", "a@fd00::1"), set.Nodes)
		require.NoError(t, set.Partial)
	})
}

// TestRealEPMD asks a server over TCP.
func TestRealEPMD(t *testing.T) {
	lns, err := epmd.Listen(t.Context(), []string{"127.0.0.1"}, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- new(epmd.Server).Serve(ctx, lns...) }() // ends below
	client := &epmd.Client{Port: lns[0].Addr().(*net.TCPAddr).Port}
	reg, err := client.Register(t.Context(), "127.0.0.1", epmd.Node{Name: "a", Port: 9100})
	require.NoError(t, err)
	defer reg.Close()

	r := strategytest.Run(t, &Strategy{Self: "go@h", Client: client, Interval: time.Millisecond})
	require.Equal(t, "a@h", r.Text())
	cancel()
	require.NoError(t, <-done)
	set := r.Next()
	for set.Partial == nil {
		set = r.Next()
	}
	require.Len(t, set.Nodes, 1)
	require.ErrorContains(t, set.Partial, "no epmd listens there")
}

func TestCheck(t *testing.T) {
	require.NoError(t, (&Strategy{Self: "go@h"}).Check())
	err := (&Strategy{Self: "go", Interval: -1}).Check()
	require.ErrorContains(t, err, `local-epmd: Self: want the name of the own node: "go"`)
	require.ErrorContains(t, err, "local-epmd: Interval: -1ns")
	var field *strategy.FieldError
	require.ErrorAs(t, (&Strategy{}).Run(t.Context(), nil), &field)
}
