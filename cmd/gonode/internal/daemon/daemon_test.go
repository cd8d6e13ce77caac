package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"9140": "127.0.0.1:9140", ":9140": "127.0.0.1:9140", "db1:9140": "db1:9140", "[::1]:9140": "[::1]:9140",
		"unix:/run/g.sock": "unix:/run/g.sock", "unix:g.sock,9140": "unix:g.sock", " 9140 , 1": "127.0.0.1:9140",
		"http://127.0.0.1:9140/": "127.0.0.1:9140",
		"":                       "", "unix:": "", "0": "", "70000": "", "db1": "", "db1:": "", "db1:x": "",
	} {
		a, err := ParseAddress(text)
		require.Equal(t, want, a.String(), text)
		require.Equal(t, want == "", err != nil, text)
		require.Equal(t, want == "", a.IsZero(), text)
	}
}

// serve returns a client of a server with one handler.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	a, err := ParseAddress(s.URL)
	require.NoError(t, err)
	c := New(a)
	t.Cleanup(c.Close)
	return c
}

// TestAnswers: what is no answer of a daemon is an error that says so.
func TestAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		`{"v":1,"node":"a@h","ready":true,"members":[]}`: "",
		`{"node":"a@h"}`:                "does not answer as gonode run does",
		`<html>`:                        "does not answer as gonode run does",
		``:                              "does not answer as gonode run does",
		`{"v":1,"members":3}`:           "does not answer as gonode run does",
		`{"v":2}`:                       "version 2",
		strings.Repeat(" ", 33<<20):     "longer than",
		"!" + `{"v":1,"node":"a@h"}`:    "closed the connection",
		"?" + "it is\nnot allowed here": "it answered 403: it is",
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if text, ok := strings.CutPrefix(answer, "!"); ok {
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, text)
				return
			}
			if text, ok := strings.CutPrefix(answer, "?"); ok {
				http.Error(w, text, http.StatusForbidden)
				return
			}
			_, _ = io.WriteString(w, answer)
		})
		m, err := c.Members(t.Context())
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, "a@h", m.Node)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// TestNobody: what is not there says what to do, and can be asked for.
func TestNobody(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	for _, text := range []string{ln.Addr().String(), "unix:" + filepath.Join(t.TempDir(), "none")} {
		a, err := ParseAddress(text)
		require.NoError(t, err)
		_, err = New(a).Members(t.Context())
		_, unreachable := errors.AsType[*UnreachableError](err)
		require.True(t, unreachable, text)
		require.ErrorContains(t, err, "does gonode run --http run there?")
		_, err = New(a).Events(t.Context(), "", time.Second)
		require.ErrorContains(t, err, "does gonode run --http run there?")
	}
}

// TestStream: events with and without ids, comments, and the end.
func TestStream(t *testing.T) {
	var since string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		since = r.Header.Get("Last-Event-ID")
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "retry: 2000\n\n: here\n\nid: 1f-7\n: still here\n\n"+
			"event: reset\ndata: {\"v\":1,\"event\":\"reset\"}\n\n"+
			"id: 1f-8\nevent: nodedown\ndata: {\"v\":1,\"time\":\"2026-11-24T01:02:03.456Z\",\"node\":\"a@h\",\ndata: \"reason\":\"x\",\"connection_id\":4,\"seq\":8}\n\n"+
			"event: end\ndata: {\"v\":1}\n\n")
	})
	s, err := c.Events(t.Context(), "1f-6", time.Second)
	require.NoError(t, err)
	defer s.Close()
	require.Equal(t, "1f-6", since)
	ev, err := s.Next()
	require.NoError(t, err)
	require.Equal(t, Event{Name: Reset}, ev)
	ev, err = s.Next()
	require.NoError(t, err)
	require.Equal(t, Event{ID: "1f-8", Name: "nodedown", Time: time.Date(2026, 11, 24, 1, 2, 3, 456e6, time.UTC), Node: "a@h",
		Reason: "x", ConnectionID: 4, Seq: 8}, ev)
	ev, err = s.Next()
	require.NoError(t, err)
	require.Equal(t, End, ev.Name)
	_, err = s.Next()
	require.ErrorIs(t, err, io.EOF)
}

// TestStreamHostile: what is no stream of events ends it, and so does what is too long.
func TestStreamHostile(t *testing.T) {
	for text, want := range map[string]string{
		"data: {}\n\n":        "no event of gonode run",
		"data: x\n\n":         "no event of gonode run",
		"data: {\"v\":9}\n\n": "version 9",
		"data: " + strings.Repeat("x", maxLine) + "\n\n":      "too long",
		strings.Repeat("data: xxxxxxxxx\n", maxLine/8) + "\n": "too long",
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, text)
		})
		s, err := c.Events(t.Context(), "", time.Second)
		require.NoError(t, err)
		_, err = s.Next()
		require.ErrorContains(t, err, want)
		s.Close()
	}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	_, err := c.Events(t.Context(), "", time.Second)
	require.ErrorContains(t, err, "does not answer as gonode run does")
}

// TestSilence: one that does not answer is a time-out, and a stream ends with its context.
func TestSilence(t *testing.T) {
	release := make(chan struct{})
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") != "" {
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	defer close(release)
	_, err := c.Events(t.Context(), "", 50*time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s, err := c.Events(ctx, "1-1", time.Second)
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Next()
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
