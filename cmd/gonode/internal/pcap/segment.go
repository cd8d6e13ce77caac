package pcap

import (
	"encoding/binary"
	"net/netip"
)

// The link types that are understood; see tcpdump.org/linktypes.html.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRawOld   = 12
	linkRaw      = 101
	linkLoop     = 108
	linkLinux    = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkLinux2   = 276
)

// segment is a TCP segment.
type segment struct {
	from, to netip.AddrPort
	seq      uint32
	flags    byte
	data     []byte
	cut      bool // not all of the data was captured
}

const (
	flagFIN = 1
	flagSYN = 2
	flagACK = 16
)

// parse reads the segment in a packet; false if there is none, or it is none that is understood.
func parse(p packet) (segment, bool) {
	b, ok := p.data, true
	switch p.link {
	case linkNull, linkLoop:
		b, ok = skip(b, 4)
	case linkEthernet:
		b, ok = ethernet(b)
	case linkLinux:
		b, ok = skip(b, 16)
	case linkLinux2:
		b, ok = skip(b, 20)
	case linkRaw, linkRawOld, linkIPv4, linkIPv6:
	default:
		ok = false
	}
	if !ok || len(b) == 0 {
		return segment{}, false
	}
	switch b[0] >> 4 {
	case 4:
		return ipv4(b)
	case 6:
		return ipv6(b)
	}
	return segment{}, false
}

func skip(b []byte, n int) ([]byte, bool) {
	if len(b) < n {
		return nil, false
	}
	return b[n:], true
}

// ethernet takes the header off, with VLAN tags.
func ethernet(b []byte) ([]byte, bool) {
	b, ok := skip(b, 12)
	for ok && len(b) >= 4 {
		kind := binary.BigEndian.Uint16(b)
		if kind != 0x8100 && kind != 0x88a8 {
			return b[2:], true
		}
		b = b[4:]
	}
	return nil, false
}

func ipv4(b []byte) (segment, bool) {
	if len(b) < 20 || b[9] != 6 {
		return segment{}, false
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b) // left to the network card
	}
	fragment := binary.BigEndian.Uint16(b[6:]) & 0x3fff // an offset, or more to come
	if head < 20 || head > total || head > len(b) || fragment != 0 {
		return segment{}, false
	}
	from, _ := netip.AddrFromSlice(b[12:16])
	to, _ := netip.AddrFromSlice(b[16:20])
	return tcp(b[head:min(total, len(b))], total-head, from, to)
}

func ipv6(b []byte) (segment, bool) {
	if len(b) < 40 {
		return segment{}, false
	}
	from, _ := netip.AddrFromSlice(b[8:24])
	to, _ := netip.AddrFromSlice(b[24:40])
	next, size := b[6], int(binary.BigEndian.Uint16(b[4:]))
	b = b[40:]
	if size == 0 {
		size = len(b)
	}
	for next == 0 || next == 43 || next == 60 { // hop-by-hop, routing, destination
		if len(b) < 8 {
			return segment{}, false
		}
		n := 8 + int(b[1])*8
		if n > len(b) {
			return segment{}, false
		}
		next, b, size = b[0], b[n:], size-n
	}
	if next != 6 || size < 0 {
		return segment{}, false
	}
	return tcp(b[:min(size, len(b))], size, from, to)
}

// tcp reads a segment of which size bytes were sent and b was captured.
func tcp(b []byte, size int, from, to netip.Addr) (segment, bool) {
	if len(b) < 20 {
		return segment{}, false
	}
	head := int(b[12]>>4) * 4
	if head < 20 || head > len(b) {
		return segment{}, false
	}
	return segment{
		from:  netip.AddrPortFrom(from, binary.BigEndian.Uint16(b)),
		to:    netip.AddrPortFrom(to, binary.BigEndian.Uint16(b[2:])),
		seq:   binary.BigEndian.Uint32(b[4:]),
		flags: b[13],
		data:  b[head:],
		cut:   len(b) < size,
	}, true
}
