package daemon

import (
	"errors"
	"net"
	"strconv"
	"strings"
)

// Address is where a daemon answers. The zero value is nowhere.
type Address struct {
	Network string // tcp or unix
	Addr    string // host:port, or the path
}

// ParseAddress reads what run --http takes: a port on the loopback interface, host:port, or unix:PATH; of several with commas
// between them the first.
func ParseAddress(s string) (Address, error) {
	s, _, _ = strings.Cut(s, ",")
	s = strings.TrimSpace(s)
	if path, ok := strings.CutPrefix(s, "unix:"); ok && path != "" {
		return Address{"unix", path}, nil
	}
	if isPort(s) {
		return Address{"tcp", net.JoinHostPort("127.0.0.1", s)}, nil
	}
	host, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(s, "http://"), "/"))
	if err != nil || !isPort(port) {
		return Address{}, errors.New("want a port, host:port or unix:PATH, as of run --http")
	}
	if host == "" { // all interfaces
		host = "127.0.0.1"
	}
	return Address{"tcp", net.JoinHostPort(host, port)}, nil
}

func isPort(s string) bool {
	port, err := strconv.ParseUint(s, 10, 16)
	return err == nil && port > 0
}

// String returns the address as ParseAddress takes it.
func (a Address) String() string {
	if a.Network == "unix" {
		return "unix:" + a.Addr
	}
	return a.Addr
}

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a == Address{} }
