package node

import (
	"context"
	"fmt"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// RoundTrip asks the net_kernel of a connected node, as Ping does, and returns how long that took. Unlike Ping it neither
// connects nor counts as the application's wish to be connected, so it is for those who only look on. The error wraps
// gen.ErrNoConnection if there is no connection. Any goroutine may call it.
func (n *Node) RoundTrip(ctx context.Context, name string) (time.Duration, error) {
	l := n.linkOf(gen.Atom(name))
	if l == nil {
		return 0, fmt.Errorf("round trip to %s: %w", name, gen.ErrNoConnection)
	}
	return l.ping(ctx)
}

// Release asks a connected node for its release of OTP, such as "27". It does not connect. A node that is no BEAM has
// none to tell: the error is an *Exception then. Any goroutine may call it.
func (n *Node) Release(ctx context.Context, name string) (string, error) {
	l := n.linkOf(gen.Atom(name))
	if l == nil {
		return "", fmt.Errorf("release of %s: %w", name, gen.ErrNoConnection)
	}
	reply, err := l.erpc(ctx, "erlang", "system_info", gen.Atom("otp_release"))
	if err != nil {
		return "", fmt.Errorf("release of %s: %w", name, err)
	}
	text, ok := etf.Text(reply)
	if !ok || len(text) > maxRelease {
		return "", fmt.Errorf("release of %s: it says %s", name, etf.FormatLimit(reply, 100))
	}
	return text, nil
}

// maxRelease is how long the name of a release may be, in bytes.
const maxRelease = 32
