package gossip

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// NetworkError is something the network did not do: open the port, join a group on an interface, send.
type NetworkError struct {
	Op   string // what was tried, for people: "join 230.1.1.251 on eth0"
	Hint string // the likely cause, and what to do; empty if there is none
	Err  error
}

// Error implements error.
func (e *NetworkError) Error() string {
	text := fmt.Sprintf("gossip: %s: %v", e.Op, e.Err)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Unwrap returns the error of the system.
func (e *NetworkError) Unwrap() error { return e.Err }

// insteadOf is what there is for networks that carry no multicast.
const insteadOf = "give seeds (addresses to send to), or broadcast only, or use DNS or Kubernetes instead of gossip"

func listenError(port int, err error) error {
	e := &NetworkError{Op: fmt.Sprintf("listen on UDP port %d", port), Err: err}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		e.Hint = fmt.Sprintf("another program has the port and does not share it (SO_REUSEADDR): find it with `ss -ulpn sport = :%d`, "+
			"or use another port on all nodes", port)
	case errors.Is(err, os.ErrPermission):
		e.Hint = "ports under 1024 need rights: use another port on all nodes"
	case errors.Is(err, syscall.EAFNOSUPPORT), errors.Is(err, syscall.EADDRNOTAVAIL):
		e.Hint = "this host has the protocol switched off: leave out the groups and seeds of that kind"
	}
	return e
}

func joinError(group, name string, err error) error {
	e := &NetworkError{Op: fmt.Sprintf("join %s on %s", group, name), Err: err}
	switch {
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EOPNOTSUPP):
		e.Hint = "the interface carries no multicast: name another one, or " + insteadOf
	case errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
		e.Hint = "the system's limit of memberships is reached: name the interfaces that matter, or raise net.ipv4.igmp_max_memberships"
	}
	return e
}

func sendError(where string, err error) error {
	e := &NetworkError{Op: "send to " + where, Err: err}
	switch {
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		e.Hint = "there is no route: is the interface up, and does it have an address? In containers and cloud networks " + insteadOf
	case errors.Is(err, os.ErrPermission):
		e.Hint = "a firewall on this host forbids it"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.ENODEV):
		e.Hint = "the interface has no address of this kind, or has gone"
	}
	return e
}

// errNowhere is when there is nothing to send to.
func errNowhere() error {
	return &NetworkError{Op: "send", Err: errors.New("there is nowhere to send to"),
		Hint: "no interface is up that has an address and knows multicast: " + insteadOf}
}
