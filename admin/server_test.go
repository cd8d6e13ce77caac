package admin

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/node"
)

func TestHealth(t *testing.T) {
	port := freePort(t)
	source := make(fed)
	a := start(t, "a", port, discovers(source), func(c *node.Config) { c.MinMembers = 1 })
	s, url := serve(t, a, Config{})
	code, body := get(t, url+"/healthz")
	require.Equal(t, "200 ok\n", fmt.Sprint(code, " ", body))
	code, body = get(t, url+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, "0 of 1")

	start(t, "b", port)
	source.say("b")
	require.NoError(t, a.WaitMembers(within(t), 1))
	require.Eventually(t, func() bool { code, _ = get(t, url+"/readyz"); return code == http.StatusOK }, patience, time.Millisecond)
	code, _ = get(t, url+"/")
	require.Equal(t, http.StatusOK, code)
	code, _ = get(t, url+"/nothing")
	require.Equal(t, http.StatusNotFound, code)
	resp, err := client().Post(url+"/healthz", "text/plain", strings.NewReader("x"))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)

	require.NoError(t, shutdown(a))
	code, _ = get(t, url+"/healthz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	code, _ = get(t, url+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.NoError(t, shutdown(s))
	_, err = client().Get(url + "/healthz")
	require.Error(t, err)
	require.ErrorContains(t, s.Start(), "before")
}

// TestMembers: who is up and why, who is wanted and is not, and why.
func TestMembers(t *testing.T) {
	port := freePort(t)
	source := make(fed)
	a := start(t, "a", port, discovers(source))
	b := start(t, "b", port)
	hidden := start(t, "c", port, func(c *node.Config) { c.Hidden = true })
	_, url := serve(t, a, Config{PingInterval: time.Hour})
	source.say("a", "b", "nobody")
	require.NoError(t, hidden.Connect(within(t), a.Name()))
	require.NoError(t, a.WaitMembers(within(t), 2))
	var got Members
	require.Eventually(t, func() bool {
		got = getJSON[Members](t, url+"/members")
		return len(got.Members) == 4 && got.Members[1].RTT != nil && got.Members[2].RTT != nil && got.Members[3].LastError != ""
	}, patience, time.Millisecond, "round trips of those who are new are measured at once")
	require.Equal(t, 1, got.V)
	require.Equal(t, "a@127.0.0.1", got.Node)
	require.True(t, got.Ready)
	self, mb, mc, none := got.Members[0], got.Members[1], got.Members[2], got.Members[3]
	require.Equal(t, "a@127.0.0.1 up self", self.Node+" "+self.Status+" "+self.Kind)
	require.Equal(t, "b@127.0.0.1 up visible discovery", strings.Join([]string{mb.Node, mb.Status, mb.Kind, mb.Via}, " "))
	require.Equal(t, []string{"test"}, mb.Sources)
	require.Equal(t, "listed", mb.Origin)
	require.Equal(t, b.Addr().String(), mb.Address)
	require.EqualValues(t, 1, mb.Connects)
	require.Equal(t, b.Creation(), mb.Creation)
	require.Positive(t, *mb.RTT)
	since, err := time.Parse(time.RFC3339Nano, mb.Since)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), since, patience)
	require.Equal(t, "c@127.0.0.1 up hidden peer", strings.Join([]string{mc.Node, mc.Status, mc.Kind, mc.Via}, " "))
	require.Empty(t, mc.Sources)
	require.Equal(t, "nobody@127.0.0.1", none.Node)
	require.NotEqual(t, "up", none.Status)
	require.Contains(t, none.LastError, "epmd")

	require.True(t, a.Disconnect(b.Name()))
	require.Eventually(t, func() bool {
		mb = getJSON[Members](t, url+"/members").Members[1]
		return mb.Connects == 2
	}, patience, time.Millisecond)
	require.Equal(t, "disconnect", mb.LastReason)
	require.NotEmpty(t, mb.LastDown)
}

func TestExplain(t *testing.T) {
	source := make(fed)
	a := start(t, "a", freePort(t), discovers(source))
	_, url := serve(t, a, Config{})
	source.say("nobody")
	var got Explanation
	require.Eventually(t, func() bool {
		got = getJSON[Explanation](t, url+"/explain/nobody@127.0.0.1")
		return len(got.History) >= 3
	}, patience, time.Millisecond)
	require.True(t, got.Known)
	require.Contains(t, got.Because, "attempts: connect to nobody@127.0.0.1")
	require.Equal(t, []Want{{Source: "test", Origin: "listed"}}, got.Wants)
	require.Len(t, got.Sources, 1)
	require.Equal(t, "wanted", got.History[0].Kind)
	_, text := get(t, url+"/explain/nobody@127.0.0.1?format=text")
	require.Contains(t, text, "wanted by test (listed)")
	stranger := getJSON[Explanation](t, url+"/explain/x%2Fy")
	require.False(t, stranger.Known)
	require.NotEmpty(t, stranger.Because)
	code, _ := get(t, url+"/explain/"+strings.Repeat("x", maxName+1))
	require.Equal(t, http.StatusBadRequest, code)
}

