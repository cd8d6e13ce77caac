package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"gonode/dist"
	"gonode/node"
)

// errInterrupted is why a command ended before it had done its work.
var errInterrupted = errors.New("interrupted")

// remoteFlags is the group of flags of all that ask something of a node.
type remoteFlags struct {
	probeFlags
	out     outputFlags
	timeout time.Duration
}

func (f *remoteFlags) add(fs *pflag.FlagSet, timeout time.Duration) {
	f.probeFlags.add(fs)
	addPeriod(fs, &f.timeout, "timeout", timeout, "how long the answer may take, connecting included")
	f.out.add(fs)
}

// setup bounds the steps of connecting, so that a step that hangs is what fails, and not the whole.
func setup(timeout time.Duration) time.Duration { return min(node.DefaultSetupTime, timeout*7/8) }

// with connects to target, as a hidden node of its own, calls do, and leaves. ctx of do is done after f.timeout.
func (f *remoteFlags) with(ctx context.Context, a *app, target string, do func(context.Context, *node.Node) error) error {
	return f.session(ctx, a, target, func(n *node.Node) error {
		timed, cancel := context.WithTimeout(ctx, f.timeout)
		defer cancel()
		over := a.busy("connecting to %s", target)
		err := n.Connect(timed, target)
		over()
		if err == nil {
			over = a.busy("waiting for %s", target)
			err = do(timed, n)
			over()
		}
		return f.explain(ctx, timed, err)
	})
}

// session starts the hidden node, calls do, and leaves. It does not connect yet. A connection that is lost is not made
// again: what a node that is about to stop does to it would say nothing.
func (f *remoteFlags) session(ctx context.Context, a *app, target string, do func(*node.Node) error) error {
	if _, err := parseNodeName(target); err != nil {
		return err
	}
	n, err := f.start(ctx, a, target, func(cfg *node.Config) {
		cfg.SetupTime = setup(f.timeout)
		cfg.Resolve = once(cfg.Resolve)
	})
	if err != nil {
		return err
	}
	defer leave(n)
	return do(n)
}

// errLost is a connection that was there.
var errLost = errors.New("the connection was lost: the node has stopped, or the network between broke")

// once returns a resolver that finds each node once.
func once(resolve node.Resolver) node.Resolver {
	var mu sync.Mutex
	found := map[string]bool{}
	return func(ctx context.Context, name string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if found[name] {
			return "", &unreachableError{errLost}
		}
		address, err := resolve(ctx, name)
		found[name] = err == nil
		return address, err
	}
}

// isFinal reports whether a node that failed so will go on doing so: it refuses us, or what we said makes no sense. One
// that hangs up may just be starting or stopping.
func isFinal(err error) bool {
	for _, passing := range []error{dist.ErrHangup, dist.ErrBusy, dist.ErrNok, dist.ErrAlive} {
		if errors.Is(err, passing) {
			return false
		}
	}
	code := exitCode(err)
	return code == exitRefused || code == exitUsage
}

// explain says why timed, which is within ctx, was done, if that is what err is about.
func (f *remoteFlags) explain(ctx, timed context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errInterrupted
	case errors.Is(err, context.DeadlineExceeded) && timed.Err() != nil:
		return fmt.Errorf("no answer within %v: %w: the node is overloaded or stopped, or a firewall drops the packets",
			f.timeout, err)
	}
	return err
}
