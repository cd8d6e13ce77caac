package hooks

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The defaults of Hook.
const (
	DefaultTimeout = 10 * time.Second
	DefaultQueue   = 1024
	DefaultRetries = 4
)

// Hook says what is to be done for which events. Either Command or URL is set; the rest may be zero.
type Hook struct {
	Name    string // for logs and counters; empty makes one of the program's name, or of the URL's host
	Events  Filter
	Command []string // the program and its arguments
	URL     string   // http or https

	Input       Input         // what a program gets on its standard input
	Timeout     time.Duration // for a run of the program, or one attempt to post; 0 means 10 s
	Concurrency int           // how many at once; 0 means 1, which keeps the order of the events
	Queue       int           // how many events may wait before some are skipped; 0 means 1024

	SecretFile string // of a webhook: the key to sign with; read for each post, so that it can be replaced
	Retries    int    // of a webhook: attempts after the first that failed; 0 means 4, negative none
}

// Input is what a program gets on its standard input.
type Input string

// The inputs.
const (
	InputEvent   Input = ""        // the event, as a line of JSON
	InputMembers Input = "members" // who is up, one a line: name, visible or hidden, since when, separated by tabs
	InputNone    Input = "none"
)

// Parse reads a hook from a line: the events that it is for, "=", and the program or the URL, as in
//
//	nodeup,nodedown=/usr/local/bin/page --to ops
//	nodedown:db*@*=https://hooks.example.org/erlang
//	/usr/local/bin/page
//
// The first form is run by the shell. Without events it is for nodeup and nodedown. An "=" counts only if what stands
// before it looks like events.
func Parse(spec string) (Hook, error) {
	var h Hook
	action := spec
	if filter, rest, ok := strings.Cut(spec, "="); ok && looksLikeFilter.MatchString(filter) {
		action = rest
		for item := range strings.SplitSeq(filter, ",") {
			h.Events = append(h.Events, strings.TrimSpace(item))
		}
	}
	action = strings.TrimSpace(action)
	switch {
	case action == "":
		return h, fmt.Errorf("hook %q: nothing to run; want events=program or events=https://host/path", spec)
	case strings.HasPrefix(action, "http://"), strings.HasPrefix(action, "https://"):
		h.URL = action
	default:
		h.Command = shell(action)
		h.Name = filepath.Base(strings.Fields(action)[0])
	}
	if err := h.check(); err != nil {
		return h, err
	}
	return h.complete(), nil
}

// looksLikeFilter is wide, so that an event that is misspelt is told as such.
var looksLikeFilter = regexp.MustCompile(`^\s*(\*|[a-z_]+)(:[^,/\s]+)?\s*(,\s*(\*|[a-z_]+)(:[^,/\s]+)?\s*)*$`)

// check says what is wrong with h.
func (h Hook) check() error {
	fail := func(err error) error { return fmt.Errorf("hook %s: %w", h.complete().Name, err) }
	switch {
	case len(h.Command) == 0 && h.URL == "":
		return fail(errors.New("it has neither a program nor a URL"))
	case len(h.Command) > 0 && h.URL != "":
		return fail(errors.New("it has a program and a URL: make two of it"))
	case h.SecretFile != "" && h.URL == "":
		return fail(errors.New("a secret is for a URL, and it has none"))
	case h.Input != InputEvent && h.Input != InputMembers && h.Input != InputNone:
		return fail(fmt.Errorf("there is no input %q; there is: members, none", string(h.Input)))
	case h.Timeout < 0 || h.Concurrency < 0 || h.Queue < 0:
		return fail(errors.New("its time, concurrency and queue must not be negative"))
	}
	if err := h.Events.Check(); err != nil {
		return fail(err)
	}
	if h.URL == "" {
		return nil
	}
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fail(errors.New("its URL is none that can be posted to: want https://host/path"))
	}
	if h.SecretFile != "" {
		if _, err := readSecret(h.SecretFile); err != nil {
			return fail(err)
		}
	}
	return nil
}

// complete fills in the defaults.
func (h Hook) complete() Hook {
	if h.Name == "" && len(h.Command) > 0 {
		h.Name = filepath.Base(h.Command[0])
	}
	if h.Name == "" {
		if u, err := url.Parse(h.URL); err == nil && u.Host != "" {
			h.Name = u.Host // the path may be a secret
		}
	}
	if h.Name == "" {
		h.Name = "unnamed"
	}
	if h.Timeout == 0 {
		h.Timeout = DefaultTimeout
	}
	if h.Concurrency == 0 {
		h.Concurrency = 1
	}
	if h.Queue == 0 {
		h.Queue = DefaultQueue
	}
	if h.Retries == 0 {
		h.Retries = DefaultRetries
	}
	return h
}
