package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"
)

// serve answers the one request of a connection; if that is a registration, it waits for its end. The caller closes
// conn.
func (s *Server) serve(conn net.Conn) {
	s.mu.Lock()
	s.serial++
	p := newPeer(conn, s.serial)
	if s.queue.add(p) {
		s.warn("epmd server has too many connections that ask nothing and closes the oldest", "limit", s.queue.limit)
	}
	s.mu.Unlock()

	conn.SetDeadline(time.Now().Add(or(s.Idle, defaultIdle)))
	req, err := readRequest(conn)
	if err != nil {
		s.leave(p)
		s.log.Debug("epmd server drops a connection", "from", conn.RemoteAddr(), "error", err)
		return
	}
	if !p.own && req.op != opPort2 && req.op != opNames {
		s.mu.Lock()
		s.queue.remove(p)
		s.warn("epmd server refuses a command from another host", "from", conn.RemoteAddr(), "request", uint8(req.op))
		s.mu.Unlock()
		return
	}
	if req.op == opAlive2 {
		s.hold(p, req.node.Name, s.register(p, req.node))
		return
	}
	reply, after := s.answer(p, req)
	conn.Write(reply)
	s.leave(p)
	if after != nil {
		after()
	}
}

// readRequest reads one request. Bytes after it are an error, as is a length that no request has; nothing that big is
// read.
func readRequest(conn net.Conn) (request, error) {
	buf := make([]byte, maxRequest)
	n, err := io.ReadAtLeast(conn, buf, lengthSize)
	if err != nil {
		return request{}, err
	}
	size := lengthSize + int(buf[0])<<8 + int(buf[1])
	switch {
	case size == lengthSize, size > maxRequest:
		return request{}, fmt.Errorf("a request of %d bytes", size)
	case n > size:
		return request{}, errors.New("bytes after the request")
	case n < size:
		more, err := io.ReadAtLeast(conn, buf[n:], size-n)
		if n += more; err != nil {
			return request{}, err
		}
		if n > size {
			return request{}, errors.New("bytes after the request")
		}
	}
	return parseRequest(buf[lengthSize:size])
}

// leave ends the wait of p.
func (s *Server) leave(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.remove(p)
}

// register gives the name to p, and returns the answer; or nil if it is to be closed without one. The connection waits
// no more, so nothing evicts it.
func (s *Server) register(p *peer, n Node) (reply []byte) {
	bad := CheckName(n.Name)
	if len(n.Extra) > maxExtra {
		bad = errors.New("too many extra bytes")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.queue.remove(p):
		return nil
	case bad != nil:
		s.warn("epmd server refuses a node", "name", n.Name, "error", bad)
		return appendAlive(nil, n.HighVersion, false, 0)
	case len(s.held) >= or(s.MaxNodes, defaultMaxNodes):
		s.warn("epmd server has too many nodes and refuses another", "name", n.Name, "limit", len(s.held))
		return nil
	}
	creation, ok := s.names.register(n, p.id, time.Now())
	if ok {
		s.held[n.Name] = p
		s.log.Debug("epmd server registers a node", "name", n.Name, "port", n.Port, "creation", creation)
	} else {
		s.log.Debug("epmd server refuses a name that is taken", "name", n.Name)
	}
	return appendAlive(nil, n.HighVersion, ok, creation)
}

// hold sends the answer to a registration and, if p got the name, waits for its end: that of the connection, or any byte.
func (s *Server) hold(p *peer, name string, reply []byte) {
	_, err := p.conn.Write(reply)
	s.mu.Lock()
	holds := s.held[name] == p
	s.mu.Unlock()
	if !holds {
		return
	}
	if err == nil {
		p.conn.SetDeadline(time.Time{})
		p.conn.Read(make([]byte, 1))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[name] == p { // STOP has not taken it
		delete(s.held, name)
	}
	s.names.unregister(name, p.id)
	s.log.Debug("epmd server unregisters a node", "name", name)
}

// answer returns the response to any request but a registration, and what to do once it is sent.
func (s *Server) answer(p *peer, req request) (reply []byte, after func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch req.op {
	case opPort2:
		if e := s.names.lookup(req.name); e != nil {
			return appendPort(nil, &e.node), nil
		}
		return appendPort(nil, nil), nil
	case opNames:
		nodes := make([]Node, 0, len(s.held))
		for _, e := range s.names.active() {
			nodes = append(nodes, e.node)
		}
		return appendNames(nil, p.port, nodes), nil
	case opDump:
		return appendDump(nil, p.port, s.names.active(), s.names.unused()), nil
	case opKill:
		if s.Kill == nil || len(s.held) > 0 && !s.Relaxed {
			return []byte(textNo), nil
		}
		return []byte(textOK), s.Kill
	case opStop:
		return s.stop(req.name), nil
	}
	return nil, nil
}

// stop takes the name from whoever has it, if checks are relaxed. Its connection is closed, and its goroutine does the
// rest; the name is free at once.
func (s *Server) stop(name string) (reply []byte) {
	if !s.Relaxed {
		return nil
	}
	p := s.held[name]
	if p == nil {
		return []byte(textNoExist + textStopped)
	}
	delete(s.held, name)
	s.names.unregister(name, p.id)
	p.conn.Close()
	return []byte(textStopped)
}

// warn logs what strangers can bring about: once a second at most, the rest at level debug, so that they cannot fill the
// log. The caller holds mu.
func (s *Server) warn(msg string, args ...any) {
	level := slog.LevelDebug
	if now := time.Now(); now.Sub(s.warned) >= time.Second {
		s.warned, level = now, slog.LevelWarn
	}
	s.log.Log(context.Background(), level, msg, args...)
}
