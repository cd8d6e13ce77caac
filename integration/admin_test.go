package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/admin"
	"gonode/integration/beam"
)

// ask returns an answer of a node's HTTP server. The cookie is in none.
func ask(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotContains(t, string(body), cookie)
	return resp.StatusCode, string(body)
}

// sample returns a sample of /metrics, given with its labels as it is written there; -1 if there is none.
func sample(t *testing.T, url, series string) float64 {
	t.Helper()
	_, text := ask(t, url+"/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		return -1
	}
	v, err := strconv.ParseFloat(m[1], 64)
	require.NoError(t, err)
	return v
}

// memberOf returns what /members says of a node.
func memberOf(t *testing.T, url, name string) admin.Member {
	t.Helper()
	_, text := ask(t, url+"/members")
	var all admin.Members
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	for _, m := range all.Members {
		if m.Node == name {
			return m
		}
	}
	return admin.Member{}
}

// reader reads server-sent events.
type reader struct {
	close func()
	lines *bufio.Scanner
	id    string
}

func readEvents(t *testing.T, url, lastID string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", url+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("Last-Event-ID", lastID)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return &reader{close: func() { resp.Body.Close() }, lines: bufio.NewScanner(resp.Body), id: lastID}
}

// next returns the next event as "kind node reason".
func (r *reader) next(t *testing.T) string {
	t.Helper()
	for r.lines.Scan() {
		field, value, _ := strings.Cut(r.lines.Text(), ": ")
		switch field {
		case "id":
			r.id = value
		case "data":
			var ev struct{ Event, Node, Reason string }
			require.NoError(t, json.Unmarshal([]byte(value), &ev))
			return strings.TrimSpace(ev.Event + " " + ev.Node + " " + ev.Reason)
		}
	}
	require.FailNow(t, "the stream has ended", "%v", r.lines.Err())
	return ""
}

// notifications listens as systemd does.
func notifications(t *testing.T) (string, func() string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gonode-notify-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return path, func() string {
		t.Helper()
		require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
		buf := make([]byte, 4096)
		n, err := c.Read(buf)
		require.NoError(t, err)
		return string(buf[:n])
	}
}

