package gossip

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

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
