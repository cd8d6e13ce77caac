package http

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves one handler after the other, one a request, the last for all that follow.
func serve(t *testing.T, handlers ...http.HandlerFunc) *httptest.Server {
	t.Helper()
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(n.Add(1)), len(handlers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func fails(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "a@wrong", status) }
}

func quick(url string) *Strategy { return &Strategy{URL: url, Interval: time.Millisecond} }

func TestHTTP(t *testing.T) {
	server := serve(t, says("a@h\nb@h 10.0.0.1:9100\n"), says(`["c@h"]`))
	r := strategytest.Run(t, quick(server.URL+"/nodes?key=secret"))
	set := r.Next()
	require.Equal(t, "a@h b@h=10.0.0.1:9100", strategytest.Text(set))
	require.Equal(t, "URL "+server.URL+"/nodes", set.Nodes[0].Origin, "without the query")
	require.Equal(t, "c@h", r.Text())
}

// TestFailures: whatever is not a list keeps the last one.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"403":        {fails(403), "status 403 Forbidden: check the token"},
		"404":        {fails(404), "check the path"},
		"500":        {fails(500), "status 500"},
		"204":        {fails(204), "status 204"},
		"304":        {fails(304), "status 304 Not Modified for a list that we have not got"},
		"not a list": {says("<html>"), "not a list of nodes: line 1"},
		"too large":  {says(strings.Repeat("#", 2<<20)), "more than 1048576"},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "c@h\n")
		}, "unexpected EOF"},
		"loop":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/?secret", http.StatusFound) }, "more than 5 redirects"},
		"hangs up":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"hangs":     {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer within 200ms"},
		"long head": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, says("a@h\nb@h"), c.handler)
			s := quick(server.URL + "/?secret")
			s.Timeout = 200 * time.Millisecond
			r := strategytest.Run(t, s)
			require.Equal(t, "a@h b@h", r.Text())
			set := r.Next()
			require.Len(t, set.Nodes, 2)
			require.ErrorContains(t, set.Partial, c.says)
			require.ErrorContains(t, set.Partial, server.URL)
			require.NotContains(t, set.Partial.Error(), "secret")
		})
	}
}

func TestNobodyListens(t *testing.T) {
	server := serve(t, says(""))
	server.Close()
	set := strategytest.Run(t, quick(server.URL)).Next()
	require.ErrorContains(t, set.Partial, "refused")
	require.Empty(t, set.Nodes)
}

// TestUnchanged: the server is told which list we have, and need not send it again.
func TestUnchanged(t *testing.T) {
	list := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		fmt.Fprint(w, "a@h")
	}
	var second http.Header
	server := serve(t, list, func(w http.ResponseWriter, r *http.Request) {
		second = r.Header.Clone()
		w.WriteHeader(http.StatusNotModified)
	}, says(""))
	r := strategytest.Run(t, quick(server.URL))
	require.Equal(t, "a@h", r.Text())
	require.Equal(t, "a@h", r.Text())
	require.Equal(t, `"1"`, second.Get("If-None-Match"))
	require.Equal(t, "Thu, 01 Jan 2026 00:00:00 GMT", second.Get("If-Modified-Since"))
	require.Empty(t, r.Text(), "an empty list is a list")
}

// TestToken: the token is read anew each time, and does not go along to another host.
func TestToken(t *testing.T) {
	tokens := make(chan string)
	note := func(w http.ResponseWriter, r *http.Request) {
		select {
		case tokens <- r.Header.Get("Authorization"):
		case <-r.Context().Done():
		}
		fmt.Fprint(w, "a@h")
	}
	other := serve(t, note)
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	server := serve(t, note, note, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, http.StatusFound) })
	s := quick(server.URL)
	s.TokenFile = filepath.Join(t.TempDir(), "token")
	write := func(text string) { require.NoError(t, os.WriteFile(s.TokenFile, []byte(text), 0o600)) }

	// The strategy waits for its set to be taken, so one request follows one Next.
	write("one\n")
	r := strategytest.Run(t, s)
	require.Equal(t, "Bearer one", <-tokens)
	write("two")
	r.Next()
	require.Equal(t, "Bearer two", <-tokens)
	r.Next()
	require.Empty(t, <-tokens)

	for _, bad := range []string{"", "se cret", "se\ncret", "secret\x01", strings.Repeat("secret", maxToken)} {
		write(bad)
		r.Next() // may be from before that
		set := r.Next()
		require.ErrorContains(t, set.Partial, "token for URL "+server.URL)
		require.NotContains(t, set.Partial.Error(), "cret")
	}
	require.NoError(t, os.Remove(s.TokenFile))
	r.Next()
	require.ErrorIs(t, r.Next().Partial, os.ErrNotExist)
}

func TestTLS(t *testing.T) {
	plain := serve(t, says("a@evil"))
	down := atomic.Bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Redirect(w, r, plain.URL, http.StatusFound)
			return
		}
		fmt.Fprint(w, "a@h")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()

	set := strategytest.Run(t, quick(server.URL)).Next()
	require.ErrorContains(t, set.Partial, "certificate", "nobody vouches for the server")

	s := quick(server.URL)
	s.CAFile = filepath.Join(t.TempDir(), "ca")
	require.NoError(t, os.WriteFile(s.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	r := strategytest.Run(t, s)
	require.Equal(t, "a@h", r.Text())
	down.Store(true)
	r.Until("a@h (URL " + server.URL + ": the server redirects from https to http, which is not followed)")

	require.NoError(t, os.WriteFile(s.CAFile, []byte("no certificate"), 0o600))
	require.ErrorContains(t, s.Run(t.Context(), nil), "no PEM certificates")
	s.CAFile += "x"
	require.ErrorIs(t, s.Run(t.Context(), nil), os.ErrNotExist)
}

func TestCheck(t *testing.T) {
	for _, url := range []string{"http://h", "https://h:1/x?y", "http://127.0.0.1:1"} {
		require.NoError(t, (&Strategy{URL: url}).Check(), url)
	}
	for _, url := range []string{"https://h", "http://127.0.0.1:1", "http://localhost/x", "http://[::1]:1"} {
		require.NoError(t, (&Strategy{URL: url, TokenFile: "t"}).Check(), url)
	}
	for url, says := range map[string]string{
		"": "missing", "h": "not a URL", "ftp://h": "not a URL", "http://": "not a URL", "https://h\x7f": "not a URL",
		"http://u:secret@h": "use https", "http://h": "use https",
	} {
		err := (&Strategy{URL: url, TokenFile: "t"}).Check()
		require.ErrorContains(t, err, "http: URL: ", url)
		require.ErrorContains(t, err, says, url)
		require.NotContains(t, err.Error(), "secret")
	}
	err := (&Strategy{URL: "http://h", Interval: -1, Timeout: -1}).Check()
	require.ErrorContains(t, err, "http: Interval: -1ns")
	require.ErrorContains(t, err, "http: Timeout: -1ns")
	var field *strategy.FieldError
	require.ErrorAs(t, (&Strategy{}).Run(t.Context(), nil), &field)
}
