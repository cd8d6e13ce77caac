package pcap

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"time"
)

// The blocks of pcapng that are read; others are passed over.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockSimple    = 3
	blockEnhanced  = 6
)

const (
	sectionLittle  = 0x1a2b3c4d // the byte-order magic of a section
	optionTimeUnit = 9          // if_tsresol
	maxInterfaces  = 1024
)

// ngReader reads pcapng: blocks with their type and length in front and the length again behind.
type ngReader struct {
	r     io.Reader
	order binary.ByteOrder
	links []ngInterface
	buf   []byte
}

// ngInterface is an interface of the section.
type ngInterface struct {
	link  uint32
	ticks uint64 // of the time stamps, in a second
}

func (n *ngReader) next() (packet, error) {
	for {
		kind, body, err := n.block()
		if err != nil {
			return packet{}, err
		}
		switch kind {
		case blockSection:
			n.links = nil
		case blockInterface:
			if len(body) < 8 || len(n.links) >= maxInterfaces {
				return packet{}, fmt.Errorf("%w: a bad interface block", ErrFormat)
			}
			n.links = append(n.links, ngInterface{uint32(n.order.Uint16(body)), n.resolution(body[8:])})
		case blockEnhanced:
			return n.enhanced(body)
		case blockSimple:
			if len(body) < 4 || len(n.links) == 0 {
				return packet{}, fmt.Errorf("%w: a bad packet block", ErrFormat)
			}
			size := min(int(n.order.Uint32(body)), len(body)-4)
			return packet{link: n.links[0].link, data: body[4 : 4+max(size, 0)]}, nil
		}
	}
}

// block reads one block. The body is good until the next one.
func (n *ngReader) block() (uint32, []byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(n.r, head[:8]); err != nil {
		return 0, nil, ended(err)
	}
	kind, used := n.order.Uint32(head[:]), 8
	if kind == blockSection { // the same in both orders; the next word says which it is
		if _, err := io.ReadFull(n.r, head[8:]); err != nil {
			return 0, nil, io.EOF
		}
		used = 12
		n.order = binary.BigEndian
		if binary.LittleEndian.Uint32(head[8:]) == sectionLittle {
			n.order = binary.LittleEndian
		}
	}
	size := int64(n.order.Uint32(head[4:]))
	if size < int64(used)+4 || size > maxPacket {
		return 0, nil, fmt.Errorf("%w: a block of %d bytes", ErrFormat, size)
	}
	n.buf = sized(n.buf, int(size)-used)
	if _, err := io.ReadFull(n.r, n.buf); err != nil {
		return 0, nil, io.EOF // the capture was cut off
	}
	return kind, n.buf[:len(n.buf)-4], nil
}

// resolution reads if_tsresol from the options of an interface: 10^n ticks a second, or 2^n with the top bit set;
// microseconds if it is not there, or makes no sense.
func (n *ngReader) resolution(options []byte) uint64 {
	for len(options) >= 4 {
		code, size := n.order.Uint16(options), int(n.order.Uint16(options[2:]))
		options = options[4:]
		if code == 0 || size > len(options) {
			break
		}
		if code == optionTimeUnit && size == 1 {
			if e := options[0] & 0x7f; options[0]&0x80 != 0 && e < 64 {
				return 1 << e
			} else if options[0] < 20 {
				return uint64(math.Pow10(int(options[0])))
			}
			break
		}
		options = options[min((size+3)&^3, len(options)):]
	}
	return 1_000_000
}

// enhanced reads an enhanced packet block: interface, time in two words, captured and original length, data.
func (n *ngReader) enhanced(body []byte) (packet, error) {
	if len(body) < 20 || uint64(n.order.Uint32(body)) >= uint64(len(n.links)) {
		return packet{}, fmt.Errorf("%w: a bad packet block", ErrFormat)
	}
	from := n.links[n.order.Uint32(body)]
	size := n.order.Uint32(body[12:])
	if uint64(size) > uint64(len(body)-20) {
		return packet{}, fmt.Errorf("%w: a packet larger than its block", ErrFormat)
	}
	ticks := uint64(n.order.Uint32(body[4:]))<<32 | uint64(n.order.Uint32(body[8:]))
	high, low := bits.Mul64(ticks%from.ticks, uint64(time.Second))
	fraction, _ := bits.Div64(high, low, from.ticks)
	return packet{time.Unix(int64(ticks/from.ticks), int64(fraction)), from.link, body[20 : 20+size]}, nil
}
