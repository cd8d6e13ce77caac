package node

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/events"
	"gonode/strategy"
)

// mesh finds the other members of the cluster that a node has joined. Between BEAMs global introduces everybody
// to everybody; it does not introduce those who only bear with it, as we do. So a peer is asked for nodes() when it comes
// up, and one peer in turn at an interval; what its global knew when it greeted us is taken too. mesh is a
// strategy.Strategy of the node's own.
type mesh struct {
	node *Node
	poke chan struct{} // there is something new

	mu    sync.Mutex
	known map[gen.Atom][]gen.Atom // by the connected peer that said so
	ask   []gen.Atom              // peers to be asked now
}

func newMesh(n *Node) *mesh {
	return &mesh{node: n, poke: make(chan struct{}, 1), known: make(map[gen.Atom][]gen.Atom)}
}

// learn takes the members that peer knows. Its nodedown, which takes them back, comes after it has left the links.
func (m *mesh) learn(peer gen.Atom, members []gen.Atom) {
	m.change(func() {
		if m.node.linkOf(peer) != nil {
			m.known[peer] = members
		}
	})
}

func (m *mesh) change(f func()) {
	m.mu.Lock()
	f()
	m.mu.Unlock()
	select {
	case m.poke <- struct{}{}:
	default:
	}
}

// Run implements strategy.Strategy.
func (m *mesh) Run(ctx context.Context, out chan<- strategy.Set) error {
	var tasks sync.WaitGroup // all end with ctx
	defer tasks.Wait()
	tasks.Go(func() { m.follow(ctx) })
	ticker := time.NewTicker(m.node.cfg.MeshInterval)
	defer ticker.Stop()
	var last []strategy.Node
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			m.inTurn(turn)
		case <-m.poke:
		}
		for _, peer := range m.takeAsk() {
			tasks.Go(func() { m.question(ctx, peer) })
		}
		if nodes := m.nodes(); !slices.Equal(nodes, last) {
			if err := strategy.Send(ctx, out, strategy.Set{Nodes: slices.Clone(nodes)}); err != nil {
				return err
			}
			last = nodes
		}
	}
}

// follow keeps track of who is up.
func (m *mesh) follow(ctx context.Context) {
	for ev := range m.node.hub.Subscribe(ctx).All() {
		switch ev := ev.(type) {
		case events.NodeUp:
			if m.asks(ev.Hidden) {
				m.change(func() { m.ask = append(m.ask, gen.Atom(ev.Node)) })
			}
		case events.NodeDown:
			m.change(func() { delete(m.known, gen.Atom(ev.Node)) })
		}
	}
}

// asks reports whether a peer is asked: a visible node leaves hidden ones alone, to a hidden node all links are hidden.
func (m *mesh) asks(hidden bool) bool { return !hidden || m.node.cfg.Hidden }

// inTurn puts the next peer down to be asked.
func (m *mesh) inTurn(turn int) {
	peers := slices.DeleteFunc(m.node.Nodes(), func(p Peer) bool { return !m.asks(p.Hidden) })
	if len(peers) == 0 {
		return
	}
	m.mu.Lock()
	m.ask = append(m.ask, gen.Atom(peers[turn%len(peers)].Name))
	m.mu.Unlock()
}

func (m *mesh) takeAsk() []gen.Atom {
	m.mu.Lock()
	defer m.mu.Unlock()
	peers := m.ask
	m.ask = nil
	return peers
}

// question asks a peer for nodes() and takes its answer, unless it has gone down meanwhile.
func (m *mesh) question(ctx context.Context, peer gen.Atom) {
	members, err := m.node.nodesOf(ctx, peer)
	if err != nil {
		m.node.log.Debug("peer did not say whom it knows", "peer", string(peer), "error", err)
		return
	}
	m.learn(peer, members)
}

// nodes returns all members that connected peers know of, but ourselves, sorted by name.
func (m *mesh) nodes() []strategy.Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	origins := make(map[gen.Atom]string)
	for _, peer := range slices.Sorted(maps.Keys(m.known)) {
		for _, name := range m.known[peer] {
			if _, known := origins[name]; !known {
				origins[name] = "nodes() of " + string(peer)
			}
		}
	}
	for peer := range m.known {
		origins[peer] = "connected"
	}
	delete(origins, m.node.name)
	nodes := make([]strategy.Node, 0, len(origins))
	for _, name := range slices.Sorted(maps.Keys(origins)) {
		nodes = append(nodes, strategy.Node{Name: string(name), Origin: origins[name]})
	}
	return nodes
}

// nodesOf asks a connected peer for nodes().
func (n *Node) nodesOf(ctx context.Context, peer gen.Atom) ([]gen.Atom, error) {
	l := n.linkOf(peer)
	if l == nil {
		return nil, gen.ErrNoConnection
	}
	ctx, cancel := context.WithTimeout(ctx, n.cfg.SetupTime)
	defer cancel()
	reply, err := l.erpc(ctx, "erlang", "nodes")
	if err != nil {
		return nil, err
	}
	var members []gen.Atom
	list, _ := reply.(etf.List)
	for _, e := range list {
		if name, ok := e.(gen.Atom); ok {
			members = append(members, name)
		}
	}
	return members, nil
}
