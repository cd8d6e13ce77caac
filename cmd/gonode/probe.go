package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"gonode/dist"
	"gonode/epmd"
	"gonode/node"
)

// shutdownTime is how long a node may take to leave in order.
const shutdownTime = 5 * time.Second

// probeFlags is the group of flags of all that look at a cluster through a hidden node of their own.
type probeFlags struct {
	name   string
	cookie cookieFlags
	port   portFlags
	log    logFlags
}

func (f *probeFlags) add(fs *pflag.FlagSet) {
	addValue(fs, &f.name, parseNodeName, "name", "", "name@host", "",
		"what to be called meanwhile (default gonode-XXXX at a host that suits); GONODE_NAME, the name of a node that runs, is not taken")
	annotate(fs, "name", noEnv)
	f.cookie.add(fs)
	f.port.add(fs)
	f.log.add(fs, "error")
}

// start starts a probe that is to connect to target. End it with leave.
func (f *probeFlags) start(ctx context.Context, a *app, target string, change func(*node.Config)) (*node.Node, error) {
	cookie, err := f.cookie.load(a)
	if err != nil {
		return nil, err
	}
	port, err := f.port.get(a)
	if err != nil {
		return nil, err
	}
	cfg := node.Config{
		Name:       f.name,
		Cookie:     cookie,
		Hidden:     true,
		Listen:     "127.0.0.1:0", // nobody is told of it
		EPMD:       epmd.None,
		EPMDPort:   port,
		Resolve:    node.ResolveEPMD(epmd.Client{Port: port}),
		EventNames: []string{},
		Logger:     f.log.logger(a),
	}
	if cfg.Name == "" {
		cfg.Name = probeName(ctx, target, port)
	}
	change(&cfg)
	return node.Start(ctx, cfg)
}

// leave ends a node in order, for as long as that may take.
func leave(n *node.Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return n.Shutdown(ctx)
}

// probeName makes up a name for a node that is to connect to target, of the same form: long or short.
func probeName(ctx context.Context, target string, epmdPort int) string {
	_, host, _ := strings.Cut(target, "@")
	if !isLoopback(host) {
		host = ownHost(dist.LongName(target), func() string { return routeTo(ctx, host, epmdPort) })
	}
	// A node keeps every name that it has ever heard as an atom, for good; so there must not be too many of them.
	var number [2]byte
	_, _ = rand.Read(number[:]) // never fails
	return "gonode-" + hex.EncodeToString(number[:]) + "@" + host
}

// isLoopback reports whether host stands for the loopback interface by its looks.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "localhost.") || ip != nil && ip.IsLoopback()
}

// ownHost returns what this host is called in a long or a short node name. A long name that the host does not know is
// an address: what route says.
func ownHost(long bool, route func() string) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	switch {
	case !long:
		host, _, _ = strings.Cut(host, ".")
	case !strings.Contains(host, "."):
		host = route()
	}
	return host
}

// routeTime is how long the name server may take to tell an address that nothing depends on.
const routeTime = 2 * time.Second

// routeTo returns the address that this host has towards another; nothing is sent.
func routeTo(ctx context.Context, host string, port int) string {
	dialer := net.Dialer{Timeout: routeTime}
	conn, err := dialer.DialContext(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return "127.0.0.1"
	}
	defer conn.Close()
	address, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	address, _, _ = strings.Cut(address, "%") // the zone of an IPv6 address
	return address
}
