package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxPacket is the largest packet, or block of a pcapng, that is read, in bytes.
const maxPacket = 4 << 20

// ErrFormat is a file that is no packet capture.
var ErrFormat = errors.New("neither pcap nor pcapng")

// packet is a captured packet.
type packet struct {
	at   time.Time
	link uint32 // LINKTYPE_... of tcpdump.org
	data []byte // good until the next one is read
}

// reader reads packets. next returns io.EOF at the end.
type reader interface{ next() (packet, error) }

// open finds out which format r has.
func open(r io.Reader) (reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	magic, err := br.Peek(4)
	if err != nil {
		return nil, ErrFormat
	}
	switch little, big := binary.LittleEndian.Uint32(magic), binary.BigEndian.Uint32(magic); {
	case big == blockSection:
		return &ngReader{r: br, order: binary.LittleEndian}, nil
	case little == magicMicro || little == magicNano:
		return newClassic(br, binary.LittleEndian, little == magicNano)
	case big == magicMicro || big == magicNano:
		return newClassic(br, binary.BigEndian, big == magicNano)
	}
	return nil, ErrFormat
}

// The magic numbers of pcap, with times in micro- and nanoseconds.
const (
	magicMicro = 0xa1b2c3d4
	magicNano  = 0xa1b23c4d
)

// classic reads pcap: a header of 24 bytes, then packets with 16 bytes in front.
type classic struct {
	r     io.Reader
	order binary.ByteOrder
	unit  time.Duration // of the fraction of a second
	link  uint32
	buf   []byte
}

func newClassic(r io.Reader, order binary.ByteOrder, nano bool) (*classic, error) {
	var head [24]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, ErrFormat
	}
	c := &classic{r: r, order: order, unit: time.Microsecond, link: order.Uint32(head[20:]) & 0xffff}
	if nano {
		c.unit = time.Nanosecond
	}
	return c, nil
}

func (c *classic) next() (packet, error) {
	var head [16]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return packet{}, ended(err)
	}
	size := c.order.Uint32(head[8:])
	if size > maxPacket {
		return packet{}, fmt.Errorf("%w: a packet of %d bytes", ErrFormat, size)
	}
	c.buf = sized(c.buf, int(size))
	if _, err := io.ReadFull(c.r, c.buf); err != nil {
		return packet{}, ended(io.EOF) // the capture was cut off
	}
	at := time.Unix(int64(c.order.Uint32(head[0:])), int64(c.order.Uint32(head[4:]))*int64(c.unit))
	return packet{at, c.link, c.buf}, nil
}

// ended makes an end within a packet a plain one: a capture that was interrupted is read as far as it goes.
func ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
