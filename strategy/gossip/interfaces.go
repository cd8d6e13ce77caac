package gossip

import (
	"net"
	"net/netip"
	"slices"
)

// iface is a network interface that is up.
type iface struct {
	net       *net.Interface
	addrs     []netip.Addr
	four, six bool       // has addresses of the family
	broadcast netip.Addr // of its first IPv4 network; zero if there is none
}

// interfaces returns those that are up.
func interfaces() ([]iface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var up []iface
	for i := range all {
		if all[i].Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := all[i].Addrs()
		if err != nil {
			continue // it has gone since
		}
		up = append(up, newIface(&all[i], addrs))
	}
	return up, nil
}

func newIface(n *net.Interface, addrs []net.Addr) iface {
	f := iface{net: n}
	for _, a := range addrs {
		ipnet, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, _ := netip.AddrFromSlice(ipnet.IP)
		addr = addr.Unmap()
		f.addrs = append(f.addrs, addr)
		f.four, f.six = f.four || addr.Is4(), f.six || addr.Is6()
		if ones, _ := ipnet.Mask.Size(); addr.Is4() && ones < 31 && !f.broadcast.IsValid() {
			f.broadcast = lastOf(netip.PrefixFrom(addr, ones))
		}
	}
	return f
}

// lastOf returns the last address of an IPv4 network, that for broadcasts.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

func (f *iface) loopback() bool { return f.net.Flags&net.FlagLoopback != 0 }

func (f *iface) is(nameOrAddr string) bool {
	if f.net.Name == nameOrAddr {
		return true
	}
	addr, err := netip.ParseAddr(nameOrAddr)
	return err == nil && slices.Contains(f.addrs, addr.Unmap())
}

// choose returns the interfaces to send and to join on: those that are wanted, or else all that are fit for it, or else
// the loopback interface. missing are those that are wanted and not there.
func choose(up []iface, wanted []string, fit net.Flags) (chosen []iface, missing []string) {
	for _, w := range wanted {
		i := slices.IndexFunc(up, func(f iface) bool { return f.is(w) })
		switch {
		case i < 0:
			missing = append(missing, w)
		case !slices.ContainsFunc(chosen, func(f iface) bool { return f.net.Index == up[i].net.Index }):
			chosen = append(chosen, up[i])
		}
	}
	if len(wanted) > 0 {
		return chosen, missing
	}
	for _, f := range up {
		if len(f.addrs) > 0 && !f.loopback() && f.net.Flags&fit != 0 {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		for _, f := range up {
			if f.loopback() {
				chosen = append(chosen, f)
			}
		}
	}
	return chosen, nil
}
