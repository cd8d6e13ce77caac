package gossip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
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

// writeLimit bounds how long sending may wait for room in a socket.
const writeLimit = time.Second

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

// refresh looks at the interfaces again: joins what has come, forgets what has gone.
func (n *network) refresh() {
	up, err := interfaces()
	if err != nil {
		n.complain("interfaces", &NetworkError{Op: "list the interfaces", Err: err})
		return
	}
	n.complain("interfaces", nil)
	v := &view{names: make(map[int]string), local: make(map[netip.Addr]bool)}
	for _, f := range up {
		v.names[f.net.Index] = f.net.Name
		for _, a := range f.addrs {
			v.local[a] = true
		}
	}
	n.fixed = n.fixed[:0]
	chosen := n.choose(up, v)
	if n.s.BroadcastOnly {
		n.broadcasts(chosen)
	} else {
		n.memberships(chosen)
	}
	v.joined = make(map[membership]bool, len(n.joined))
	for m := range n.joined {
		v.joined[m] = true
	}
	n.view.Store(v)
}

// choose returns the interfaces to use, and tells what is missing.
func (n *network) choose(up []iface, v *view) []iface {
	wanted, fit := n.s.MulticastInterfaces, net.FlagMulticast
	if n.s.BroadcastOnly {
		fit = net.FlagBroadcast
	}
	if a := n.s.InterfaceAddress; a.IsValid() {
		v.only = -1
		if f, _ := choose(up, []string{a.String()}, fit); len(f) > 0 {
			v.only = f[0].net.Index
		}
		if len(wanted) == 0 {
			wanted = []string{a.String()}
		}
	}
	chosen, missing := choose(up, wanted, fit)
	var err error
	if len(missing) > 0 {
		var names []string
		for _, f := range up {
			names = append(names, f.net.Name)
		}
		err = &NetworkError{Op: "find the interface " + strings.Join(missing, ", "), Err: errors.New("it is not there, or not up"),
			Hint: "these are: " + strings.Join(names, ", ")}
	}
	n.complain("missing", err)
	return chosen
}

// memberships joins every group on every one of the interfaces.
func (n *network) memberships(chosen []iface) {
	there := make(map[membership]bool)
	for _, f := range chosen {
		for _, k := range n.sockets {
			for _, g := range n.s.Groups {
				if !k.fits(g) || !f.has(g) {
					continue
				}
				m := membership{g, f.net.Index}
				there[m] = true
				if !n.joined[m] {
					n.join(k, m, f.net)
				}
				if n.joined[m] {
					n.fixed = append(n.fixed, destination{k, f.net, netip.AddrPortFrom(g, uint16(n.s.Port))})
				}
			}
		}
	}
	for m := range n.joined {
		if !there[m] {
			n.leave(m)
		}
	}
}

func (f *iface) has(group netip.Addr) bool { return group.Is4() && f.four || group.Is6() && f.six }

func (n *network) join(k *socket, m membership, f *net.Interface) {
	err := k.join(f, m.group)
	if errors.Is(err, syscall.EADDRINUSE) { // already a member: the interface was away for a while
		err = nil
	}
	if err != nil {
		err = joinError(m.group.String(), f.Name, err)
	} else {
		n.joined[m] = true
	}
	n.complain(fmt.Sprintf("join %s %d", m.group, m.index), err)
}

// leave ends a membership on an interface that is gone or not wanted any more.
func (n *network) leave(m membership) {
	delete(n.joined, m)
	for _, k := range n.sockets {
		if k.fits(m.group) {
			_ = k.leave(&net.Interface{Index: m.index}, m.group) // the kernel may have done it
		}
	}
}

// broadcasts makes destinations of the addresses to broadcast to.
func (n *network) broadcasts(chosen []iface) {
	addrs := n.s.Groups
	if len(addrs) == 0 {
		for _, f := range chosen {
			if f.broadcast.IsValid() {
				addrs = append(addrs, f.broadcast)
			}
		}
	}
	for _, k := range n.sockets {
		for _, a := range addrs {
			if k.fits(a) {
				n.fixed = append(n.fixed, destination{k, nil, netip.AddrPortFrom(a, uint16(n.s.Port))})
			}
		}
	}
}

// send sends the packets to everybody. It fails only if nothing could be sent anywhere; the rest is in the log.
func (n *network) send(packets [][]byte) error {
	all := n.fixed
	for _, to := range n.resolver.addresses() {
		for _, k := range n.sockets {
			if k.fits(to.Addr()) {
				all = append(all, destination{k, nil, to})
			}
		}
	}
	worked, failed := 0, errNowhere()
	for _, d := range all {
		err := n.sendTo(d, packets)
		n.complain("send "+d.String(), err)
		if err != nil {
			failed = err
		} else {
			worked++
		}
	}
	if worked > 0 {
		return nil
	}
	return failed
}

func (n *network) sendTo(d destination, packets [][]byte) error {
	if d.via != nil {
		if err := d.socket.setInterface(d.via); err != nil {
			n.s.counters.sendErrors.Add(uint64(len(packets)))
			return sendError(d.String(), err)
		}
	}
	_ = d.socket.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	for _, p := range packets {
		if _, err := d.socket.conn.WriteToUDPAddrPort(p, d.to); err != nil {
			n.s.counters.sendErrors.Add(1)
			return sendError(d.String(), err)
		}
		n.s.counters.sent.Add(1)
	}
	return nil
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

// destinations returns where packets go, for people.
func (n *network) destinations() string {
	var names []string
	for _, d := range n.fixed {
		names = append(names, d.String())
	}
	for _, a := range n.resolver.addresses() {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

// close closes the sockets, which ends their readers.
func (n *network) close() {
	for _, k := range n.sockets {
		_ = k.conn.Close()
	}
}
