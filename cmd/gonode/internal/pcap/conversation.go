package pcap

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sort"
	"time"
)

// Conversation is one TCP connection.
type Conversation struct {
	Client, Server         netip.AddrPort // who dialled, and whom; without a SYN, who was seen first
	Begun                  bool           // its beginning is in the capture
	FromClient, FromServer Stream
}

// Stream is what was sent in one direction.
type Stream struct {
	Bytes []byte
	Gap   bool // bytes are missing at the end of Bytes: more was seen that can't be joined on

	marks   []mark
	next    uint32 // sequence number of the byte that comes next
	known   bool   // next is
	pending []late
}

// mark says when the bytes from an offset on were seen.
type mark struct {
	offset int
	at     time.Time
}

// late is a segment that waits for those before it.
type late struct {
	seq  uint32
	at   time.Time
	data []byte
}

// maxPending is how many segments of a direction may wait.
const maxPending = 4096

// ErrSize is a capture with more in it than was allowed.
var ErrSize = errors.New("the capture is too large")

// At returns when the byte at an offset was seen.
func (s *Stream) At(offset int64) time.Time {
	i := sort.Search(len(s.marks), func(i int) bool { return int64(s.marks[i].offset) > offset })
	if i == 0 {
		return time.Time{}
	}
	return s.marks[i-1].at
}

// Read returns all conversations with data in them, by when they began. limit is how many bytes of data there may be in
// all. A capture that ends in the middle of a packet is read up to there.
func Read(r io.Reader, limit int64) ([]*Conversation, error) {
	in, err := open(r)
	if err != nil {
		return nil, err
	}
	a := &assembler{open: map[[2]netip.AddrPort]*Conversation{}, left: limit}
	for n := 1; ; n++ {
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = a.packet(p)
		}
		if err != nil {
			return nil, fmt.Errorf("packet %d: %w", n, err)
		}
	}
	for _, c := range a.all {
		c.FromClient.end()
		c.FromServer.end()
	}
	return slices.DeleteFunc(a.all, func(c *Conversation) bool {
		return len(c.FromClient.Bytes)+len(c.FromServer.Bytes) == 0
	}), nil
}

// assembler puts segments into conversations.
type assembler struct {
	open map[[2]netip.AddrPort]*Conversation // by client and server
	all  []*Conversation
	left int64
}

func (a *assembler) packet(p packet) error {
	s, ok := parse(p)
	if !ok {
		return nil
	}
	if a.left -= int64(len(s.data)); a.left < 0 {
		return ErrSize
	}
	c := a.open[[2]netip.AddrPort{s.to, s.from}]
	stream := (*Stream)(nil)
	switch {
	case s.flags&(flagSYN|flagACK) == flagSYN:
		c = a.begin(s)
		stream = &c.FromClient
	case c != nil:
		stream = &c.FromServer
	default:
		if c = a.open[[2]netip.AddrPort{s.from, s.to}]; c == nil {
			c = a.add(s, false)
		}
		stream = &c.FromClient
	}
	stream.segment(s, p.at)
	return nil
}

// begin makes a conversation of a SYN; the one that is sent again is the same.
func (a *assembler) begin(s segment) *Conversation {
	c := a.open[[2]netip.AddrPort{s.from, s.to}]
	if c != nil && c.Begun && c.FromClient.known && c.FromClient.next == s.seq+1 && len(c.FromClient.Bytes) == 0 {
		return c
	}
	delete(a.open, [2]netip.AddrPort{s.to, s.from})
	return a.add(s, true)
}

func (a *assembler) add(s segment, begun bool) *Conversation {
	c := &Conversation{Client: s.from, Server: s.to, Begun: begun}
	a.open[[2]netip.AddrPort{s.from, s.to}] = c
	a.all = append(a.all, c)
	return c
}

// segment takes a segment in.
func (s *Stream) segment(seg segment, at time.Time) {
	if seg.flags&flagSYN != 0 {
		s.next, s.known = seg.seq+1, true
		return
	}
	if len(seg.data) == 0 || s.Gap {
		return
	}
	if !s.known {
		s.next, s.known = seg.seq, true
	}
	if int32(seg.seq-s.next) > 0 {
		if len(s.pending) < maxPending {
			s.pending = append(s.pending, late{seg.seq, at, slices.Clone(seg.data)})
		}
		return
	}
	s.join(seg.seq, seg.data, at)
	if seg.cut {
		s.Gap = true
		return
	}
	s.catchUp()
}

// join appends what is new of data, which begins at seq or before.
func (s *Stream) join(seq uint32, data []byte, at time.Time) {
	old := s.next - seq
	if uint64(old) >= uint64(len(data)) {
		return
	}
	s.marks = append(s.marks, mark{len(s.Bytes), at})
	s.Bytes = append(s.Bytes, data[old:]...)
	s.next += uint32(len(data)) - old
}

// catchUp joins what has waited.
func (s *Stream) catchUp() {
	for {
		i := slices.IndexFunc(s.pending, func(l late) bool { return int32(l.seq-s.next) <= 0 })
		if i < 0 {
			return
		}
		l := s.pending[i]
		s.pending = slices.Delete(s.pending, i, i+1)
		s.join(l.seq, l.data, l.at)
	}
}

func (s *Stream) end() {
	s.Gap = s.Gap || len(s.pending) > 0
	s.pending = nil
}
