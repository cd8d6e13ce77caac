package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gonode/dist"
	"gonode/epmd"
	"gonode/node"
)

// The steps to another node, in their order.
const (
	stepName      = "name"
	stepDNS       = "dns"
	stepEPMD      = "epmd"
	stepTCP       = "tcp"
	stepHandshake = "handshake"
	stepFlags     = "flags"
	stepCookie    = "cookie"
	stepPing      = "ping"
)

// step is one step to another node, as it went.
type step struct {
	Step   string  `json:"step"`
	OK     bool    `json:"ok"`
	Millis float64 `json:"ms,omitempty"`     // how long it took, if that was measured
	Detail string  `json:"detail,omitempty"` // what was found
	Error  string  `json:"error,omitempty"`
	Exit   int     `json:"exit,omitempty"` // the exit code that stands for the error
}

// tracer keeps the steps of one attempt to connect. It is the resolver of a probe, whose attempt may go on when whoever
// asked for it has given up.
type tracer struct {
	port int // of epmd

	mu    sync.Mutex
	steps []step
	under string    // the step that is under way
	began time.Time // of what comes after epmd
}

// reset forgets all steps.
func (t *tracer) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps, t.under, t.began = nil, "", time.Time{}
}

// at says which step is under way.
func (t *tracer) at(name string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.under = name
	if name == stepTCP {
		t.began = time.Now()
	}
	return time.Now()
}

func (t *tracer) add(name, detail string, took time.Duration, err error) {
	s := step{Step: name, OK: err == nil, Detail: detail, Millis: millis(took)}
	if err != nil {
		s.Error, s.Exit = err.Error(), exitCode(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, s)
}

// dialled returns when what comes after epmd began; zero if it did not.
func (t *tracer) dialled() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.began
}

// all returns the steps so far.
func (t *tracer) all() []step {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.steps)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// resolve finds where a node listens.
func (t *tracer) resolve(ctx context.Context, name string) (string, error) {
	alive, host, err := dist.ParseName(name)
	if err != nil {
		return "", err
	}
	t.add(stepName, form(name), 0, nil)
	began := t.at(stepDNS)
	addresses, dnsErr := net.DefaultResolver.LookupHost(ctx, host)
	if dnsErr == nil {
		t.add(stepDNS, strings.Join(addresses, " "), time.Since(began), nil)
		began = t.at(stepEPMD)
	}
	client := epmd.Client{Port: t.port}
	found, err := client.Lookup(ctx, host, alive)
	switch {
	case err != nil && dnsErr != nil:
		t.add(stepDNS, "", time.Since(began), err)
		return "", err
	case err != nil:
		t.add(stepEPMD, "", time.Since(began), err)
		return "", err
	}
	address := net.JoinHostPort(host, strconv.Itoa(int(found.Port)))
	t.add(stepEPMD, address, time.Since(began), nil)
	t.at(stepTCP)
	return address, nil
}

// form says of which kind a node name is.
func form(name string) string {
	if dist.LongName(name) {
		return "long name"
	}
	return "short name"
}

// connected adds the steps after epmd, as the end of the attempt shows them.
func (t *tracer) connected(err error) {
	e, ok := errors.AsType[*node.ConnectError](err)
	began := t.dialled()
	switch {
	case err == nil && began.IsZero(): // it was connected before
	case err == nil:
		t.add(stepTCP, "", 0, nil)
		t.add(stepHandshake, "", time.Since(began), nil)
		t.add(stepFlags, "", 0, nil)
		t.add(stepCookie, "", 0, nil)
	case !ok || e.Stage == node.StageAddress: // the resolver has said so
	case e.Stage == node.StageName:
		t.add(stepName, "", 0, err)
	case e.Stage == node.StageConnect:
		t.add(stepTCP, "", time.Since(began), err)
	case e.Stage == node.StageHandshake:
		t.add(stepTCP, "", 0, nil)
		t.shook(began, err)
	}
}

// shook adds the steps of a handshake that failed.
func (t *tracer) shook(began time.Time, err error) {
	switch {
	case errors.Is(err, dist.ErrCookie):
		t.add(stepHandshake, "", 0, nil)
		t.add(stepFlags, "", 0, nil)
		t.add(stepCookie, "", time.Since(began), err)
	case errors.Is(err, dist.ErrFlags), errors.Is(err, dist.ErrNotAllowed), errors.Is(err, dist.ErrOldVersion):
		t.add(stepHandshake, "", 0, nil)
		t.add(stepFlags, "", time.Since(began), err)
	default:
		t.add(stepHandshake, "", time.Since(began), err)
	}
}

// failed returns the step that failed, or the one that was under way.
func (t *tracer) failed() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.steps {
		if !s.OK {
			return s.Step
		}
	}
	return t.under
}
