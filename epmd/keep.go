package epmd

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"
)

const (
	defaultRetry = 2 * time.Second // as OTP
	minRetry     = 100 * time.Millisecond
)

// Attempts of Keep to register for the first time, minRetry apart, when there is reason to think that things are just
// changing: our last incarnation has ended and epmd has not noticed, or a server hands over.
const firstAttempts = 3

// begin registers for the first time.
func (k *Keeper) begin(ctx context.Context) (*Registration, error) {
	for n := 1; ; n++ {
		reg, err := k.attempt(ctx)
		if err == nil || n == firstAttempts || !changing(err) {
			return reg, err
		}
		if !sleep(ctx, minRetry) {
			return nil, &Error{Op: "register " + k.cfg.Node.Name, Reason: ReasonCanceled, Err: context.Cause(ctx)}
		}
	}
}

// changing reports whether err may be of a moment only.
func changing(err error) bool {
	return errors.Is(err, ErrTaken) || failedBecause(err, ReasonListen) || failedBecause(err, ReasonClosed) ||
		failedBecause(err, ReasonRefused)
}

// run holds the registration until the keeper is closed. It owns reg and those that follow.
func (k *Keeper) run(reg *Registration) {
	for reg != nil {
		stop := context.AfterFunc(k.ctx, func() { reg.Close() })
		err := reg.Wait()
		stop()
		if k.ctx.Err() != nil {
			return
		}
		k.log.Warn("epmd lost the node's name; registering again", "name", k.cfg.Node.Name, "error", err)
		k.update(func(s *Status) { s.Registered, s.Err = false, err })
		reg = k.regain()
	}
}

// regain registers again, however long it takes, or returns nil when the keeper is closed.
func (k *Keeper) regain() *Registration {
	pause := min(minRetry, k.retry())
	warned := false
	for {
		// Keepers that lost the same server do not all come at once.
		if !sleep(k.ctx, rand.N(minRetry/2)) {
			return nil
		}
		reg, err := k.attempt(k.ctx)
		if err == nil {
			k.setRegistered()
			k.log.Info("epmd has the node's name again", "name", k.cfg.Node.Name, "serving", k.Status().Serving)
			return reg
		}
		k.update(func(s *Status) { s.Err = err })
		if errors.Is(err, ErrTaken) && !warned {
			k.log.Warn("another node took the name while epmd was away; trying until it is free", "name", k.cfg.Node.Name, "error", err)
			warned = true
		} else {
			k.log.Debug("cannot register again yet", "name", k.cfg.Node.Name, "error", err)
		}
		if !sleep(k.ctx, pause) {
			return nil
		}
		pause = min(2*pause, k.retry())
	}
}

func (k *Keeper) retry() time.Duration { return or(k.cfg.Retry, defaultRetry) }

// attempt registers once, with a server of our own if the mode asks for one, or allows it and nobody listens.
func (k *Keeper) attempt(ctx context.Context) (*Registration, error) {
	if k.cfg.Mode == Embedded {
		if err := k.serve(ctx); err != nil {
			return nil, err
		}
	}
	reg, err := k.register(ctx)
	if k.cfg.Mode == Auto && failedBecause(err, ReasonNoServer) {
		if err := k.serve(ctx); err != nil {
			return nil, err // most likely another keeper was quicker
		}
		reg, err = k.register(ctx)
	}
	return reg, err
}

// register tries the addresses of this host in turn while nobody listens there.
func (k *Keeper) register(ctx context.Context) (reg *Registration, err error) {
	var first error
	for _, host := range k.hosts {
		reg, err = k.client.Register(ctx, host, k.cfg.Node)
		if err == nil || !failedBecause(err, ReasonNoServer) && !failedBecause(err, ReasonUnreachable) {
			return reg, err
		}
		if first == nil || failedBecause(err, ReasonNoServer) && !failedBecause(first, ReasonNoServer) {
			first = err
		}
	}
	return nil, first
}

// serve starts the server, unless it runs.
func (k *Keeper) serve(ctx context.Context) error {
	if k.Status().Serving {
		return nil
	}
	listen := k.cfg.listen
	if listen == nil {
		listen = Listen
	}
	lns, err := listen(ctx, k.cfg.Addresses, or(k.cfg.Port, DefaultPort))
	if err != nil {
		return err
	}
	k.update(func(s *Status) { s.Serving = true })
	k.log.Info("serving in place of epmd", "address", lns[0].Addr().String())
	server := &Server{Logger: k.log}
	// Ended by Close, or by a listener that broke, after which regain starts another.
	k.wg.Go(func() {
		err := server.Serve(k.ctx, lns...)
		k.update(func(s *Status) { s.Serving = false })
		if err != nil {
			k.log.Warn("the server in place of epmd ended", "error", err)
		}
	})
	return nil
}

// ownHosts returns where this host's epmd is to be found: the loopback addresses that we would serve on.
func ownHosts(addresses []string) []string {
	var own []string
	for _, a := range addresses {
		if addr, err := netip.ParseAddr(a); err == nil && addr.IsLoopback() {
			own = append(own, a)
		}
	}
	if own == nil {
		own = loopback[:]
	}
	return own
}

// sleep waits for d, and reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
