package dist

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// DefaultStepTimeout bounds each step of a handshake, as net_setuptime does.
const DefaultStepTimeout = 7 * time.Second

// shaker reads and writes the packets of one handshake: each step within its own time, and never a byte too far, since
// the frames of the link follow at once.
type shaker struct {
	ctx     context.Context
	conn    net.Conn
	peer    string
	timeout time.Duration
	prefix  int // bytes of the length of a packet: 2, over TLS 4
	first   bool
	stop    func() bool
}

func newShaker(ctx context.Context, conn net.Conn, peer string, timeout time.Duration, tls bool) *shaker {
	s := &shaker{ctx: ctx, conn: conn, peer: peer, timeout: timeout, prefix: 2, first: true}
	if timeout <= 0 {
		s.timeout = DefaultStepTimeout
	}
	if tls {
		s.prefix = 4
	}
	// A context that is done ends the read or write under way.
	s.stop = context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return s
}

// done ends the shaker and lifts the deadline.
func (s *shaker) done() {
	if s.stop() {
		s.conn.SetDeadline(time.Time{})
	}
}

func (s *shaker) deadline() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return s.conn.SetDeadline(time.Now().Add(s.timeout))
}

// fail makes the error of a step.
func (s *shaker) fail(step string, kind, err error, hint string) error {
	if ctxErr := s.ctx.Err(); ctxErr != nil && kind == nil {
		err = ctxErr
	}
	return &HandshakeError{Peer: s.peer, Step: step, Kind: kind, Err: err, Hint: hint}
}

// broken makes the error of a step that the network did not allow, with a hint if it fits.
func (s *shaker) broken(step string, err error) error {
	if _, ok := errors.AsType[*HandshakeError](err); ok {
		return err
	}
	kind := network(s.ctx, err)
	if kind != nil {
		err = nil // it says no more than the kind
	}
	hint := ""
	switch {
	case kind == ErrTimeout:
		hint = fmt.Sprintf("it accepts connections but said nothing for %v: it hangs, is no Erlang node, or speaks TLS", s.timeout)
	case kind == ErrHangup:
		hint = "it is no Erlang node, it is stopping, or it speaks TLS"
	}
	return s.fail(step, kind, err, hint)
}

func (s *shaker) write(packet []byte) error {
	if err := s.deadline(); err != nil {
		return err
	}
	b := make([]byte, s.prefix, s.prefix+len(packet))
	if s.prefix == 2 {
		binary.BigEndian.PutUint16(b, uint16(len(packet)))
	} else {
		binary.BigEndian.PutUint32(b, uint32(len(packet)))
	}
	_, err := s.conn.Write(append(b, packet...))
	return err
}

// read reads one packet.
func (s *shaker) read() ([]byte, error) {
	if err := s.deadline(); err != nil {
		return nil, err
	}
	var prefix [4]byte
	if _, err := io.ReadFull(s.conn, prefix[:s.prefix]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(prefix[:]))
	if s.prefix == 2 {
		size = int(binary.BigEndian.Uint16(prefix[:]))
	}
	if err := s.plausible(prefix, size); err != nil {
		return nil, err
	}
	packet := make([]byte, size)
	_, err := io.ReadFull(s.conn, packet)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return packet, err
}

// plausible checks the length of a packet before its memory is taken. TLS on a plain port shows in the first bytes: 22 is
// a ClientHello, 21 an alert, each followed by version 3.
func (s *shaker) plausible(prefix [4]byte, size int) error {
	first := s.first
	s.first = false
	if first && s.prefix == 2 && (prefix[0] == 22 || prefix[0] == 21) && prefix[1] == 3 {
		return s.fail("read the first packet", ErrTLS, nil, "it begins a TLS session, this side does not speak TLS")
	}
	if size == 0 || size > maxPacket {
		return s.fail("read a packet", ErrMalformed, fmt.Errorf("a packet of %d bytes", size), "it is no Erlang node")
	}
	return nil
}
