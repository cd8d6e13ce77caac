package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"gonode/admin"
)

// maxAnswer is how long an answer can be: some thousand members.
const maxAnswer = 32 << 20

// StatusError is an answer that is none: the daemon refused, or it is something else that listens there.
type StatusError struct {
	Code int    // of HTTP
	Text string // what it said, in a line
}

// Error implements error.
func (e *StatusError) Error() string {
	if e.Code == http.StatusNotFound {
		return "it does not know the question: what listens there is no gonode run, or an older one"
	}
	return fmt.Sprintf("it answered %d: %s", e.Code, e.Text)
}

// UnreachableError is a daemon that is not there.
type UnreachableError struct{ Err error }

// Error implements error.
func (e *UnreachableError) Error() string {
	switch {
	case errors.Is(e.Err, fs.ErrNotExist):
		return "there is no such socket: does gonode run --http run there?"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return "nothing listens there: does gonode run --http run there?"
	}
	return e.Err.Error()
}

// Unwrap returns what failed.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Client asks a daemon. Any goroutine may call its methods. Close it.
type Client struct {
	address   Address
	transport *http.Transport
}

// New returns a client of the daemon at an address. It does not connect yet.
func New(address Address) *Client {
	c := &Client{address: address}
	c.transport = &http.Transport{ // no proxy: the daemon is here, or is named
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, address.Network, address.Addr)
			if err != nil && !isTimeout(err) {
				return nil, &UnreachableError{err}
			}
			return conn, err
		},
		MaxIdleConns:    1,
		IdleConnTimeout: 30 * time.Second,
	}
	return c
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Close ends the connections that wait for the next question.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Members returns who is up, and who is wanted and is not.
func (c *Client) Members(ctx context.Context) (admin.Members, error) {
	var answer admin.Members
	err := c.json(ctx, "/members", &answer)
	return answer, err
}

// Explain returns why a node is connected or is not.
func (c *Client) Explain(ctx context.Context, node string) (admin.Explanation, error) {
	var answer admin.Explanation
	err := c.json(ctx, "/explain/"+url.PathEscape(node), &answer)
	return answer, err
}

// ExplainText returns the same as text of several lines.
func (c *Client) ExplainText(ctx context.Context, node string) (string, error) {
	text, err := c.read(ctx, "/explain/"+url.PathEscape(node)+"?format=text")
	return string(text), err
}

func (c *Client) json(ctx context.Context, path string, answer any) error {
	text, err := c.read(ctx, path)
	if err != nil {
		return err
	}
	var head struct{ V int }
	if json.Unmarshal(text, &head) != nil || head.V == 0 {
		return errors.New("it does not answer as gonode run does")
	}
	if head.V > admin.Version {
		return fmt.Errorf("it answers in version %d, and this program knows %d: use a newer one", head.V, admin.Version)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("it does not answer as gonode run does: %w", err)
	}
	return nil
}

func (c *Client) read(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.get(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, endOf(err)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	}
	return text, nil
}

// get asks and returns an answer of code 200.
func (c *Client) get(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	host := c.address.Addr
	if c.address.Network == "unix" {
		host = "localhost"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	for key, values := range header {
		req.Header[key] = values
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, endOf(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return nil, &StatusError{resp.StatusCode, line}
}

// endOf says what an end in the middle of an answer means.
func endOf(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("it closed the connection: %w", err)
	}
	return err
}
