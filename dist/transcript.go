package dist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"time"
)

// Side is one of the two ends of a connection.
type Side int

// The sides.
const (
	Dialer Side = iota
	Listener
)

// String returns "dialer" or "listener".
func (s Side) String() string {
	if s == Dialer {
		return "dialer"
	}
	return "listener"
}

// Packet says which packet of the handshake an Entry is.
type Packet string

// The packets of the handshake, named as in the distribution protocol guide.
const (
	PacketName       Packet = "send_name"
	PacketStatus     Packet = "send_status"
	PacketChallenge  Packet = "send_challenge"
	PacketComplement Packet = "send_complement"
	PacketReply      Packet = "send_challenge_reply"
	PacketAck        Packet = "send_challenge_ack"
)

// Entry is one thing that a side has said: a packet of the handshake, a tick, a signal, a part of one, or something that
// could not be read, after which there are no more of that side. Challenges and digests are left out: with both, a cookie
// can be guessed at leisure.
type Entry struct {
	Offset int64   // of its first byte in what the side has said
	Size   int     // bytes, with the length in front
	Packet Packet  // of the handshake, else empty
	Hello  *Hello  // of a send_name, a send_challenge and a send_complement, which has flags and creation only
	Status string  // of a send_status
	Tick   bool    // nothing but a sign of life
	Part   bool    // a fragment of a signal that is not whole yet
	Signal *Signal // identifiers are as on the wire
	Err    error   // why this could not be read: a *wire.Error, a *FrameError or io.ErrUnexpectedEOF in the middle
}

// Transcript is what the two sides of a connection have said, as it was recorded, from the first byte on. One of them may
// be missing (nil): then it is taken to be able to do what the other one can. Nothing is changed, and any goroutine may
// read.
type Transcript struct {
	Dialer   []byte
	Listener []byte
}

// ErrNoHandshake is the error of an Entry of a stream that does not begin with a handshake: it is of something else, is
// encrypted, or its beginning is missing.
var ErrNoHandshake = errors.New("no distribution handshake at the beginning: it is something else, encrypted, or not from its beginning")

// Entries returns what a side has said, in order.
func (t *Transcript) Entries(side Side) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		own := readShake(t.bytes(side), side)
		for _, e := range own.entries {
			if !yield(e) {
				return
			}
		}
		if !own.whole {
			return
		}
		other := readShake(t.bytes(1-side), 1-side)
		if !other.named {
			other.hello = Hello{Name: "unknown@unknown", Flags: own.hello.Flags}
		}
		replay(t.bytes(side), own.end, agree(other.hello, own.hello), yield)
	}
}

func (t *Transcript) bytes(side Side) []byte {
	if side == Dialer {
		return t.Dialer
	}
	return t.Listener
}

// said is the handshake of one side.
type said struct {
	entries []Entry
	hello   Hello // what it says of itself
	named   bool  // hello is known
	whole   bool  // frames follow at end
	end     int
}

// readShake reads the packets of the handshake that a side has sent: 2 bytes of length each.
func readShake(b []byte, side Side) said {
	var s said
	for !s.whole && s.end < len(b) {
		e := Entry{Offset: int64(s.end), Size: len(b) - s.end}
		rest := b[s.end:]
		if len(rest) >= 2 {
			e.Size = 2 + int(binary.BigEndian.Uint16(rest))
		}
		switch {
		case len(rest) < 2 || e.Size > len(rest) && s.end > 0:
			e.Size, e.Err = len(rest), io.ErrUnexpectedEOF
		case e.Size > len(rest) || e.Size > maxPacket:
			e.Err = ErrNoHandshake
		default:
			e.Err = s.packet(&e, rest[2:e.Size], side)
		}
		s.end += e.Size
		s.entries = append(s.entries, e)
		if e.Err != nil {
			break
		}
	}
	return s
}

