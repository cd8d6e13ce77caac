package gossip

import (
	"context"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// socket is a UDP socket of one family; one of four and six is nil.
type socket struct {
	conn *net.UDPConn
	four *ipv4.PacketConn
	six  *ipv6.PacketConn
	oob  int // room for what is told with each packet; 0 where the system tells nothing
}

func openFour(ctx context.Context, s *settings) (*socket, error) {
	conn, err := listen(ctx, "udp4", "0.0.0.0", s.Port)
	if err != nil {
		return nil, err
	}
	k := &socket{conn: conn, four: ipv4.NewPacketConn(conn)}
	const flags = ipv4.FlagDst | ipv4.FlagInterface
	if k.four.SetControlMessage(flags, true) == nil {
		k.oob = len(ipv4.NewControlMessage(flags))
	}
	if err := k.four.SetMulticastTTL(s.TTL); err != nil {
		return nil, k.abandon(&NetworkError{Op: "set the TTL", Err: err})
	}
	if err := k.four.SetMulticastLoopback(!s.NoLoop); err != nil {
		return nil, k.abandon(&NetworkError{Op: "set the loopback of multicast", Err: err})
	}
	return k, nil
}

func openSix(ctx context.Context, s *settings) (*socket, error) {
	conn, err := listen(ctx, "udp6", "::", s.Port)
	if err != nil {
		return nil, err
	}
	k := &socket{conn: conn, six: ipv6.NewPacketConn(conn)}
	const flags = ipv6.FlagDst | ipv6.FlagInterface
	if k.six.SetControlMessage(flags, true) == nil {
		k.oob = len(ipv6.NewControlMessage(flags))
	}
	if err := k.six.SetMulticastHopLimit(s.TTL); err != nil {
		return nil, k.abandon(&NetworkError{Op: "set the hop limit", Err: err})
	}
	if err := k.six.SetMulticastLoopback(!s.NoLoop); err != nil {
		return nil, k.abandon(&NetworkError{Op: "set the loopback of multicast", Err: err})
	}
	return k, nil
}

func (k *socket) abandon(err error) error {
	_ = k.conn.Close()
	return err
}

// fits reports whether a is of the family of the socket.
func (k *socket) fits(a netip.Addr) bool {
	if k.four != nil {
		return a.Is4()
	}
	return a.Is6()
}

func (k *socket) join(f *net.Interface, group netip.Addr) error {
	if k.four != nil {
		return k.four.JoinGroup(f, udpAddr(group))
	}
	return k.six.JoinGroup(f, udpAddr(group))
}

func (k *socket) leave(f *net.Interface, group netip.Addr) error {
	if k.four != nil {
		return k.four.LeaveGroup(f, udpAddr(group))
	}
	return k.six.LeaveGroup(f, udpAddr(group))
}

// setInterface says on which interface multicast packets leave.
func (k *socket) setInterface(f *net.Interface) error {
	if k.four != nil {
		return k.four.SetMulticastInterface(f)
	}
	return k.six.SetMulticastInterface(f)
}

func udpAddr(a netip.Addr) *net.UDPAddr { return &net.UDPAddr{IP: a.AsSlice()} }

// arrival returns where a packet was sent to and on which interface it came, as far as the system tells.
func (k *socket) arrival(oob []byte) (to netip.Addr, index int) {
	if len(oob) == 0 {
		return netip.Addr{}, 0
	}
	var dst net.IP
	if k.four != nil {
		var cm ipv4.ControlMessage
		if cm.Parse(oob) != nil {
			return netip.Addr{}, 0
		}
		dst, index = cm.Dst, cm.IfIndex
	} else {
		var cm ipv6.ControlMessage
		if cm.Parse(oob) != nil {
			return netip.Addr{}, 0
		}
		dst, index = cm.Dst, cm.IfIndex
	}
	to, _ = netip.AddrFromSlice(dst)
	return to.Unmap(), index
}
