package epmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// loopback is where a server listens unless told otherwise. The first address decides who of several servers gets the
// port.
var loopback = [...]string{"127.0.0.1", "::1"}

// Listen opens the listeners of a Server: port on each of addresses, which are IPv4 or IPv6 literals ("0.0.0.0" is all of
// IPv4, "::" all of IPv6). Port 0 lets the system choose one, the same for all.
//
// As epmd does, it listens on loopback too, on which nodes register, unless addresses has a loopback or a wildcard
// address; a loopback address that the host does not have, as ::1 where IPv6 is off, is then left out. With no addresses
// it listens on loopback alone, where epmd would listen on everything: what runs there gives names and ports to anyone.
//
// The error is an *Error with ReasonListen, or ReasonInvalid for an address that is none.
func Listen(ctx context.Context, addresses []string, port int) ([]net.Listener, error) {
	places, err := places(addresses, port)
	if err != nil {
		return nil, err
	}
	var all []net.Listener
	var missing error
	for _, p := range places {
		ln, err := listenAt(ctx, p.addr, port)
		if err != nil && p.optional && !errors.Is(err, syscall.EADDRINUSE) {
			missing = err
			continue
		}
		if err != nil {
			closeAll(all)
			return nil, err
		}
		all = append(all, ln)
		port = ln.Addr().(*net.TCPAddr).Port
	}
	if len(all) == 0 {
		return nil, missing
	}
	return all, nil
}

// place is an address to listen on; an optional one need not be there.
type place struct {
	addr     netip.Addr
	optional bool
}

// places returns where to listen: addresses, and before them loopback if it is not among them.
func places(addresses []string, port int) ([]place, error) {
	var all []place
	local := false
	for _, a := range addresses {
		addr, err := netip.ParseAddr(a)
		if err != nil {
			return nil, &Error{Op: "serve", Addr: net.JoinHostPort(a, strconv.Itoa(port)), Reason: ReasonInvalid, Err: err}
		}
		addr = addr.Unmap()
		local = local || addr.IsLoopback() || addr.IsUnspecified()
		all = append(all, place{addr: addr})
	}
	if local {
		return all, nil
	}
	var first []place
	for _, a := range loopback {
		first = append(first, place{addr: netip.MustParseAddr(a), optional: true})
	}
	return append(first, all...), nil
}

// listenAt opens one listener. One on an IPv6 address takes IPv6 only, so that "0.0.0.0" and "::" go together.
func listenAt(ctx context.Context, addr netip.Addr, port int) (net.Listener, error) {
	at := net.JoinHostPort(addr.String(), strconv.Itoa(port))
	if port < 0 || port > 65535 {
		return nil, &Error{Op: "serve", Addr: at, Reason: ReasonInvalid, Err: fmt.Errorf("no such port: %d", port)}
	}
	network := "tcp6"
	if addr.Is4() {
		network = "tcp4"
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, network, at)
	if err != nil {
		return nil, &Error{Op: "serve", Addr: at, Reason: ReasonListen, Err: err}
	}
	return ln, nil
}

func closeAll(all []net.Listener) {
	for _, ln := range all {
		ln.Close()
	}
}
