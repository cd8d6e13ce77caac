package integration

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/node"
)

// tee is a proxy that keeps what goes through it, for one connection.
func tee(t *testing.T, to string) (address, dialer, listener string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dir := t.TempDir()
	dialer, listener = filepath.Join(dir, "dialer"), filepath.Join(dir, "listener")
	var proxy sync.WaitGroup // ends with the connection, and that with the node
	proxy.Go(func() {
		in, err := ln.Accept()
		ln.Close()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", to)
		if err != nil {
			in.Close()
			return
		}
		keep := func(to, from net.Conn, path string) {
			file, err := os.Create(path)
			if err == nil {
				_, _ = io.Copy(to, io.TeeReader(from, file))
				file.Close()
			}
			to.Close()
		}
		proxy.Go(func() { keep(out, in, dialer) })
		proxy.Go(func() { keep(in, out, listener) })
	})
	t.Cleanup(func() { ln.Close(); proxy.Wait() })
	return ln.Addr().String(), dialer, listener
}

// TestCommandCapture: what a proxy kept of a Go node and a BEAM of each release.
func TestCommandCapture(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		a := c.beam(release, "a")
		address, dialer, listener := tee(t, "127.0.0.1:"+strconv.Itoa(a.DistPort(t)))
		n, err := c.tryGoNode("go", func(cfg *node.Config) {
			cfg.Hidden = true
			cfg.Resolve = func(context.Context, string) (string, error) { return address, nil }
		})
		require.NoError(t, err)
		var sum int
		require.NoError(t, n.RPC(t.Context(), "a@127.0.0.1", "lists", "sum", &sum, etf.List{int64(1), int64(2)}))
		require.NoError(t, n.Send(t.Context(), gen.ProcessID{Name: "nobody", Node: "a@127.0.0.1"}, etf.Tuple{gen.Atom("hello"), []byte("you")}))
		require.NoError(t, shutdown(n))

		both := c.exits(0, "capture", "--dialer", dialer, "--listener", listener, "-o", "json", "--no-ticks")
		both.says(`"side":"dialer","from":"go@127.0.0.1","offset":0,`, `"kind":"send_name","node":"go@127.0.0.1"`,
			`"kind":"send_challenge","node":"a@127.0.0.1"`, `"kind":"send_challenge_ack"`,
			`"kind":"spawn_request","process":"<go@127.0.0.1.`, `"function":"erpc:execute_call/4"`,
			`"to":"nobody","message":{"$tuple":[{"$atom":"hello"},"you"]}`, `"kind":"down"`)
		c.exits(0, "capture", "--dialer", dialer).says("go@127.0.0.1 send_challenge_reply", "to=nobody message={hello,<<\"you\">>}")
		c.exits(0, "capture", "--listener", listener).says("a@127.0.0.1 send_challenge_ack", "return,3}")
	})
}
