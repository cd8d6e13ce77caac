package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// Registration is a name held in an epmd for as long as its connection lives. Any goroutine may call its methods.
type Registration struct {
	creation uint32
	addr     string
	name     string
	conn     net.Conn
}

// Register registers node with the epmd of host, which must be this host: epmd takes registrations from no other. The
// error is a *TakenError if another node has the name, else an *Error. The context bounds the request only; the
// registration lives until its Close.
func (c *Client) Register(ctx context.Context, host string, node Node) (*Registration, error) {
	what := "register " + node.Name
	node = node.withDefaults()
	err := CheckName(node.Name)
	if err == nil && len(node.Extra) > maxExtra {
		err = fmt.Errorf("%d extra bytes, at most %d are allowed", len(node.Extra), maxExtra)
	}
	if err != nil {
		return nil, &Error{Op: what, Addr: c.addr(host), Reason: ReasonInvalid, Err: err}
	}
	var ok bool
	reg := &Registration{addr: c.addr(host), name: node.Name}
	reg.conn, err = c.ask(ctx, what, host, request{op: opAlive2, node: node}, func(conn io.Reader) error {
		reply, err := readAlive(conn)
		if err != nil {
			return err
		}
		reg.creation, ok, err = parseAlive(reply)
		return nonsense(err)
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		reg.conn.Close() // epmd leaves it open
		return nil, c.refused(ctx, what, host, node.Name)
	}
	return reg, nil
}

// refused tells why epmd refused a registration, which its answer does not say. As we checked the name, it is taken,
// unless its holder has just gone.
func (c *Client) refused(ctx context.Context, what, host, name string) error {
	holder, err := c.Lookup(ctx, host, name)
	if errors.Is(err, ErrNotFound) {
		return &Error{Op: what, Addr: c.addr(host), Reason: ReasonRefused, Err: errors.New("it does not say why")}
	}
	return &TakenError{Name: name, Port: holder.Port}
}

// readAlive reads the bytes of a response to a registration, and no more.
func readAlive(conn io.Reader) ([]byte, error) {
	reply, err := readMore(conn, nil, 1)
	if err != nil {
		return nil, err
	}
	size := aliveSize(reply[0])
	if size == 0 {
		return reply, nil // nonsense, as parseAlive will say
	}
	return readMore(conn, reply, size-1)
}

// Creation returns the creation that epmd gave.
func (r *Registration) Creation() uint32 { return r.creation }

// Wait returns when the registration is lost, or after Close. The error, never nil, is an *Error with ReasonLost; after
// Close its chain has net.ErrClosed.
func (r *Registration) Wait() error {
	_, err := r.conn.Read(make([]byte, 1))
	r.conn.Close()
	if err == nil {
		err = errors.New("epmd sent bytes after its answer")
	}
	return &Error{Op: "hold " + r.name, Addr: r.addr, Reason: ReasonLost, Err: err}
}

// Close gives the name up. epmd notices a moment later.
func (r *Registration) Close() error { return r.conn.Close() }
