package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"gonode/dist"
	"gonode/epmd"
)

// Host looks at this host: its name and addresses, its epmd, and whether multicast is possible.
func (d *Doctor) Host(ctx context.Context) []Finding {
	return []Finding{d.hostname(ctx), d.ownEPMD(ctx), multicast(net.Interfaces())}
}

// hostname looks at what this host is called.
func (d *Doctor) hostname(ctx context.Context) Finding {
	const check = "hostname"
	name, err := os.Hostname()
	if err != nil {
		return bad(check, "", CauseDNS, "this host has no name", "give it one, with hostnamectl set-hostname", err)
	}
	kind := "short, for erl -sname; -name takes a host with a dot, or an address"
	if strings.Contains(name, ".") {
		kind = "fully qualified, for erl -name; -sname uses it up to the first dot"
	}
	addresses, err := d.lookup(ctx, name)
	switch {
	case err != nil:
		return Finding{Level: Warn, Check: check, Cause: CauseDNS, Err: err,
			Text: fmt.Sprintf("this host is called %s (%s), which has no address", name, kind),
			Fix:  "put it into /etc/hosts or the DNS, or name nodes by an address"}
	case d.remote() && !slices.ContainsFunc(addresses, notLoopback):
		return Finding{Level: Warn, Check: check, Cause: CauseHostLoopback,
			Text: fmt.Sprintf("this host is called %s, which is %s here: nodes that are named after it listen for nobody else", name, strings.Join(addresses, " ")),
			Fix:  "give the name its real address in /etc/hosts; Debian puts 127.0.1.1 there"}
	}
	return ok(check, "", fmt.Sprintf("%s (%s) is %s", name, kind, strings.Join(addresses, " ")))
}

// remote reports whether this side is to be reached from elsewhere, going by its name.
func (d *Doctor) remote() bool {
	_, host, err := dist.ParseName(d.Self)
	return err == nil && host != "localhost" && (net.ParseIP(host) == nil || notLoopback(host))
}

func notLoopback(address string) bool {
	ip := net.ParseIP(address)
	return ip != nil && !ip.IsLoopback()
}

// lookup returns the addresses of a host.
func (d *Doctor) lookup(ctx context.Context, host string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Step)
	defer cancel()
	return net.DefaultResolver.LookupHost(ctx, host)
}

// ownTime is how long the epmd of this host may take, on which nothing depends.
const ownTime = time.Second

// ownEPMD looks for the epmd of this host.
func (d *Doctor) ownEPMD(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	names, err := d.client().Names(ctx, "localhost")
	if err != nil {
		return Finding{Level: Note, Check: "epmd", Cause: CauseNoEPMD, Err: err, Text: "no epmd answers on this host",
			Fix: "none is needed to dial others; a node that starts here brings one"}
	}
	var list []string
	for _, n := range names {
		list = append(list, fmt.Sprintf("%s:%d", n.Name, n.Port))
	}
	if list == nil {
		list = []string{"no nodes"}
	}
	return ok("epmd", "", "runs on this host and knows "+strings.Join(list, " "))
}

func (d *Doctor) client() *epmd.Client { return &epmd.Client{Port: d.EPMDPort, Timeout: d.Step} }

// multicast looks for an interface that gossip can use.
func multicast(all []net.Interface, err error) Finding {
	const check = "multicast"
	var able []string
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagLoopback == 0 {
			able = append(able, i.Name)
		}
	}
	if len(able) == 0 {
		return Finding{Level: Note, Check: check, Cause: CauseMulticast, Err: err,
			Text: "no interface of this host is up and can do multicast: gossip reaches this host only",
			Fix:  "ip link set dev eth0 multicast on; where the network forbids it, as most clouds do, use another strategy than gossip"}
	}
	return ok(check, "", "possible on "+strings.Join(able, " "))
}
