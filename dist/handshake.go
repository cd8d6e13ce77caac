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

// DefaultStepTimeout bounds each step of a handshake, as the parameter net_setuptime of OTP's kernel does.
const DefaultStepTimeout = 7 * time.Second

const noCookie = "this node has no cookie for it: set one, every node with the empty cookie could connect otherwise"

// shaker reads and writes the packets of one handshake: each step within its own time, and never a byte too far, since
// the frames of the link follow at once.
type shaker struct {
	ctx     context.Context
	conn    net.Conn
	peer    string // for errors: its name as soon as that is known, else its address
	timeout time.Duration
	prefix  int         // bytes of the length of a packet: 2, over TLS 4
	first   bool        // nothing was read yet
	stop    func() bool // ends the watch over ctx
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

// done ends the shaker: it lifts the deadline, or returns an error if the context was done before that, since a deadline
// that has passed may then stand at any moment.
func (s *shaker) done() error {
	if !s.stop() {
		return s.fail("finish", nil, stopped(s.ctx), "")
	}
	if err := s.setDeadline(time.Time{}); err != nil {
		return s.fail("finish", nil, err, "")
	}
	return nil
}

// setDeadline fails if the connection has no deadlines. That it is closed is left to the read or write that follows,
// which can tell who closed it.
func (s *shaker) setDeadline(t time.Time) error {
	err := s.conn.SetDeadline(t)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// deadline starts the time of a step.
func (s *shaker) deadline() error {
	if err := s.setDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	// Asked after the deadline was set: a context that is done later sets its own, one that was done before is seen.
	return s.ctx.Err()
}

// send writes the packet of a step. The hint is for a peer that hung up.
func (s *shaker) send(step string, packet []byte, hangup string) error {
	if err := s.write(packet); err != nil {
		return s.broken(step, err, hangup)
	}
	return nil
}

// receive reads the packet of a step. The hint is for a peer that hung up.
func (s *shaker) receive(step string, hangup string) ([]byte, error) {
	packet, err := s.read()
	if err != nil {
		return nil, s.broken(step, err, hangup)
	}
	return packet, nil
}

// draw draws our challenge.
func (s *shaker) draw(challenge func() (uint32, error)) (uint32, error) {
	if challenge == nil {
		challenge = randomChallenge
	}
	n, err := challenge()
	if err != nil {
		return 0, s.fail("draw a challenge", nil, err, "")
	}
	return n, nil
}

// write writes one packet with its length.
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
	if _, err := io.ReadFull(s.conn, prefix[4-s.prefix:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(prefix[:])
	if err := s.plausible(size); err != nil {
		return nil, err
	}
	packet := make([]byte, size)
	_, err := io.ReadFull(s.conn, packet)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return packet, err
}

// plausible checks the length of a packet before its memory is taken. TLS on a plain port shows in the first two bytes:
// 22 begins a ClientHello, 21 an alert, and the version that follows begins with 3.
func (s *shaker) plausible(size uint32) error {
	first := s.first
	s.first = false
	if first && s.prefix == 2 && (size == 22<<8|3 || size == 21<<8|3) {
		return s.fail("read its first packet", ErrTLS, nil,
			"it speaks TLS, and this node does not here: give both -proto_dist inet_tls, or neither")
	}
	if size == 0 || size > maxPacket {
		return s.fail("read a packet", ErrMalformed, fmt.Errorf("it announces a packet of %d bytes", size),
			"it is no Erlang node, or it speaks TLS")
	}
	return nil
}