// TestOtherHosts: a page in a browser on this host can't ask under a name of its own.
func TestOtherHosts(t *testing.T) {
	_, url := serve(t, start(t, "a", freePort(t)), Config{})
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:80": 200, "127.0.0.1:1": 200, "[::1]:80": 200, "evil.example.org": 421, "evil.example.org:80": 421,
	} {
		req, err := http.NewRequest("GET", url+"/members", nil)
		require.NoError(t, err)
		req.Host = host
		resp, err := client().Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, want, resp.StatusCode, host)
		require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
	}
}

func TestUnixSocket(t *testing.T) {
	n := start(t, "a", freePort(t))
	path := filepath.Join(t.TempDir(), "gonode.sock")
	s, _ := serve(t, n, Config{Listen: []string{"unix:" + path, "0"}})
	require.Equal(t, path, s.Addrs()[0].String())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	overSocket := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	resp, err := overSocket.Get("http://gonode/healthz")
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.ErrorContains(t, New(n, Config{Listen: []string{"unix:" + path}}).Start(), "another process answers there")
	require.NoError(t, shutdown(s))
	require.NoFileExists(t, path)

	// What a process that was killed left behind does not matter; what is no socket is left alone.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	left.SetUnlinkOnClose(false)
	left.Close()
	serve(t, n, Config{Listen: []string{"unix:" + path}, SocketMode: 0o660})
	info, err = os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o660), info.Mode().Perm())
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("keep"), 0o600))
	require.ErrorContains(t, New(n, Config{Listen: []string{"unix:" + file}}).Start(), "something else")
}

func TestListenAddresses(t *testing.T) {
	for spec, want := range map[string]string{
		"9140": "tcp 127.0.0.1:9140", ":9140": "tcp :9140", "10.0.0.1:http": "tcp 10.0.0.1:http", "[::1]:1": "tcp [::1]:1",
		"unix:/run/x": "unix /run/x",
	} {
		network, addr, err := address(spec)
		require.NoError(t, err)
		require.Equal(t, want, network+" "+addr)
		require.NoError(t, CheckListen(spec))
	}
	for _, spec := range []string{"", "x", "99999", "-1", "host:", "unix:", "127.0.0.1"} {
		require.Error(t, CheckListen(spec), spec)
	}
	n := start(t, "a", freePort(t))
	_, url := serve(t, n, Config{})
	taken := strings.TrimPrefix(url, "http://")
	err := New(n, Config{Listen: []string{"0", taken}}).Start()
	require.ErrorContains(t, err, taken)
}

// TestConnectionLimit: those who connect and say nothing hold up others only as long as they may.
func TestConnectionLimit(t *testing.T) {
	n := start(t, "a", freePort(t))
	_, url := serve(t, n, Config{MaxConns: 2})
	var idle []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		idle = append(idle, c)
		defer c.Close()
		fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		line, err := bufio.NewReader(c).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "200")
	}
	answered := make(chan error, 1)
	go func() { // ends when there is room
		resp, err := client().Get(url + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		answered <- err
	}()
	select {
	case <-answered:
		require.Fail(t, "a third connection was taken")
	case <-time.After(100 * time.Millisecond):
	}
	idle[0].Close()
	require.NoError(t, <-answered)
}

// TestRequestLimits: a request that does not come to an end, and one with too large a head.
func TestRequestLimits(t *testing.T) {
	n := start(t, "a", freePort(t))
	_, url := serve(t, n, Config{}, func(s *Server) { s.headerTime = 50 * time.Millisecond })
	dial := func(text string) *bufio.Reader {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
		_, _ = c.Write([]byte(text)) // it may be closed before all is written
		return bufio.NewReader(c)
	}
	_, err := io.Copy(io.Discard, dial("GET /members HTTP/1.1\r\nHost: local"))
	require.NoError(t, err, "it is closed in time")
	line, err := dial("GET /members HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", maxHeader+8192) + "\r\n\r\n").ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "431")
}