// TestOperators: what operators see of a node, while a BEAM joins, is killed and comes back, another has the wrong cookie and
// a third is hidden.
func TestOperators(t *testing.T) {
	socket, notified := notifications(t)
	eachRelease(t, func(t *testing.T, release string) {
		t.Setenv("NOTIFY_SOCKET", socket)
		t.Setenv("WATCHDOG_USEC", "1000000")
		c := newCluster(t, release)
		hooked := filepath.Join(t.TempDir(), "hooked")
		port := freePort(t)
		run := c.gonode("run", "--name", "go@127.0.0.1", "--strategy", "epmd", "--hosts", "a@127.0.0.1,b@127.0.0.1",
			"--http", itoa(port), "--ping-interval", "100ms", "--log-level", "debug",
			"--hook", `nodeup,nodedown:a@*=echo "$GONODE_EVENT $GONODE_NODE $GONODE_REASON$GONODE_COOKIE$NOTIFY_SOCKET" >> `+hooked)
		told := map[string]bool{}
		for len(told) < 2 {
			first, _, _ := strings.Cut(notified(), "\n")
			told[first] = true
		}
		require.Equal(t, map[string]bool{"READY=1": true, "WATCHDOG=1": true}, told)
		url := fmt.Sprintf("http://127.0.0.1:%d", port)
		eventually(t, patience, "the first discovery is over", func() bool { code, _ := ask(t, url+"/readyz"); return code == 200 })
		stream := readEvents(t, url, "")
		require.Equal(t, "synced", stream.next(t))

		a := c.beam(release, "a")
		require.Equal(t, "nodeup a@127.0.0.1", stream.next(t))
		joined(t, url, release)
		a.Kill()
		require.Equal(t, "nodedown a@127.0.0.1 connection_closed", stream.next(t))
		stream.close()
		require.EqualValues(t, 1, sample(t, url, `gonode_nodedowns_total{reason="connection_closed"}`))
		require.EqualValues(t, 0, sample(t, url, `gonode_links{kind="visible",via="discovery"}`))
		require.EqualValues(t, -1, sample(t, url, `gonode_link_send_queue_bytes{peer="a@127.0.0.1"}`))
		gone := memberOf(t, url, "a@127.0.0.1")
		require.NotEqual(t, "up", gone.Status)
		require.Equal(t, "connection_closed", gone.LastReason)
		_, why := ask(t, url+"/explain/a@127.0.0.1?format=text")
		require.Contains(t, why, "connected a@127.0.0.1")

		again := c.beam(release, "a")
		eventually(t, patience, "it is back", func() bool { return memberOf(t, url, "a@127.0.0.1").Connects == 2 })
		resumed := readEvents(t, url, stream.id)
		require.Equal(t, "nodeup a@127.0.0.1", resumed.next(t))
		require.Equal(t, "synced", resumed.next(t))
		require.EqualValues(t, 1, sample(t, url, "gonode_reconnects_total"))
		strangers(t, c, release, url)
		eval(t, again, "pong", "net_adm:ping('go@127.0.0.1')")

		require.NoError(t, run.cmd.Process.Signal(syscall.SIGTERM))
		require.Zero(t, run.exit(t))
		for notified() != "STOPPING=1" {
		}
		lines, err := os.ReadFile(hooked)
		require.NoError(t, err)
		require.Regexp(t, "^nodeup a@127.0.0.1 \nnodedown a@127.0.0.1 connection_closed\nnodeup a@127.0.0.1 \n"+
			"nodeup quiet@127.0.0.1 \nnodedown a@127.0.0.1 shutdown\n$", string(lines))
		require.NotContains(t, run.stderr.String(), cookie)
	})
}

// joined checks what is said of a BEAM that is up.
func joined(t *testing.T, url, release string) {
	t.Helper()
	var m admin.Member
	eventually(t, patience, "the round trip and the release are known", func() bool {
		m = memberOf(t, url, "a@127.0.0.1")
		return m.RTT != nil && m.Release != ""
	})
	require.Equal(t, "up visible discovery "+release, strings.Join([]string{m.Status, m.Kind, m.Via, m.Release}, " "))
	require.Equal(t, []string{"epmd", "mesh"}, m.Sources)
	require.EqualValues(t, 1, sample(t, url, `gonode_links{kind="visible",via="discovery"}`))
	require.EqualValues(t, 1, sample(t, url, `gonode_handshakes_total{direction="out",result="ok"}`))
	require.Positive(t, sample(t, url, `gonode_link_round_trip_seconds{peer="a@127.0.0.1"}`))
	require.Zero(t, sample(t, url, "gonode_round_trips_failed_total"))
	require.Positive(t, sample(t, url, `gonode_link_received_bytes_total{peer="a@127.0.0.1"}`))
}

// strangers has a BEAM with the wrong cookie and a hidden one connect.
func strangers(t *testing.T, c *cluster, release, url string) {
	t.Helper()
	wrong := c.beam(release, "wrong", func(o *beam.Options) { o.Cookie = "other" })
	eval(t, wrong, "pang", "net_adm:ping('go@127.0.0.1')")
	eventually(t, patience, "it is counted", func() bool {
		return sample(t, url, `gonode_handshakes_total{direction="in",result="cookie"}`) >= 1
	})
	quiet := c.beam(release, "quiet", func(o *beam.Options) { o.Hidden = true })
	eval(t, quiet, "pong", "net_adm:ping('go@127.0.0.1')")
	m := memberOf(t, url, "quiet@127.0.0.1")
	require.Equal(t, "up hidden peer", strings.Join([]string{m.Status, m.Kind, m.Via}, " "))
	require.EqualValues(t, 1, sample(t, url, `gonode_links{kind="hidden",via="peer"}`))
}
