package main

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/etf"
	"gonode/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stock is what stock.erl is, in Go.
type stock struct{ act.Actor }

func (s *stock) HandleCall(_ gen.PID, _ gen.Ref, request any) (any, error) {
	var f find
	if err := etf.Unmarshal(request, &f); err != nil || f.Name == "" {
		return nil, &node.ExitReason{Term: gen.Atom("function_clause")}
	}
	if f.Name == "nut" {
		return answer{Tag: "ok", Value: item{Name: "nut", Count: 17, Tags: []string{"metal", "small"}}}, nil
	}
	return answer{Tag: "error", Value: gen.Atom("not_found")}, nil
}

func TestClient(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	port := freePort(t)
	peer, err := node.Start(ctx, node.Config{Name: "peer@127.0.0.1", Cookie: "secret", EPMDPort: port})
	require.NoError(t, err)
	defer peer.Shutdown(ctx)
	_, err = peer.Runtime().SpawnRegister("stock", func() gen.ProcessBehavior { return &stock{} }, gen.ProcessOptions{})
	require.NoError(t, err)

	var out bytes.Buffer
	cfg := node.Config{Name: "client@127.0.0.1", Cookie: "secret", EPMDPort: port}
	require.NoError(t, client(ctx, &out, cfg, "peer@127.0.0.1", []string{"nut", "screw", "", "nut"}))
	require.Equal(t, "nut: 17, metal and small\n"+
		"screw: there is no such item\n"+
		": the stock ended, because of function_clause\n"+
		"nut: nobody there is called stock\n", out.String())
	out.Reset()
	require.NoError(t, client(ctx, &out, cfg, "nowhere@127.0.0.1", []string{"nut"}))
	require.Contains(t, out.String(), "nut: not connected: ")
	cfg.Name = "no name"
	require.Error(t, client(ctx, &out, cfg, "peer@127.0.0.1", []string{"nut"}))
}

// freePort returns a port for an epmd that only this test knows.
func freePort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
