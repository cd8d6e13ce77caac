package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/epmd"
	"gonode/etf"
	"gonode/events"
	"gonode/kernel"
	"gonode/strategy"
)

// Node is a running node. Start makes one; any goroutine may use it until Shutdown.
type Node struct {
	cfg      Config
	name     gen.Atom
	creation uint32
	port     int
	started  time.Time
	log      *slog.Logger
	resolve  Resolver

	ident  *etf.Identity
	ergo   gen.Node
	core   gen.Core
	bridge *registrar

	keeper   *epmd.Keeper
	listener *listener
	engine   *strategy.Engine
	mesh     *mesh
	hub      events.Hub

	stopEngine context.CancelFunc

	ctx    context.Context // done when Shutdown begins to take the network down
	cancel context.CancelFunc
	wg     sync.WaitGroup // the accept loop, handshakes, flights, links, the engine

	spawning sync.RWMutex // held, to read, while Ergo is asked for a process; Shutdown lets nobody ask any more
	mu       sync.Mutex
	stopping bool
	table    *peerTable
	links    map[gen.Atom]*link // as Nodes shows them
	leaving  map[gen.Atom]*link // out of links, nodedown on its way
	flights  map[gen.Atom]*flight
	sessions map[gen.Atom]*session

	exports   kernel.Exports // what Export offers
	own       kernel.Exports // what every node answers
	jobs      jobs
	relations relations
	memory    dist.Memory
	forwarder interface { // puts a message of any kind into the mailbox of a process
		Forward(to gen.PID, message *gen.MailboxMessage, priority gen.MessagePriority) error
	}
	suspended suspended
	callers   *callers
	placed    placed
	servers   map[gen.PID]struct{} // processes of ours that never wait for a peer; read only after Start

	monitors sync.Map // of the monitors that Node.Monitor has placed, by gen.Ref

	refs, linkIDs, attemptIDs, unlinkIDs, briefIDs atomic.Uint64
	counters                                       counters
	past                                           past

	shutdown sync.Once
	done     chan struct{}
}

// errStopping is why an attempt ends when the node does.
var errStopping = errors.New("this node is shutting down")

// Start starts a node: it listens, is registered with epmd, answers and looks for its peers when Start returns; with
// Config.Wait it has found some. The context bounds the start only; end the node with Shutdown.
//
// Errors tell what is wrong with the configuration (a malformed name, a cookie file that can't be read), that the name
// is taken (errors.As to *epmd.TakenError), or that there is no free port or no epmd, or that ctx
// was done before the cluster was there (errors.As to *strategy.WaitError).
//
// In a program that has less than 16 MiB of heap a node may run a garbage collection when it starts, after which Go begins
// goroutines with stacks that suit actors.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg:      cfg,
		name:     gen.Atom(cfg.Name),
		started:  time.Now(),
		log:      cfg.Logger,
		table:    newPeerTable(gen.Atom(cfg.Name)),
		links:    make(map[gen.Atom]*link),
		leaving:  make(map[gen.Atom]*link),
		flights:  make(map[gen.Atom]*flight),
		sessions: make(map[gen.Atom]*session),
		servers:  make(map[gen.PID]struct{}),
		done:     make(chan struct{}),
	}
	n.relations.node, n.placed.node, n.jobs.node = n, n, n
	n.resolve = n.resolver()
	n.mesh = newMesh(n)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	for _, step := range []func(context.Context) error{n.listen, n.register, n.startErgo, n.startServers, n.startEngine} {
		if err := step(ctx); err != nil {
			n.Shutdown(context.WithoutCancel(ctx))
			return nil, err
		}
	}
	n.wg.Add(1)
	go n.listener.serve() // owned by the node: ends when Shutdown closes the listener
	n.log.Info("node started", "name", string(n.name), "port", n.port, "creation", n.creation, "hidden", cfg.Hidden)
	if err := n.form(ctx); err != nil {
		n.Shutdown(context.WithoutCancel(ctx))
		return nil, err
	}
	return n, nil
}

func (n *Node) listen(context.Context) error {
	ln, err := listen(n.cfg.Listen, n.cfg.Name)
	if err != nil {
		return err
	}
	n.listener = &listener{node: n, ln: ln, max: n.cfg.MaxHandshakes}
	n.port = ln.Addr().(*net.TCPAddr).Port
	return nil
}

func (n *Node) register(ctx context.Context) error {
	alive, _, err := dist.ParseName(n.cfg.Name)
	if err != nil {
		return err
	}
	n.keeper, err = epmd.Keep(ctx, epmd.KeeperConfig{
		Mode:      n.cfg.EPMD,
		Port:      n.cfg.EPMDPort,
		Addresses: n.cfg.EPMDAddresses,
		Node:      epmd.Node{Name: alive, Port: uint16(n.port), Type: epmd.TypeNormal, HighVersion: 6, LowVersion: 5},
		Timeout:   n.cfg.SetupTime,
		Logger:    n.log,
	})
	if err != nil {
		return err
	}
	n.creation = n.keeper.Creation()
	return nil
}

func (n *Node) startErgo(context.Context) error {
	n.callers = newCallers(n)
	bridge, err := newRegistrar(n.connection)
	if err != nil {
		return err
	}
	n.bridge = bridge
	ergo, err := startRuntime(n.name, bridge, n.log)
	if err != nil {
		return err
	}
	n.ergo, n.core = ergo, ergo
	n.ident = &etf.Identity{Node: n.name, Creation: n.creation, Runtime: ergo.Creation()}
	return nil
}

