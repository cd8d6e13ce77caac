package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"gonode/dist"
	"gonode/epmd"
)

// Path looks at each step to a node, and ends with the first that fails, whose finding is Bad.
func (d *Doctor) Path(ctx context.Context, target string) []Finding {
	var all []Finding
	add := func(f Finding) bool {
		all = append(all, f)
		return f.Level != Bad
	}
	alive, host, err := dist.ParseName(target)
	if err != nil {
		add(bad("name", target, CauseNameForm, err.Error(), "a node name is alive@host", err))
		return all
	}
	if !add(d.names(target)) {
		return all
	}
	addresses, f := d.resolve(ctx, target, host)
	if !add(f) {
		return all
	}
	port, f := d.mapper(ctx, target, alive, host, addresses)
	if !add(f) {
		return all
	}
	nc, f := d.dial(ctx, target, net.JoinHostPort(host, strconv.Itoa(int(port))))
	if !add(f) {
		return all
	}
	defer nc.Close()
	add(d.handshake(ctx, target, nc))
	return all
}

// names compares the forms of the two names.
func (d *Doctor) names(target string) Finding {
	if err := dist.CompareNames(d.Self, target); err != nil {
		return bad("name", target, CauseNameForm, err.Error(),
			"start both with erl -name, or both with -sname: nodes with long and with short names never meet", err)
	}
	return ok("name", target, form(target)+", as of "+d.Self)
}

func form(name string) string {
	if dist.LongName(name) {
		return "long name"
	}
	return "short name"
}

// resolve looks the host up.
func (d *Doctor) resolve(ctx context.Context, target, host string) ([]string, Finding) {
	addresses, err := d.lookup(ctx, host)
	if err != nil {
		err = &epmd.Error{Op: "look up " + target, Addr: host, Reason: epmd.ReasonResolve, Err: err}
		return nil, bad("dns", target, CauseDNS, fmt.Sprintf("the host name %s has no address here", host),
			"put it into /etc/hosts or the DNS of this host, or name the node by an address (erl -name a@10.0.0.1)", err)
	}
	text := host + " is " + strings.Join(addresses, " ")
	if d.remote() && !slices.ContainsFunc(addresses, notLoopback) {
		return addresses, Finding{Level: Warn, Check: "dns", Subject: target, Cause: CauseHostLoopback, Text: text + ", which is this host",
			Fix: "if the node is on another host, correct /etc/hosts"}
	}
	return addresses, ok("dns", target, text)
}

// mapper asks epmd for the port.
func (d *Doctor) mapper(ctx context.Context, target, alive, host string, addresses []string) (uint16, Finding) {
	found, err := d.client().Lookup(ctx, host, alive)
	if err == nil {
		return found.Port, ok("epmd", target, fmt.Sprintf("knows %s at port %d", alive, found.Port))
	}
	e, _ := errors.AsType[*epmd.Error](err)
	reason := epmd.ReasonUnreachable
	if e != nil {
		reason = e.Reason
	}
	port := strconv.Itoa(d.port())
	switch reason {
	case epmd.ReasonNotFound:
		return 0, d.unknown(ctx, target, alive, host, err)
	case epmd.ReasonNoServer:
		return 0, d.noEPMD(ctx, target, host, addresses, err)
	case epmd.ReasonTimeout:
		return 0, bad("epmd", target, CauseEPMDFiltered, "no answer from port "+port+" of "+host,
			"open TCP port "+port+" of that host in the firewalls in between; if it is open, epmd hangs there", err)
	case epmd.ReasonUnreachable:
		return 0, bad("epmd", target, CauseUnreachable, "the host "+host+" can't be reached", "check its address, routes and firewalls", err)
	}
	return 0, bad("epmd", target, CauseEPMD, err.Error(), "check that port "+port+" of that host is epmd's", err)
}

func (d *Doctor) port() int {
	if d.EPMDPort == 0 {
		return epmd.DefaultPort
	}
	return d.EPMDPort
}

// noEPMD tells an epmd that is not there from one that is only on loopback.
func (d *Doctor) noEPMD(ctx context.Context, target, host string, addresses []string, err error) Finding {
	port := strconv.Itoa(d.port())
	if slices.ContainsFunc(addresses, own) {
		for _, loopback := range []string{"127.0.0.1", "::1"} {
			if slices.Contains(addresses, loopback) {
				continue
			}
			if _, failed := d.client().Names(ctx, loopback); failed == nil {
				return bad("epmd", target, CauseEPMDLoopback,
					fmt.Sprintf("epmd listens on %s of this host, but not at %s", loopback, strings.Join(addresses, " ")),
					"start epmd with ERL_EPMD_ADDRESS unset or with that address in it; an embedded one with --epmd-address", err)
			}
		}
	}
	return bad("epmd", target, CauseNoEPMD, "nothing listens on port "+port+" of "+host,
		"start the node, or epmd -daemon, on that host; check that ERL_EPMD_PORT is the same on both", err)
}

// own reports whether an address is of this host.
func own(address string) bool {
	ip := net.ParseIP(address)
	if ip == nil {
		return false
	}
	if ip.IsLoopback() {
		return true
	}
	all, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// unknown says whom epmd knows instead.
func (d *Doctor) unknown(ctx context.Context, target, alive, host string, err error) Finding {
	var known []string
	if names, failed := d.client().Names(ctx, host); failed == nil {
		for _, n := range names {
			known = append(known, n.Name)
		}
	}
	text := fmt.Sprintf("epmd on %s knows no %s", host, alive)
	fix := "start the node, and see that it uses this epmd (ERL_EPMD_PORT); OTP 23 does not register again when epmd was restarted: restart the node"
	if len(known) > 0 {
		text += "; it knows " + strings.Join(known, " ")
		if near := nearest(alive, known); near != "" {
			fix = "did you mean " + near + "@" + host + "?"
		}
	}
	return bad("epmd", target, CauseNotRegistered, text, fix, err)
}

// nearest returns the name that differs by one letter from what was asked for, or by case.
func nearest(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(k, name) || oneOff(k, name) || oneOff(name, k) {
			return k
		}
	}
	return ""
}

// oneOff reports whether a is b with one letter more, or with one letter changed.
func oneOff(a, b string) bool {
	if len(a) < len(b) || len(a) > len(b)+1 {
		return false
	}
	for i := range b {
		if a[i] != b[i] {
			return a[i+1:] == b[i:] || a[i+1:] == b[i+1:]
		}
	}
	return true
}

// dial connects to the node's port.
func (d *Doctor) dial(ctx context.Context, target, address string) (net.Conn, Finding) {
	dialer := net.Dialer{Timeout: d.Step}
	nc, err := dialer.DialContext(ctx, "tcp", address)
	var timeout net.Error
	switch {
	case err == nil:
		return nc, ok("tcp", target, "connected to "+address)
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, bad("tcp", target, CausePortClosed, "nothing listens at "+address+", where epmd says it is",
			"the node has stopped and epmd does not know yet, it listens on another address (inet_dist_use_interface), or a firewall rejects", err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, bad("tcp", target, CausePortFiltered, "no answer from "+address+", where epmd says it is",
			"open that port in the firewalls in between; erl -kernel inet_dist_listen_min 9100 inet_dist_listen_max 9105 keeps the ports in a range", err)
	}
	return nil, bad("tcp", target, CauseUnreachable, address+" can't be reached", "check the address, routes and firewalls", err)
}
