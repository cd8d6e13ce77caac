package node

import (
	"errors"
	"net"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// This file is the whole of what makes Ergo believe that our connections are its own.
//
// Ergo asks its registrar for a route when a process addresses a node it has no connection to, dials that route, and runs
// the handshake the route names. It does so for every such process at once, and tells the handshake neither who it is
// dialling nor who else is. So the route leads to a listener of ours that accepts and closes; the handshake, one for each
// peer name, ignores the socket; and what it returns is the peer's session, of which there is one at a time however
// often Ergo asks. Dialling is the business of the peer table, not of Ergo, and never happens under one of Ergo's locks.

// registrar is Ergo's way to us. It implements gen.Registrar and gen.Resolver.
type registrar struct {
	node    runtimeNode
	connect func(peer gen.Atom) connection
	sink    net.Listener
	done    chan struct{}
}

// connection is what Ergo takes for its connection to a peer.
type connection interface {
	gen.Connection
	over() <-chan struct{} // closed when it is over
}

// newRegistrar opens the listener that Ergo's dials end in. connect returns the connection to a peer; nil if there can be
// none. Close it when Ergo has stopped.
func newRegistrar(connect func(peer gen.Atom) connection) (*registrar, error) {
	sink, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &registrar{connect: connect, sink: sink, done: make(chan struct{})}
	go r.drain()
	return r, nil
}

// drain accepts and closes. It is owned by the registrar and ends with close.
func (r *registrar) drain() {
	defer close(r.done)
	for {
		c, err := r.sink.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			c.Close()
		}
	}
}

func (r *registrar) close() {
	r.sink.Close()
	<-r.done
}

// Register implements gen.Registrar. Ergo hands over itself here, before any process runs.
func (r *registrar) Register(n gen.NodeRegistrar, _ gen.RegisterRoutes) (gen.StaticRoutes, error) {
	rn, ok := n.(runtimeNode)
	if !ok {
		return gen.StaticRoutes{}, errors.New("ergo's node no longer has the methods of gen.Node and gen.Core")
	}
	r.node = rn
	rn.Network().RegisterProto(proto{})
	return gen.StaticRoutes{}, nil
}

// Resolve implements gen.Resolver: every valid name has a route, to the sink, with a handshake of its own.
func (r *registrar) Resolve(peer gen.Atom) ([]gen.Route, error) {
	if _, _, err := dist.ParseName(string(peer)); (err != nil && peer != callersName) || peer == r.node.Name() {
		return nil, gen.ErrNoRoute
	}
	h := handshake{peer: peer, connect: r.connect}
	r.node.Network().RegisterHandshake(h)
	return []gen.Route{{
		Host:             "127.0.0.1",
		Port:             uint16(r.sink.Addr().(*net.TCPAddr).Port),
		HandshakeVersion: h.Version(),
		ProtoVersion:     proto{}.Version(),
	}}, nil
}

// Resolver implements gen.Registrar.
func (r *registrar) Resolver() gen.Resolver { return r }

// ResolveProxy implements gen.Resolver.
func (r *registrar) ResolveProxy(gen.Atom) ([]gen.ProxyRoute, error) { return nil, gen.ErrNoRoute }

// ResolveApplication implements gen.Resolver.
func (r *registrar) ResolveApplication(gen.Atom) ([]gen.ApplicationRoute, error) {
	return nil, gen.ErrNoRoute
}

// RegisterProxy implements gen.Registrar.
func (r *registrar) RegisterProxy(gen.Atom) error { return gen.ErrUnsupported }

// UnregisterProxy implements gen.Registrar.
func (r *registrar) UnregisterProxy(gen.Atom) error { return gen.ErrUnsupported }

// RegisterApplicationRoute implements gen.Registrar.
func (r *registrar) RegisterApplicationRoute(gen.ApplicationRoute) error { return gen.ErrUnsupported }

// UnregisterApplicationRoute implements gen.Registrar.
func (r *registrar) UnregisterApplicationRoute(gen.Atom) error { return gen.ErrUnsupported }

// Nodes implements gen.Registrar.
func (r *registrar) Nodes() ([]gen.Atom, error) { return nil, gen.ErrUnsupported }

// Config implements gen.Registrar.
func (r *registrar) Config(...string) (map[string]any, error) { return nil, gen.ErrUnsupported }

// ConfigItem implements gen.Registrar.
func (r *registrar) ConfigItem(string) (any, error) { return nil, gen.ErrUnsupported }

// Event implements gen.Registrar.
func (r *registrar) Event() (gen.Event, error) { return gen.Event{}, gen.ErrUnsupported }

// Info implements gen.Registrar.
func (r *registrar) Info() gen.RegistrarInfo { return gen.RegistrarInfo{Version: r.Version()} }

// Terminate implements gen.Registrar.
func (r *registrar) Terminate() {}

// Version implements gen.Registrar.
func (r *registrar) Version() gen.Version {
	return gen.Version{Name: "gonode", License: gen.LicenseMIT}
}

// handshake stands for the handshake with one peer. It implements gen.NetworkHandshake.
type handshake struct {
	peer    gen.Atom
	connect func(peer gen.Atom) connection
}

// Start implements gen.NetworkHandshake: the peer's session, pending or live, is the result.
func (h handshake) Start(_ gen.NodeHandshake, sink net.Conn, _ gen.HandshakeOptions) (gen.HandshakeResult, error) {
	sink.Close()
	c := h.connect(h.peer)
	if c == nil {
		return gen.HandshakeResult{}, gen.ErrNoRoute
	}
	return gen.HandshakeResult{Peer: h.peer, HandshakeVersion: h.Version(), Custom: c}, nil
}

// Accept implements gen.NetworkHandshake; Ergo has no acceptor here.
func (h handshake) Accept(gen.NodeHandshake, net.Conn, gen.HandshakeOptions) (gen.HandshakeResult, error) {
	return gen.HandshakeResult{}, gen.ErrUnsupported
}

// Join implements gen.NetworkHandshake; there is one connection a peer.
func (h handshake) Join(gen.NodeHandshake, net.Conn, string, gen.HandshakeOptions) ([]byte, error) {
	return nil, gen.ErrUnsupported
}

// NetworkFlags implements gen.NetworkHandshake.
func (h handshake) NetworkFlags() gen.NetworkFlags { return gen.NetworkFlags{} }

// Version implements gen.NetworkHandshake. Ergo finds the handshake by it, so it carries the peer's name.
func (h handshake) Version() gen.Version {
	return gen.Version{Name: "gonode-handshake", Release: string(h.peer), License: gen.LicenseMIT}
}

// proto hands Ergo its connections. It implements gen.NetworkProto.
type proto struct{}

// NewConnection implements gen.NetworkProto.
func (proto) NewConnection(_ gen.Core, r gen.HandshakeResult, _ gen.Log) (gen.Connection, error) {
	return r.Custom.(connection), nil
}

// Serve implements gen.NetworkProto: it returns when the connection is over. Ergo then forgets the connection, tells its
// monitors and links, and calls Terminate.
func (proto) Serve(c gen.Connection, _ gen.NetworkDial) error {
	<-c.(connection).over()
	return gen.ErrNoConnection
}

// Version implements gen.NetworkProto.
func (proto) Version() gen.Version {
	return gen.Version{Name: "gonode-dist", Release: "1", License: gen.LicenseMIT}
}
