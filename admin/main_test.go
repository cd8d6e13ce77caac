package admin

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/node"
	"gonode/strategy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 10 * time.Second
	cookie   = "aCookieThatIsNeverTold"
)

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// start starts a node that is shut down at the end of the test.
func start(t *testing.T, name string, epmdPort int, change ...func(*node.Config)) *node.Node {
	t.Helper()
	cfg := node.Config{
		Name: name + "@127.0.0.1", Cookie: cookie, EPMDPort: epmdPort, MeshInterval: -1, Logger: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	n, err := node.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, shutdown(n)) })
	return n
}

func shutdown(n interface{ Shutdown(context.Context) error }) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return n.Shutdown(ctx)
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// serve starts a Server on a loopback port and returns it with its address.
func serve(t *testing.T, n *node.Node, cfg Config, change ...func(*Server)) (*Server, string) {
	t.Helper()
	if cfg.Listen == nil {
		cfg.Listen = []string{"0"}
	}
	s := New(n, cfg)
	for _, c := range change {
		c(s)
	}
	require.NoError(t, s.Start())
	t.Cleanup(func() { require.NoError(t, shutdown(s)) })
	return s, "http://" + s.Addrs()[0].String()
}

// client is one that keeps no connections, so that goroutines do not outlive a test.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
}

// get asks and returns the answer; every answer is checked for what must not be in it.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := client().Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotContains(t, string(body), cookie)
	return resp.StatusCode, string(body)
}

func getJSON[T any](t *testing.T, url string) T {
	t.Helper()
	code, body := get(t, url)
	require.Equal(t, http.StatusOK, code, body)
	var v T
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&v))
	return v
}

// fed is a strategy that sends what a test gives it.
type fed chan strategy.Set

func (f fed) Run(ctx context.Context, out chan<- strategy.Set) error {
	for {
		select {
		case set := <-f:
			if err := strategy.Send(ctx, out, set); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (f fed) say(names ...string) {
	for i := range names {
		names[i] += "@127.0.0.1"
	}
	f <- strategy.Set{Nodes: strategy.Nodes("listed", names...)}
}

func discovers(source fed) func(*node.Config) {
	return func(c *node.Config) { c.Topologies = []strategy.Source{{Name: "test", Strategy: source}} }
}
