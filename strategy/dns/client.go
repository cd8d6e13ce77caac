package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"gonode/strategy"
)

const (
	defaultConfig  = "/etc/resolv.conf"
	maxTimeout     = 2 * time.Second // unless Client.Timeout says otherwise: resolv.conf's own default is 5 s
	maxAttempts    = 5
	maxCandidates  = 20
	maxConfigBytes = 1 << 20
)

// Client is a Resolver that asks DNS servers, over UDP, and over TCP when an answer does not fit. The zero value asks those
// of /etc/resolv.conf, with its search domains; the file is read for every look-up. Its methods may be called from any
// goroutine, its fields must not change then. It knows no /etc/hosts and keeps no answers.
type Client struct {
	// Servers are addresses of DNS servers, each with a port ("10.0.0.1:8600", "[fd00::1]:53") or without for port 53. Empty
	// means those of the configuration file.
	Servers []string

	// Search are the domains in which names without a dot at the end are looked for; nil means those of the
	// configuration file, empty means none.
	Search []string

	// ConfigFile is the resolv.conf; empty means /etc/resolv.conf.
	ConfigFile string

	// Timeout bounds one question to one server. 0 means what the configuration file says, but no more than 2 s.
	Timeout time.Duration

	// Attempts is how often each server is asked, at most 5; 0 means what the configuration file says, which is 2 by default.
	Attempts int

	good atomic.Uint32 // the index of the server that answered last
}

var _ Resolver = (*Client)(nil)

// settings are what a look-up is made with.
type settings struct {
	dns.ClientConfig
	timeout time.Duration
}

// Check returns a *strategy.FieldError, or several joined, for fields that can't be; nil if there are none. It does not look
// at the configuration file.
func (c *Client) Check() error {
	var errs []error
	add := func(field, problem string) {
		errs = append(errs, &strategy.FieldError{Strategy: "dns", Field: field, Problem: problem})
	}
	for i, s := range c.Servers {
		if _, err := serverAddress(s, "53"); err != nil {
			add(fmt.Sprintf("Servers[%d]", i), err.Error())
		}
	}
	for i, domain := range c.Search {
		if problem := wrongName(domain); problem != "" {
			add(fmt.Sprintf("Search[%d]", i), problem)
		}
	}
	if c.Timeout < 0 {
		add("Timeout", fmt.Sprintf("%v is negative: want a time such as 2s, or 0 for what resolv.conf says", c.Timeout))
	}
	if c.Attempts < 0 || c.Attempts > maxAttempts {
		add("Attempts", fmt.Sprintf("%d is not a number from 0 to %d", c.Attempts, maxAttempts))
	}
	return errors.Join(errs...)
}

// serverAddress returns host:port of a server.
func serverAddress(s, port string) (string, error) {
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return net.JoinHostPort(addr.String(), port), nil
	}
	if _, err := netip.ParseAddrPort(s); err != nil {
		return "", fmt.Errorf("%.60q is no address of a DNS server: want an IP address, with :port if that is not 53", s)
	}
	return s, nil
}

// settings reads the configuration file and completes it.
func (c *Client) settings() (*settings, error) {
	conf, err := readConfig(cmp.Or(c.ConfigFile, defaultConfig))
	if err != nil && len(c.Servers) == 0 {
		return nil, err
	}
	s := &settings{ClientConfig: conf, timeout: c.Timeout}
	if s.timeout <= 0 {
		s.timeout = min(time.Duration(conf.Timeout)*time.Second, maxTimeout)
	}
	s.Attempts = min(cmp.Or(max(c.Attempts, 0), conf.Attempts), maxAttempts)
	if c.Search != nil {
		s.Search = c.Search
	}
	servers := conf.Servers
	if len(c.Servers) > 0 {
		servers = c.Servers
	}
	s.Servers = nil
	for _, server := range servers {
		addr, err := serverAddress(server, conf.Port)
		if err != nil {
			return nil, err
		}
		s.Servers = append(s.Servers, addr)
	}
	return s, nil
}

// readConfig reads a resolv.conf; what it returns with an error is what an empty one would say.
func readConfig(path string) (dns.ClientConfig, error) {
	conf := dns.ClientConfig{Port: "53", Ndots: 1, Timeout: 5, Attempts: 2}
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxConfigBytes) {
		err = fmt.Errorf("%s is no regular file of at most %d bytes", path, maxConfigBytes)
	}
	if err != nil {
		return conf, err
	}
	read, err := dns.ClientConfigFromFile(path)
	if err != nil {
		return conf, err
	}
	if len(read.Servers) == 0 {
		read.Servers = []string{"127.0.0.1"} // as resolv.conf(5) has it
	}
	return *read, nil
}

// names are the names to be asked for, in their order.
func (s *settings) names(name string) []string {
	var names []string
	for _, n := range s.NameList(name) {
		if _, ok := dns.IsDomainName(n); ok && len(n) <= 254 && len(names) < maxCandidates {
			names = append(names, n)
		}
	}
	return names
}

// Lookup implements Resolver. The first of the names to be tried that exists is the one, whether it has such records or
// not; so IPv4 and IPv6 addresses are those of one name.
func (c *Client) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	s, err := c.settings()
	if err != nil {
		return Answer{}, &Error{Name: name, Type: t, Reason: ReasonConfig, Err: err}
	}
	last := &Error{Name: name, Type: t, Reason: ReasonNoName}
	names := s.names(name)
	for _, n := range names {
		answer, err := c.chase(ctx, s, n, t)
		var failed *Error
		switch {
		case err == nil:
			return answer, nil
		case !errors.As(err, &failed) || failed.Reason != ReasonNoName || failed.Err != nil:
			// What a server can't tell now must not be looked for in another domain.
			return Answer{}, err
		}
		last = failed
	}
	if len(names) != 1 {
		last.Name, last.Err = name, fmt.Errorf("tried %s", strings.Join(names, " "))
	}
	return Answer{}, last
}
