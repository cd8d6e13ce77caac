//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/integration/beam"
	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/kubernetes"
)

const cookie = "monster"

// pods are addresses of the pod network with an epmd each, which is on one port everywhere. In one network namespace they
// can't all have the loopback interface for themselves, as in pods: each has a port of its own there, and each address has
// all these ports, which lead to the epmd of that address.
type pods struct {
	release string
	ips     []string
	epmds   []*beam.EPMD
}

func newPods(t *testing.T, release string, ips ...string) *pods {
	p := &pods{release: release, ips: ips}
	for range ips {
		p.epmds = append(p.epmds, beam.StartEPMD(t, release))
	}
	for i, ip := range ips {
		for _, e := range p.epmds {
			newWire(t, fmt.Sprintf("%s:%d", ip, e.Port), fmt.Sprintf("127.0.0.1:%d", p.epmds[i].Port))
		}
	}
	return p
}

// beam starts the Erlang node of a pod.
func (p *pods) beam(t *testing.T, i int) *beam.Node {
	t.Helper()
	return beam.Start(t, beam.Options{Release: p.release, Name: "app@" + p.ips[i], Cookie: cookie, EPMDPort: p.epmds[i].Port})
}

// goNode starts the Go node of a pod.
func (p *pods) goNode(t *testing.T, i int, s strategy.Strategy) *node.Node {
	t.Helper()
	n, err := node.Start(t.Context(), node.Config{
		Name:       "app@" + p.ips[i],
		Cookie:     cookie,
		EPMD:       epmd.External,
		EPMDPort:   p.epmds[i].Port,
		Strategies: []strategy.Strategy{s},
		Logger:     slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, n.Shutdown(ctx))
	})
	return n
}

// TestJoin: a Go node finds two Erlang nodes through Kubernetes and joins them, and then a third that takes the place of one.
func TestJoin(t *testing.T) {
	for _, release := range beam.Releases(t) {
		t.Run("otp"+release, func(t *testing.T) {
			ns := newNamespace(t)
			p := newPods(t, release, "10.244.1.1", "10.244.1.2", "10.244.1.3", "10.244.1.4")
			a, b := p.beam(t, 0), p.beam(t, 1)
			require.Equal(t, "pong", a.Eval(t, "net_adm:ping('app@10.244.1.2')"))
			s := &kubernetes.Strategy{Basename: "app", Service: "web"}
			s.Kubeconfig = kubeconfig(t, ns, s)
			applySlice(t, ns, "web-x", "app: web", "{addresses: [10.244.1.1]}, {addresses: [10.244.1.2]}, {addresses: [10.244.1.3]}")
			begin := time.Now()
			n := p.goNode(t, 2, s)
			members(t, n, "app@10.244.1.1 app@10.244.1.2")
			t.Logf("a member of both after %v", time.Since(begin).Round(time.Millisecond))
			sees(t, a, "['app@10.244.1.2','app@10.244.1.3']")
			sees(t, b, "['app@10.244.1.1','app@10.244.1.3']")

			b.Kill()
			c := p.beam(t, 3)
			require.Equal(t, "pong", a.Eval(t, "net_adm:ping('app@10.244.1.4')"))
			applySlice(t, ns, "web-x", "app: web", "{addresses: [10.244.1.1]}, {addresses: [10.244.1.4]}, {addresses: [10.244.1.3]}")
			members(t, n, "app@10.244.1.1 app@10.244.1.4")
			sees(t, a, "['app@10.244.1.3','app@10.244.1.4']")
			sees(t, c, "['app@10.244.1.1','app@10.244.1.3']")
		})
	}
}

// members waits until a Go node is connected to these.
func members(t *testing.T, n *node.Node, want string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var names []string
		for _, p := range n.Nodes() {
			names = append(names, p.Name)
		}
		if strings.Join(names, " ") == want {
			return
		}
		require.Less(t, time.Since(begin), patience, "connected to %v, want %s", names, want)
	}
}

// sees waits until an Erlang node is connected to these.
func sees(t *testing.T, n *beam.Node, want string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		got := n.Eval(t, "lists:sort(nodes())")
		if got == want {
			return
		}
		require.Less(t, time.Since(begin), patience, "connected to %s, want %s", got, want)
	}
}
