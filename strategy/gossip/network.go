package gossip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// network is the sockets of one run and what they are joined to. Its methods are for the goroutine of the run; the
// readers see no more than view.
type network struct {
	s        *settings
	sockets  []*socket
	resolver *resolver
	view     atomic.Pointer[view]
	claimed  atomic.Bool // somebody else was heard with our name, and the log has it

	joined map[membership]bool
	fixed  []destination // groups and broadcast addresses
	said   map[string]string
}

// membership is a group on an interface.
type membership struct {
	group netip.Addr
	index int
}

// view is what the readers want to know of the interfaces. It does not change; the network makes new ones.
type view struct {
	names  map[int]string
	local  map[netip.Addr]bool
	joined map[membership]bool
	only   int // the one interface to listen on; 0 for all, -1 if it is not there
}

// destination is where packets go. The interface is for multicast only.
type destination struct {
	socket *socket
	via    *net.Interface
	to     netip.AddrPort
}

func (d destination) String() string {
	if d.via == nil {
		return d.to.String()
	}
	return d.to.String() + " on " + d.via.Name
}

// open opens the sockets and joins. What can't be joined is no error: the interface may come.
func (s *settings) open(ctx context.Context) (*network, error) {
	n := &network{s: s, resolver: newResolver(s), joined: make(map[membership]bool), said: make(map[string]string)}
	four, six := s.families()
	if four {
		k, err := openFour(ctx, s)
		if err != nil {
			return nil, err
		}
		n.sockets = append(n.sockets, k)
	}
	if six {
		k, err := openSix(ctx, s)
		switch {
		case err == nil:
			n.sockets = append(n.sockets, k)
		case !four:
			return nil, err
		default:
			n.complain("IPv6", err)
		}
	}
	n.refresh()
	return n, nil
}

// families returns the kinds of sockets that are needed. A seed that has to be looked up may be of either.
func (s *settings) families() (four, six bool) {
	addrs := append([]netip.Addr{}, s.Groups...)
	four = s.BroadcastOnly
	for _, seed := range s.Seeds {
		if seed.addr.IsValid() {
			addrs = append(addrs, seed.addr)
		} else {
			four, six = true, true
		}
	}
	for _, a := range addrs {
		four, six = four || a.Is4(), six || a.Is6()
	}
	return four, six
}

// listen opens a UDP socket that several processes may share.
func listen(ctx context.Context, family, host string, port int) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		if err := c.Control(func(fd uintptr) { failed = share(fd) }); err != nil {
			return err
		}
		return failed
	}}
	pc, err := config.ListenPacket(ctx, family, net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return nil, listenError(port, err)
	}
	return pc.(*net.UDPConn), nil
}

// maxSaid bounds the complaints that are remembered: interfaces and addresses come and go.
const maxSaid = 256

// complain logs a failure once, until it is another or over.
func (n *network) complain(about string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch last, said := n.said[about]; {
	case text == last:
		return
	case err != nil:
		n.s.log.Warn("gossip is hindered", "error", err)
	case said:
		n.s.log.Info("gossip works again", "what", about)
	}
	if err == nil {
		delete(n.said, about)
	} else if len(n.said) < maxSaid {
		n.said[about] = text
	}
}

// close closes the sockets, which ends their readers.
func (n *network) close() {
	for _, k := range n.sockets {
		_ = k.conn.Close()
	}
}
