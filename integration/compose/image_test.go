package compose

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the image may cost; docs/performance.md has what it does.
const (
	maxImage  = 15 << 20 // bytes, compressed as in a registry
	maxReady  = time.Second
	maxMemory = 30 << 20 // bytes, resident
)

// counter counts what is written to it.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// image: the container of one more Go node is small, quick to be ready, and modest with the memory when it has four peers and
// nothing to do. It runs as nobody, from a file system that it can't write to.
func image(t *testing.T, s *stack) {
	require.Equal(t, "65532:65532", s.docker(t, "image", "inspect", "--format", "{{.Config.User}}", "gonode"))
	size := compressed(t, s.ctx)
	t.Logf("image: %.1f MiB compressed", mebi(size))
	require.LessOrEqual(t, size, maxImage)

	m := member{service: s.project + "-go3", node: "go@go3.gonode.test", golang: true}
	s.docker(t, "create", "--name", m.service, "--label", s.label(),
		"--network", s.project+"_cluster", "--network-alias", m.host(), "--hostname", m.host(),
		"--read-only", "--cap-drop", "ALL", "--env", s.env[0], "--publish", "127.0.0.1::9140",
		"gonode", "run", "--name", m.node, "--strategy", "gossip", "--http", ":9140")
	var took []time.Duration
	for range 3 {
		s.docker(t, "stop", m.service)
		took = append(took, s.start(t, m))
	}
	slices.Sort(took)
	require.Less(t, took[1], maxReady, "the median of %v", took)

	all := strings.TrimSuffix(list(), "]") + "," + m.atom() + "]"
	s.await(t, "beam25", all, "lists:sort([node() | nodes()])")
	s.await(t, "beam25", list(), fmt.Sprintf("lists:sort(erpc:call(%s, erlang, nodes, []))", m.atom()))
	most := 0
	for range 20 {
		most = max(most, resident(t, s, m))
		time.Sleep(250 * time.Millisecond)
	}
	t.Logf("%.1f MiB resident with 4 peers", mebi(most))
	require.LessOrEqual(t, most, maxMemory)
	s.docker(t, "stop", m.service)
	require.Equal(t, "0", s.docker(t, "inspect", "--format", "{{.State.ExitCode}}", m.service))
	s.meshed(t)
}

func mebi(n int) float64 { return float64(n) / (1 << 20) }

// compressed returns the size of the image as a registry would have it.
func compressed(t *testing.T, ctx context.Context) int {
	t.Helper()
	cmd := exec.CommandContext(ctx, "docker", "save", "gonode")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var size counter
	w := gzip.NewWriter(&size)
	_, err = io.Copy(w, out)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, cmd.Wait())
	return int(size)
}

// start starts the container of a node and returns how long it took from when its program was started until it was ready.
func (s *stack) start(t *testing.T, m member) time.Duration {
	t.Helper()
	begin := time.Now()
	s.docker(t, "start", m.service)
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	address := "http://" + s.docker(t, "port", m.service, "9140") + "/readyz"
	for {
		answer, err := client.Get(address)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				break
			}
		}
		require.Less(t, time.Since(begin), patience, "not ready: %v", err)
		time.Sleep(5 * time.Millisecond)
	}
	ready := time.Now()
	started, err := time.Parse(time.RFC3339Nano, s.docker(t, "inspect", "--format", "{{.State.StartedAt}}", m.service))
	require.NoError(t, err)
	t.Logf("ready %v after the start, %v with all that the engine does", ready.Sub(started).Round(time.Millisecond), ready.Sub(begin).Round(time.Millisecond))
	return ready.Sub(started)
}

// resident returns the resident memory of the program of a container, in bytes.
func resident(t *testing.T, s *stack, m member) int {
	t.Helper()
	words := strings.Fields(s.docker(t, "top", m.service, "-o", "pid,rss"))
	require.Len(t, words, 4, "a heading and one process")
	kib, err := strconv.Atoi(words[3])
	require.NoError(t, err)
	return kib << 10
}
