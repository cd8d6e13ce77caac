package hooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"gonode/events"
	"gonode/internal/eventjson"
)

const (
	firstRetry = 500 * time.Millisecond // doubled each time, give or take a fifth
	maxRetry   = 30 * time.Second
	maxAnswer  = 64 << 10 // bytes of an answer that are read, so that the connection can be used again
	minSecret  = 16       // bytes
)

// newClient returns a client that does not follow redirections: what it posts may be signed for one receiver.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post posts ev, again and later each time if that fails in a way that may pass.
func (h *running) post(ctx context.Context, ev events.Event) error {
	body := eventjson.Marshal(h.runner.cfg.Self, ev)
	pause := firstRetry
	for attempt := 0; ; attempt++ {
		after, err := h.attempt(ctx, ev, body)
		if err == nil {
			return nil
		}
		if after < 0 || attempt >= h.Retries || ctx.Err() != nil {
			return fmt.Errorf("%w, after %d attempts", err, attempt+1)
		}
		wait := max(after, time.Duration(float64(pause)*(0.8+0.4*rand.Float64())))
		pause = min(2*pause, maxRetry)
		h.retries.Add(1)
		h.log().Debug("hook will be tried again", "hook", h.Name, "after", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("%w, after %d attempts", err, attempt+1)
		}
	}
}

// attempt posts once. after is how long the receiver wants us to wait at least, negative if there is no use in another
// attempt.
func (h *running) attempt(ctx context.Context, ev events.Event, body []byte) (after time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.Timeout, errTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return -1, errors.New("the URL can't be posted to")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "gonode")
	req.Header.Set("Gonode-Event", eventjson.Name(ev))
	// The same in every attempt, so that the receiver can tell one that it had already.
	req.Header.Set("Gonode-Delivery", delivery(body))
	if h.SecretFile != "" {
		key, err := readSecret(h.SecretFile)
		if err != nil {
			return -1, err
		}
		req.Header.Set("Gonode-Signature-256", Sign(key, body))
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, h.postError(ctx, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	return answered(resp)
}

// answered judges an answer.
func answered(resp *http.Response) (after time.Duration, err error) {
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return 0, nil
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		after = min(max(time.Duration(seconds)*time.Second, 0), maxRetry)
		return after, fmt.Errorf("the receiver answers %s", resp.Status)
	}
	return -1, fmt.Errorf("the receiver answers %s", resp.Status)
}

// postError leaves out the URL, which may have a secret in it.
func (h *running) postError(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(context.Cause(ctx), errTime) {
		return fmt.Errorf("%w: no answer within %v", errTime, h.Timeout)
	}
	return err
}

// delivery names what is posted: it is the same for the same event of the same node.
func delivery(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// Sign returns the value of the header Gonode-Signature-256 for a body: "sha256=" and its HMAC in hex. Receivers compare it
// with hmac.Equal.
func Sign(key, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// readSecret reads a key. Line ends behind it do not count.
func readSecret(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	key = bytes.TrimRight(key, "\r\n")
	if len(key) < minSecret {
		return nil, fmt.Errorf("the secret in %s has %d bytes; give it at least %d", path, len(key), minSecret)
	}
	return key, nil
}
