package epmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// defaultTimeout bounds a request when Client.Timeout is zero. It is below the 7 s in which a BEAM sets up a connection.
const defaultTimeout = 5 * time.Second

// Client asks epmd. The zero value works; it holds no connection, and any number of goroutines may use it at once.
//
// In all methods host is the name or the IPv4 or IPv6 literal of the host whose epmd is asked, and errors are *Error,
// *TakenError for Register.
type Client struct {
	// Port is epmd's port; 0 is DefaultPort. ERL_EPMD_PORT is the caller's business.
	Port int

	// Timeout bounds each request, the connection included; 0 is 5 s.
	Timeout time.Duration

	// Dial makes the connections; nil is a net.Dialer's DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Lookup asks where the node called name (the part before the @) listens. errors.Is(err, ErrNotFound) if epmd knows no
// such node.
func (c *Client) Lookup(ctx context.Context, host, name string) (Node, error) {
	var found *Node
	err := c.exchange(ctx, "look up "+name, host, request{op: opPort2, name: name}, func(conn io.Reader) error {
		reply, err := readPort(conn)
		if err != nil {
			return err
		}
		found, err = parsePort(reply)
		return nonsense(err)
	})
	if err != nil {
		return Node{}, err
	}
	if found == nil {
		return Node{}, &Error{Op: "look up " + name, Addr: c.addr(host), Reason: ReasonNotFound, Err: ErrNotFound}
	}
	return *found, nil
}

// Names asks for all nodes that epmd knows, the newest first. Only their Name and Port are filled in.
func (c *Client) Names(ctx context.Context, host string) ([]Node, error) {
	var nodes []Node
	err := c.text(ctx, "list the nodes", host, request{op: opNames}, func(reply []byte) (err error) {
		_, nodes, err = parseNames(reply)
		return err
	})
	return nodes, err
}

// Dump asks for all that epmd knows, as text for people. Only the epmd of this host answers.
func (c *Client) Dump(ctx context.Context, host string) (string, error) {
	var dump string
	err := c.text(ctx, "dump", host, request{op: opDump}, func(reply []byte) (err error) {
		_, dump, err = parseDump(reply)
		return err
	})
	return dump, err
}

// Kill makes the epmd of this host exit. An epmd with nodes, and a server that is part of a node, refuses:
// Error.Reason is ReasonRefused.
func (c *Client) Kill(ctx context.Context, host string) error {
	return c.text(ctx, "kill epmd", host, request{op: opKill}, func(reply []byte) error {
		switch string(reply) {
		case textOK:
			return nil
		case textNo:
			return &Error{Reason: ReasonRefused, Err: errors.New("nodes are registered, or it is part of a node")}
		}
		return fmt.Errorf("%.20q in answer to KILL", reply)
	})
}

// Stop makes the epmd of this host forget a node, which epmd does only with relaxed command checks (else it closes the
// connection: ReasonClosed). The node itself lives on, and most register again at once.
func (c *Client) Stop(ctx context.Context, host, name string) error {
	return c.text(ctx, "stop "+name, host, request{op: opStop, name: name}, func(reply []byte) error {
		switch {
		case string(reply) == textStopped:
			return nil
		case bytes.HasPrefix(reply, []byte(textNoExist)): // STOPPED follows
			return &Error{Reason: ReasonNotFound, Err: ErrNotFound}
		}
		return fmt.Errorf("%.20q in answer to STOP", reply)
	})
}

// text makes a request whose answer ends with the connection. An answer that parse refuses is nonsense.
func (c *Client) text(ctx context.Context, what, host string, req request, parse func([]byte) error) error {
	return c.exchange(ctx, what, host, req, func(conn io.Reader) error {
		reply, err := io.ReadAll(io.LimitReader(conn, maxNames+1))
		switch {
		case err != nil:
			return err
		case len(reply) == 0:
			return io.ErrUnexpectedEOF
		case len(reply) > maxNames:
			return nonsense(fmt.Errorf("the answer has more than %d bytes", maxNames))
		}
		return nonsense(parse(reply))
	})
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return defaultTimeout
}

// addr returns host and port. An IPv6 literal may be in brackets.
func (c *Client) addr(host string) string {
	port := c.Port
	if port == 0 {
		port = DefaultPort
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return net.JoinHostPort(host, strconv.Itoa(port))
}

func (c *Client) dial(ctx context.Context, host string) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx, "tcp", c.addr(host))
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", c.addr(host))
}
