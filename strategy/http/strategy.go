package http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"gonode/strategy"
	"gonode/strategy/internal/poll"
)

// The defaults of Strategy.
const (
	DefaultInterval = 10 * time.Second
	DefaultTimeout  = 10 * time.Second
)

// maxRedirects is how many redirects of one request are followed.
const maxRedirects = 5

// Strategy wants the nodes that a URL lists. Do not change it while it runs.
type Strategy struct {
	// URL is an http or https URL. Required.
	URL string

	// Interval is the time between requests, up to a tenth longer at random; 0 means DefaultInterval.
	Interval time.Duration

	// Timeout bounds one request, with its redirects and the body; 0 means DefaultTimeout.
	Timeout time.Duration

	// TokenFile, if not empty, has a token that is sent as "Authorization: Bearer". It is read for every request. The token
	// goes only over TLS, or to a loopback address, and not along with a redirect to another host.
	TokenFile string

	// CAFile, if not empty, has PEM certificates that may have signed the server's, instead of those the system trusts. It
	// is read when Run begins.
	CAFile string

	// Logger hears when the list can't be had, and when that is over; nil means silence.
	Logger *slog.Logger
}

var _ strategy.Strategy = (*Strategy)(nil)

// String returns "http", the name of the strategy in logs.
func (*Strategy) String() string { return "http" }

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none. It does not look
// at the files.
func (s *Strategy) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: "http", Field: field, Problem: problem})
	}
	if problem := s.wrongURL(); problem != "" {
		add("URL", problem)
	}
	if s.Interval < 0 {
		add("Interval", fmt.Sprintf("%v is negative: want a time such as 10s, or 0 for %v", s.Interval, DefaultInterval))
	}
	if s.Timeout < 0 {
		add("Timeout", fmt.Sprintf("%v is negative: want a time such as 10s, or 0 for %v", s.Timeout, DefaultTimeout))
	}
	return errors.Join(errs...)
}

// wrongURL says what is wrong with the URL; empty if nothing is. It does not show it: it may have a password.
func (s *Strategy) wrongURL() string {
	u, err := url.Parse(s.URL)
	switch {
	case s.URL == "":
		return "is missing: give the http or https URL of a list of nodes"
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "is not a URL of the form https://host/path"
	case u.Scheme == "http" && !loopback(u) && (s.TokenFile != "" || u.User != nil):
		return "is http, over which a token or password could be read by others on the way: use https"
	}
	return ""
}

// loopback reports whether u leads to this host for sure.
func loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// Run implements strategy.Strategy. It sends a set after every request.
func (s *Strategy) Run(ctx context.Context, out chan<- strategy.Set) error {
	if err := s.Check(); err != nil {
		return err
	}
	f, err := newFetcher(s)
	if err != nil {
		return err
	}
	defer f.client.CloseIdleConnections()
	loop := poll.Loop{Source: f.name, Interval: cmp.Or(s.Interval, DefaultInterval), Spread: true, Logger: s.Logger, Ask: f.ask}
	return loop.Run(ctx, out)
}
