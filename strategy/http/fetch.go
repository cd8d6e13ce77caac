package http

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"gonode/strategy"
	"gonode/strategy/internal/poll"
	"gonode/strategy/nodelist"
)

// maxToken is how long a token may be, in bytes.
const maxToken = 64 << 10

// fetcher gets the list and remembers what the server said about its version.
type fetcher struct {
	client  *http.Client
	url     string
	name    string // the URL without what may be secret, for logs
	token   string // the path of its file
	timeout time.Duration

	nodes          []strategy.Node
	etag, modified string // empty if there is no list yet
}

func newFetcher(s *Strategy) (*fetcher, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	if s.CAFile != "" {
		pool, err := roots(s.CAFile)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &fetcher{
		client:  &http.Client{Transport: transport, CheckRedirect: redirect},
		url:     s.URL,
		name:    "URL " + u.Scheme + "://" + u.Host + u.EscapedPath(),
		token:   s.TokenFile,
		timeout: cmp.Or(s.Timeout, DefaultTimeout),
	}, nil
}

func roots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("http: CAFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &strategy.FieldError{Strategy: "http", Field: "CAFile", Problem: path + " has no PEM certificates in it"}
	}
	return pool, nil
}

// redirect bounds redirects, and follows none that gives up TLS.
func redirect(to *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case via[0].URL.Scheme == "https" && to.URL.Scheme != "https":
		return errors.New("the server redirects from https to http, which is not followed")
	}
	return nil
}

// ask makes one request.
func (f *fetcher) ask(ctx context.Context) (poll.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	req, err := f.request(ctx)
	if err != nil {
		return poll.Answer{}, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return poll.Answer{}, f.failure(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotModified || f.etag == "" && f.modified == "" {
		if err := f.take(resp); err != nil {
			return poll.Answer{}, f.failure(err)
		}
	}
	return poll.Answer{Nodes: f.nodes}, nil
}

func (f *fetcher) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, text/plain;q=0.9, */*;q=0.1")
	req.Header.Set("User-Agent", "gonode")
	if f.etag != "" {
		req.Header.Set("If-None-Match", f.etag)
	}
	if f.modified != "" {
		req.Header.Set("If-Modified-Since", f.modified)
	}
	if f.token == "" {
		return req, nil
	}
	token, err := readToken(f.token)
	if err != nil {
		return nil, fmt.Errorf("token for %s: %w", f.name, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}

func readToken(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	token := strings.TrimSpace(string(data))
	switch {
	case err != nil:
		return "", err
	case token == "" || len(data) > maxToken:
		return "", fmt.Errorf("%s must have a token of 1 to %d bytes", path, maxToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fmt.Errorf("%s has white space or other characters within the token that can't be sent", path)
	}
	return token, nil
}

// take takes the list of a response.
func (f *fetcher) take(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return errors.New("status " + resp.Status + advice(resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, nodelist.MaxBytes+1))
	if err != nil {
		return err
	}
	nodes, err := nodelist.Parse(body)
	if err != nil {
		return fmt.Errorf("the answer is not a list of nodes: %w", err)
	}
	for i := range nodes {
		nodes[i].Origin = f.name
	}
	f.nodes, f.etag, f.modified = nodes, resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	return nil
}

func advice(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ": check the token and what it may do"
	case http.StatusNotFound:
		return ": check the path of the URL"
	case http.StatusNotModified:
		return " for a list that we have not got"
	}
	return ""
}

// failure names the URL, without its secrets and what the library says of it.
func (f *fetcher) failure(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v: %w", f.timeout, err)
	}
	return fmt.Errorf("%s: %w", f.name, err)
}