// startServers starts the processes that every node has.
func (n *Node) startServers(context.Context) error {
	w := &watcherProcess{relations: &n.relations}
	watcher, err := n.ergo.Spawn(func() gen.ProcessBehavior { return w }, gen.ProcessOptions{})
	if err != nil {
		return fmt.Errorf("start the watcher: %w", err)
	}
	n.relations.watcher, n.forwarder = watcher, w
	if _, err := n.ergo.Network().GetNode(callersName); err != nil {
		return fmt.Errorf("let processes be called: %w", err)
	}
	if err := n.exportOwn(); err != nil {
		return err
	}
	for name, factory := range map[gen.Atom]gen.ProcessFactory{
		kernel.NetKernelName: kernel.NewNetKernel,
		kernel.RexName:       kernel.NewRex(n.runForRex, n.respond, n.sendFromNode),
	} {
		if _, err := n.ergo.SpawnRegister(name, factory, gen.ProcessOptions{}); err != nil {
			return fmt.Errorf("start %s: %w", string(name), err)
		}
	}
	return n.startEventServer()
}

// respond answers a call that rex got.
func (n *Node) respond(to gen.PID, ref gen.Ref, reply any) {
	n.core.RouteSendResponse(n.core.PID(), to, gen.MessageOptions{Ref: ref}, reply)
}

// sendFromNode sends a message that is of no process.
func (n *Node) sendFromNode(to gen.PID, message any) {
	n.core.RouteSendPID(n.core.PID(), to, gen.MessageOptions{}, message)
}

// startEventServer starts the process that Erlang subscribes at, and one more for each further name, which forwards.
func (n *Node) startEventServer() error {
	var first gen.Atom
	for _, name := range n.cfg.EventNames {
		factory := events.NewServer(&n.hub)
		if first != "" {
			factory = events.NewForwarder(first)
		}
		pid, err := n.ergo.SpawnRegister(gen.Atom(name), factory, gen.ProcessOptions{})
		if err != nil {
			return fmt.Errorf("start the event server %s: %w", name, err)
		}
		n.servers[pid] = struct{}{}
		if first == "" {
			first = gen.Atom(name)
		}
	}
	return nil
}

// neverWaits reports whether what pid sends must not wait for a slow peer.
func (n *Node) neverWaits(pid gen.PID) bool {
	_, ok := n.servers[pid]
	return ok
}

func (n *Node) now() time.Time { return time.Now() }

// makeRef returns a reference that this node has not used, of three words: the second has its top bit set, which those
// of Ergo's never have.
func (n *Node) makeRef() gen.Ref {
	c := n.refs.Add(1)
	const words, top = 3, 1 << 31
	w0, w1, w2 := c&(1<<18-1), top|c>>50, c>>18&(1<<32-1) // bit 30 of w1 is for callBit
	return gen.Ref{
		Node:     n.name,
		Creation: n.ident.Runtime,
		ID:       [3]uint64{w0 | w1<<32, w2, words << 32},
	}
}

// callBit marks the references of calls among those of makeRef, of which nobody but the call itself knows.
const callBit = 1 << 62

// makeCallRef is makeRef for the tag of a call.
func (n *Node) makeCallRef() gen.Ref {
	ref := n.makeRef()
	ref.ID[0] |= callBit
	return ref
}

// isCallRef reports whether ref is one of makeCallRef.
func (n *Node) isCallRef(ref gen.Ref) bool {
	const ours = 1<<63 | callBit
	return ref.Node == n.name && ref.Creation == n.ident.Runtime && ref.ID[2]>>32 == 3 && ref.ID[0]&ours == ours
}

// connection returns what Ergo takes for its connection to peer; nil if the node is stopping.
func (n *Node) connection(peer gen.Atom) connection {
	if peer == callersName {
		return n.callers
	}
	s := n.session(peer)
	if s == nil {
		return nil
	}
	s.given()
	return s
}

// session returns the session with peer, live or pending; nil if the node is stopping.
func (n *Node) session(peer gen.Atom) *session {
	n.mu.Lock()
	if n.stopping {
		n.mu.Unlock()
		return nil
	}
	if s := n.sessions[peer]; s != nil {
		n.mu.Unlock()
		return s
	}
	s := newSession(n, peer)
	n.sessions[peer] = s
	var l *link
	if n.want(peer, true, "") == nil {
		l = n.links[peer]
	}
	n.mu.Unlock()
	if l != nil {
		s.attach(l)
	}
	return s
}

// attached returns the session that waits for l, if there is one.
func (n *Node) attached(l *link) *session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sessions[l.peer]
}

// Name returns the full node name.
func (n *Node) Name() string { return string(n.name) }

// Creation returns the number that tells this incarnation of the node from earlier ones; all its pids carry it.
func (n *Node) Creation() uint32 { return n.creation }

// Addr returns the address the node listens at.
func (n *Node) Addr() net.Addr { return n.listener.ln.Addr() }

// Events returns the hub of what happens: who is up and who is down. Subscribe to it at any time.
func (n *Node) Events() *events.Hub { return &n.hub }

// Runtime returns the Ergo node on which processes run: spawn actors there, register names, send. Do not stop it; use
// Shutdown.
func (n *Node) Runtime() gen.Node { return n.ergo }

// Done is closed when Shutdown has ended the node.
func (n *Node) Done() <-chan struct{} { return n.done }
