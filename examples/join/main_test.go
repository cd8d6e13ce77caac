package main

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJoin(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	port := freePort(t)
	peer, err := node.Start(ctx, node.Config{Name: "peer@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	defer peer.Shutdown(ctx)

	var out bytes.Buffer
	cfg := node.Config{Name: "join@127.0.0.1", Cookie: "secret", EPMDPort: port}
	require.NoError(t, join(ctx, &out, cfg, []string{"peer@127.0.0.1"}))
	require.Regexp(t, `^peer@127\.0\.0\.1 is \S+ away\nconnected to peer@127\.0\.0\.1 at 127\.0\.0\.1:\d+\n$`, out.String())

	cfg.Cookie = "sesame"
	require.ErrorContains(t, join(ctx, &out, cfg, []string{"peer@127.0.0.1"}), "cookie")
}

// freePort returns a port for an epmd that only this test knows.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