// packet reads one packet, by its first byte.
func (s *said) packet(e *Entry, b []byte, side Side) error {
	tag := byte(0)
	if len(b) > 0 {
		tag = b[0]
	}
	switch {
	case side == Dialer && s.end == 0 && (tag == tagSendName || tag == tagSendNameOld):
		return s.name(e, PacketName, b)
	case side == Listener && !s.named && (tag == tagSendName || tag == tagSendNameOld):
		return s.challenge(e, b)
	case tag == tagStatus && (side == Listener || s.end > 0):
		e.Packet = PacketStatus
		status, name, _, err := parseStatus(b)
		e.Status = status + string(name)
		return err
	case side == Dialer && tag == tagComplement && s.end > 0:
		e.Packet = PacketComplement
		high, creation, err := parseComplement(b)
		s.hello.Flags |= high
		s.hello.Creation = creation
		hello := s.hello
		e.Hello = &hello
		return err
	case side == Dialer && tag == tagReply && s.end > 0:
		e.Packet, s.whole = PacketReply, true
		_, _, err := parseReply(b)
		return err
	case side == Listener && tag == tagAck && s.named:
		e.Packet, s.whole = PacketAck, true
		_, err := parseAck(b)
		return err
	}
	return ErrNoHandshake
}

func (s *said) name(e *Entry, packet Packet, b []byte) error {
	hello, err := parseSendName(b)
	if err != nil {
		return err
	}
	e.Packet, e.Hello = packet, &hello
	s.hello, s.named = hello, true
	return nil
}

func (s *said) challenge(e *Entry, b []byte) error {
	hello, _, err := parseChallenge(b)
	if err != nil {
		return err
	}
	e.Packet, e.Hello = PacketChallenge, &hello
	s.hello, s.named = hello, true
	return nil
}

// replay reads the frames from an offset on, through a Conn, which knows how.
func replay(b []byte, offset int, r Result, yield func(Entry) bool) {
	feed := &feed{b: b, next: offset, yield: yield}
	conn := NewConn(feed, r, Config{TickTime: -1})
	err := conn.Serve(func(s *Signal) error {
		signal := *s
		feed.signal = &signal
		return nil
	})
	feed.end(err)
}

// feed is a connection from which the frames of a recording are read, one at a time, so that it is known which frame a
// signal came of.
type feed struct {
	b      []byte
	next   int // offset of the frame that is read next
	left   []byte
	now    *Entry // of the frame that was read last
	signal *Signal
	yield  func(Entry) bool
	done   bool // nobody wants more
}

// Read hands over the next frame; by then the one before it was handled.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.left) == 0 {
		f.tell(nil)
		if f.done || !f.take() {
			return 0, io.EOF
		}
	}
	n := copy(p, f.left)
	f.left = f.left[n:]
	return n, nil
}

// take takes the next frame, and reports whether there is one.
func (f *feed) take() bool {
	rest := f.b[f.next:]
	if len(rest) == 0 {
		return false
	}
	e := &Entry{Offset: int64(f.next), Size: len(rest)}
	f.now = e
	if len(rest) < lenBytes {
		return false
	}
	size := lenBytes + int64(binary.BigEndian.Uint32(rest))
	if size > int64(len(rest)) {
		return false
	}
	e.Size = int(size)
	e.Tick = size == lenBytes
	f.next += e.Size
	f.left = rest[:e.Size]
	return true
}

// tell hands over what came of the last frame.
func (f *feed) tell(err error) {
	e := f.now
	if e == nil || f.done {
		return
	}
	e.Signal, e.Err = f.signal, err
	e.Part = !e.Tick && e.Signal == nil && err == nil
	f.now, f.signal = nil, nil
	f.done = !f.yield(*e)
}

// end tells of a frame that ended the reading.
func (f *feed) end(err error) {
	if _, ok := errors.AsType[*FrameError](err); ok {
		f.tell(err)
		return
	}
	f.tell(fmt.Errorf("in the middle of a frame: %w", io.ErrUnexpectedEOF))
}

// The rest of a net.Conn. Nothing is ever written, since nothing is sent.

func (f *feed) Write(p []byte) (int, error)      { return len(p), nil }
func (f *feed) Close() error                     { return nil }
func (f *feed) LocalAddr() net.Addr              { return nil }
func (f *feed) RemoteAddr() net.Addr             { return nil }
func (f *feed) SetDeadline(time.Time) error      { return nil }
func (f *feed) SetReadDeadline(time.Time) error  { return nil }
func (f *feed) SetWriteDeadline(time.Time) error { return nil }
