package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/epmd"
	"gonode/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a node that is found without epmd, at address.
func start(t *testing.T, name string, address *string) *node.Node {
	t.Helper()
	n, err := node.Start(t.Context(), node.Config{
		Name: name, Cookie: "secret", EPMD: epmd.None, Listen: "127.0.0.1:0",
		Resolve: func(context.Context, string) (string, error) { return *address, nil },
	})
	require.NoError(t, err)
	t.Cleanup(func() { n.Shutdown(context.Background()) })
	return n
}

// TestWorkloads does a little of each workload between two nodes of this process.
func TestWorkloads(t *testing.T) {
	var address string
	peer := start(t, "peer@127.0.0.1", &address)
	require.NoError(t, serve(peer))
	address = peer.Addr().String()
	driver := start(t, "driver@127.0.0.1", &address)
	for name, w := range workloads() {
		a, b, err := command(t.Context(), driver, name+" peer@127.0.0.1 3")
		require.NoError(t, err, name)
		require.Positive(t, b, name)
		if name == "round_trip" {
			require.LessOrEqual(t, a, b)
		} else {
			require.EqualValues(t, 3*w.workers, a, name)
		}
	}
	for _, wrong := range []string{"", "small_in peer@127.0.0.1", "small_in peer@127.0.0.1 0", "large_in peer@127.0.0.1 1"} {
		_, _, err := command(t.Context(), driver, wrong)
		require.Error(t, err, wrong)
	}
}

// TestRun: it answers line by line, and ends with its input.
func TestRun(t *testing.T) {
	mapper, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port, err := strconv.Atoi(mapper.Addr().String()[strings.LastIndex(mapper.Addr().String(), ":")+1:])
	require.NoError(t, err)
	mapper.Close()
	cfg := node.Config{Name: "go@127.0.0.1", Cookie: "secret", EPMDPort: port}
	var out bytes.Buffer
	require.NoError(t, run(cfg, strings.NewReader("nonsense\n"), &out))
	lines := strings.SplitN(out.String(), "\n", 2)
	require.Equal(t, "ready", lines[0])
	require.Contains(t, lines[1], `error "nonsense"`)

	cfg.EPMD = epmd.External
	require.Error(t, run(cfg, strings.NewReader(""), io.Discard), "there is no epmd")
}
