package hooks

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/events"
)

// receiver is a web server that answers with codes in turn, the last one for ever, and keeps what it got.
type receiver struct {
	codes  []int
	header http.Header // of the answers

	mu     sync.Mutex
	got    []*http.Request
	bodies []string
	times  []time.Time
}

func (s *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	code := s.codes[min(len(s.got), len(s.codes)-1)]
	s.got, s.bodies, s.times = append(s.got, r), append(s.bodies, string(body)), append(s.times, time.Now())
	for name, values := range s.header {
		w.Header()[name] = values
	}
	w.WriteHeader(code)
}

func TestWebhook(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	key := []byte("0123456789abcdef")
	require.NoError(t, os.WriteFile(secret, append(key, '\n'), 0o600))
	s := &receiver{codes: []int{204}}
	server := httptest.NewServer(s)
	defer server.Close()
	r := runHooks(t, t.Context(), Hook{URL: server.URL + "/secret-path", SecretFile: secret})
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	st := r.finish(t)[0]
	require.EqualValues(t, 1, st.OK)
	require.Len(t, s.got, 1)
	req, body := s.got[0], s.bodies[0]
	require.Equal(t, "POST", req.Method)
	require.Equal(t, "application/json", req.Header.Get("Content-Type"))
	require.Equal(t, "nodeup", req.Header.Get("Gonode-Event"))
	require.Len(t, req.Header.Get("Gonode-Delivery"), 32)
	require.True(t, hmac.Equal([]byte(Sign(key, []byte(body))), []byte(req.Header.Get("Gonode-Signature-256"))))
	var ev struct{ Event, Node, Self string }
	require.NoError(t, json.Unmarshal([]byte(body), &ev))
	require.Equal(t, "nodeup a@h go@h", ev.Event+" "+ev.Node+" "+ev.Self)
}

// TestSign: against a value of openssl dgst -sha256 -hmac.
func TestSign(t *testing.T) {
	require.Equal(t, "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
		Sign([]byte("key"), []byte("The quick brown fox jumps over the lazy dog")))
}

// TestWebhookRefused: what will not get better is not tried again, and no part of the URL but the host is logged.
func TestWebhookRefused(t *testing.T) {
	for code, header := range map[int]http.Header{
		http.StatusBadRequest: nil,
		http.StatusFound:      {"Location": {"/elsewhere"}},
	} {
		s := &receiver{codes: []int{code}, header: header}
		server := httptest.NewServer(s)
		r := runHooks(t, t.Context(), Hook{URL: server.URL + "/secret-path"})
		r.hub.Publish(events.NodeUp{Node: "a@h"})
		st := r.finish(t)[0]
		require.EqualValues(t, 1, st.Failed)
		require.Zero(t, st.Retries)
		require.Len(t, s.got, 1)
		require.Contains(t, r.log.String(), fmt.Sprint(code))
		require.NotContains(t, r.log.String(), "secret-path")
		server.Close()
	}
	r := runHooks(t, t.Context(), Hook{URL: "http://127.0.0.1:1/secret-path", Retries: -1})
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	require.EqualValues(t, 1, r.finish(t)[0].Failed)
	require.Contains(t, r.log.String(), "refused")
	require.NotContains(t, r.log.String(), "secret-path")
}

// pipes is a network of net.Pipe, for servers in a bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.IPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p <- theirs
	return ours, nil
}

// posted posts one event to a server in a bubble, and returns how it went.
func posted(t *testing.T, handler http.Handler, h Hook) (Stats, *rig) {
	t.Helper()
	network := make(pipes)
	server := &http.Server{Handler: handler}
	go server.Serve(network) // ends with Close
	h.URL = "http://receiver/"
	r := &rig{}
	var err error
	r.Runner, err = New(Config{Self: "go@h", Hub: &r.hub, Hooks: []Hook{h}})
	require.NoError(t, err)
	r.hooks[0].client.Transport.(*http.Transport).DialContext = network.dial
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }() // ends with the hub
	synctest.Wait()
	r.hub.Close()
	require.NoError(t, <-done)
	require.NoError(t, server.Close())
	return r.Stats()[0], r
}

// TestRetries: later each time, the same delivery, and no more than so many times.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		codes []int
		retry string
		ok    uint64
		waits []time.Duration // between attempts, give or take a fifth
	}{
		{[]int{500, 503, 429, 200}, "", 1, []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}},
		{[]int{500}, "", 0, []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}},
		{[]int{429, 200}, "7", 1, []time.Duration{7 * time.Second}},
		{[]int{429, 200}, "86400", 1, []time.Duration{maxRetry}},
		{[]int{503, 400}, "", 0, []time.Duration{500 * time.Millisecond}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &receiver{codes: c.codes, header: http.Header{"Retry-After": {c.retry}}}
			st, _ := posted(t, s, Hook{})
			require.EqualValues(t, c.ok, st.OK)
			require.EqualValues(t, 1-c.ok, st.Failed)
			require.EqualValues(t, len(c.waits), st.Retries)
			require.Len(t, s.got, len(c.waits)+1)
			for i, wait := range c.waits {
				require.InDelta(t, wait, s.times[i+1].Sub(s.times[i]), float64(wait)/5+1e6)
				require.Equal(t, s.got[0].Header.Get("Gonode-Delivery"), s.got[i+1].Header.Get("Gonode-Delivery"))
			}
		})
	}
}

// TestWebhookTimeLimit: a receiver that takes the connection and says nothing costs so much time and no more.
func TestWebhookTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		st, _ := posted(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client has gone
			<-r.Context().Done()
		}),
			Hook{Timeout: 3 * time.Second, Retries: 1})
		require.EqualValues(t, 1, st.TimedOut)
		require.EqualValues(t, 1, st.Retries)
		require.InDelta(t, 6500*time.Millisecond, time.Since(begin), float64(200*time.Millisecond))
	})
}

// TestWebhookLargeAnswer: what a receiver says is not read without end.
func TestWebhookLargeAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	r := runHooks(t, t.Context(), Hook{URL: server.URL})
	r.hub.Publish(events.NodeUp{Node: "a@h"})
	require.EqualValues(t, 1, r.finish(t)[0].OK)
}
