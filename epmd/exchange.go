package epmd

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// exchange makes one request on a connection of its own, and closes it.
func (c *Client) exchange(ctx context.Context, what, host string, req request, read func(io.Reader) error) error {
	conn, err := c.ask(ctx, what, host, req, read)
	if err != nil {
		return err
	}
	conn.Close()
	return nil
}

// ask makes one request and returns the connection, with no deadline.
func (c *Client) ask(ctx context.Context, what, host string, req request, read func(io.Reader) error) (net.Conn, error) {
	out, err := appendRequest(nil, req)
	if err != nil {
		return nil, &Error{Op: what, Addr: c.addr(host), Reason: ReasonInvalid, Err: err}
	}
	timed, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	conn, err := c.dial(timed, host)
	if err == nil {
		stop := context.AfterFunc(timed, func() { conn.SetDeadline(time.Unix(1, 0)) })
		if _, err = conn.Write(out); err == nil {
			err = read(conn)
		}
		if !stop() && err == nil { // the deadline is set, or about to be: the connection is of no use
			err = timed.Err()
		}
		if err != nil {
			conn.Close()
		}
	}
	if err != nil {
		return nil, c.failed(ctx, what, host, err)
	}
	return conn, nil
}

// failed fills in an error that read returned, or tells why the network failed.
func (c *Client) failed(ctx context.Context, what, host string, err error) error {
	var known *Error
	if !errors.As(err, &known) {
		known = &Error{Reason: reasonOf(ctx, err), Err: err}
	}
	if known.Reason == ReasonCanceled {
		known.Err = context.Cause(ctx)
	}
	known.Op, known.Addr = what, c.addr(host)
	return known
}

// nonsense marks an answer that cannot be understood. It leaves nil and an *Error alone.
func nonsense(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Reason: ReasonNonsense, Err: err}
}

// readPort reads the bytes of a response to a lookup, and no more.
func readPort(conn io.Reader) ([]byte, error) {
	const head, fixed, length = 2, 10, 2 // tag and result; the fields up to Nlen; Elen
	reply, err := readMore(conn, nil, head)
	if err != nil || reply[0] != respPort2 || reply[1] != 0 {
		return reply, err
	}
	if reply, err = readMore(conn, reply, fixed); err != nil {
		return nil, err
	}
	name := int(reply[head+fixed-2])<<8 | int(reply[head+fixed-1])
	if reply, err = readMore(conn, reply, name+length); err != nil {
		return nil, err
	}
	extra := int(reply[len(reply)-2])<<8 | int(reply[len(reply)-1])
	return readMore(conn, reply, extra)
}

// readMore appends exactly n more bytes, of which a length in the protocol allows 64 KiB.
func readMore(conn io.Reader, buf []byte, n int) ([]byte, error) {
	buf = append(buf, make([]byte, n)...)
	_, err := io.ReadFull(conn, buf[len(buf)-n:])
	return buf, err
}
