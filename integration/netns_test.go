package integration

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hosts are network namespaces on one bridge, which is in a namespace of its own: nothing of it touches this machine's
// network. Host i has the address 10.77.0.i, and 10.77.0.255 for broadcasts.
type hosts struct {
	t      *testing.T
	prefix string
}

// newHosts makes n hosts, which are gone at the end of the test.
func newHosts(t *testing.T, n int) *hosts {
	t.Helper()
	require.Zero(t, os.Geteuid(), "this test makes network namespaces, which only root may: run it as root")
	_, err := exec.LookPath("ip")
	require.NoError(t, err, "this test needs the program ip: apt-get install iproute2")
	h := &hosts{t: t, prefix: "gonode-" + strings.ToLower(rand.Text()[:6])}
	h.add(h.prefix)
	h.ip("-n", h.prefix, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
	h.ip("-n", h.prefix, "link", "set", "br0", "up")
	for i := 1; i <= n; i++ {
		name := h.name(i)
		h.add(name)
		h.ip("-n", name, "link", "set", "lo", "up")
		h.ip("-n", h.prefix, "link", "add", h.port(i), "type", "veth", "peer", "name", "eth0", "netns", name)
		h.ip("-n", h.prefix, "link", "set", h.port(i), "master", "br0", "up")
		h.ip("-n", name, "addr", "add", h.address(i)+"/24", "broadcast", "10.77.0.255", "dev", "eth0")
		h.ip("-n", name, "link", "set", "eth0", "up")
		h.ip("-n", name, "route", "add", "default", "dev", "eth0") // for the multicast of those who name no interface
	}
	return h
}

func (h *hosts) add(namespace string) {
	h.t.Helper()
	h.ip("netns", "add", namespace)
	h.t.Cleanup(func() { h.ip("netns", "delete", namespace) })
}

func (h *hosts) ip(args ...string) {
	h.t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	require.NoError(h.t, err, "ip %s: %s", strings.Join(args, " "), out)
}

func (h *hosts) name(i int) string    { return fmt.Sprintf("%s-%d", h.prefix, i) }
func (h *hosts) port(i int) string    { return fmt.Sprintf("port%d", i) }
func (h *hosts) address(i int) string { return fmt.Sprintf("10.77.0.%d", i) }

// unplug and plug pull the cable of a host and put it back.
func (h *hosts) unplug(i int) { h.ip("-n", h.prefix, "link", "set", h.port(i), "down") }
func (h *hosts) plug(i int)   { h.ip("-n", h.prefix, "link", "set", h.port(i), "up") }
