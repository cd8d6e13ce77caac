package integration

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/events"
	"gonode/integration/beam"
	"gonode/node"
)

// oddSteps is how many calls of the public API TestOddArguments makes.
const oddSteps = 1500

// TestOddArguments: whatever Go code passes to the functions that have to do with other nodes, nothing goes out for which
// OTP gives a connection up, or which it logs. What can't be sent is an error, or does nothing.
func TestOddArguments(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		t.Parallel() // it mostly waits
		c := newCluster(t, release)
		b, third := c.beam(release, "b"), c.beam(release, "third")
		g := c.goNode("go", quietly)
		for _, n := range []*beam.Node{b, third} {
			require.NoError(t, g.Connect(ctxFor(t, time.Second), n.Name()))
		}
		seed := uint64(time.Now().UnixNano())
		o := newOdd(t, g, b, third, release, seed)
		w := watchEvents(t, g)
		eventually(t, patience, "what there is is told", func() bool { return w.count(b.Name()) == 1 })
		steps := o.steps()
		done := map[string]int{}
		for i := range oddSteps {
			s := steps[o.IntN(len(steps))]
			o.trail = s.name
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			s.do(ctx)
			cancel()
			done[s.name]++
			_, err := g.Ping(ctxFor(t, patience), b.Name())
			require.NoError(t, err, "seed %d, step %d: %s", seed, i, o.trail)
			require.Equal(t, 1, w.count(b.Name()), "seed %d, step %d: the link went with %s: %v", seed, i, o.trail, w.downs())
		}
		t.Logf("%v", done)
		require.Len(t, done, len(steps), "each was done")
		eval(t, b, "pong", "net_adm:ping('go@127.0.0.1')")
		quiet(t, b)
		quiet(t, third)
	})
}

// downs are the nodedowns so far.
func (w *watch) downs() (list []error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if ev, ok := s.ev.(events.NodeDown); ok {
			list = append(list, ev.Err)
		}
	}
	return list
}

// odd makes arguments, good ones and others, and calls that take them.
type odd struct {
	*maker
	g     *node.Node
	box   *node.Mailbox
	actor gen.PID // an actor that runs functions
	life  int64   // creation of the peer
	refs  []gen.Ref
	trail string
}

// step is one call of the API.
type step struct {
	name string
	do   func(ctx context.Context)
}

func newOdd(t *testing.T, g *node.Node, b, third *beam.Node, release string, seed uint64) *odd {
	t.Helper()
	const sinks = "[spawn(fun() -> process_flag(trap_exit, true), (fun Loop() -> receive _ -> Loop() end end)() end) || _ <- lists:seq(1, 20)]"
	pids := decodePIDs(t, g, b, sinks)
	life := pids[0].Creation
	pids = append(pids, decodePIDs(t, g, third, sinks)[:3]...)
	pids = append(pids, decodePIDs(t, g, b, "[begin {P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, _, _, _} -> P end end]")...)
	eval(t, b, "true", "register(sink, hd(%s))", sinks)
	box, err := g.Mailbox("odd")
	require.NoError(t, err)
	t.Cleanup(box.Close)
	runner := &each{
		init: func(e *each) { e.SetTrapExit(true) },
		message: func(e *each, m any) error {
			if f, ok := m.(func(*each)); ok {
				f(e)
			}
			return nil
		},
	}
	o := &odd{g: g, box: box, actor: spawnEach(t, g, "runner", gen.ProcessOptions{}, runner), life: life}
	o.maker = &maker{Rand: rand.New(rand.NewPCG(seed, 2)), t: t, release: release, node: g.Runtime(), peer: atom(b.Name()), pids: pids}
	dead, err := g.Mailbox("")
	require.NoError(t, err)
	dead.Close()
	o.pids = append(o.pids, box.PID(), o.actor, dead.PID())
	return o
}

// oddPID is a pid as a program may have it, or make it up.
func (o *odd) oddPID() gen.PID {
	p := o.pids[o.IntN(len(o.pids))]
	switch o.IntN(12) {
	case 0:
		p.Creation = []int64{0, 1, 3, p.Creation + 1, math.MaxUint32, math.MaxUint32 + 1, -1, math.MaxInt64}[o.IntN(8)]
	case 1:
		p.Node = o.oddNode()
	case 2:
		ids := []uint64{0, 1 << 28, 1 << 31, math.MaxUint32, math.MaxUint64, 1 << 63, 1 << 20}
		if o.release == "25" { // takes no serial of more than 13 bits and no id of more than 15, but can't be told from OTP 27
			ids = ids[:5]
		}
		p.ID = ids[o.IntN(len(ids))]
	case 3:
		return gen.PID{}
	}
	return p
}

func (o *odd) oddNode() gen.Atom {
	return []gen.Atom{
		"nowhere@127.0.0.1", "third@127.0.0.1", "b@127.0.0.1", "go@127.0.0.1", "", "@", "x@", "@x", "no_node", "ü@127.0.0.1", "a b@127.0.0.1",
		"b@127.0.0.1@127.0.0.1", "\xff@127.0.0.1", gen.Atom(strings.Repeat("n", 300)) + "@127.0.0.1", "nonode@nohost", "b@localhost",
	}[o.IntN(16)]
}

func (o *odd) oddName() gen.Atom {
	return []gen.Atom{"sink", "nobody", "", "undefined", "with space", "\n", "\x00", "ünïcödé", "\xff\xfe", gen.Atom(strings.Repeat("ß", 255)),
		gen.Atom(strings.Repeat("a", 256)), gen.Atom(strings.Repeat("n", 70_000))}[o.IntN(12)]
}

func (o *odd) oddRef() gen.Ref {
	if len(o.refs) > 0 && o.IntN(2) == 0 {
		return o.refs[o.IntN(len(o.refs))]
	}
	r := gen.Ref{Node: o.oddNode(), Creation: []int64{0, 7, o.life, -1, math.MaxInt64}[o.IntN(5)]}
	for i := range r.ID {
		r.ID[i] = []uint64{0, 1, 1 << 18, math.MaxUint32, math.MaxUint64, 1 << 32, 3 << 32, 5<<32 | 7, 6 << 32}[o.IntN(9)]
	}
	return r
}

// oddTerm is a term, or what is none, or what not every release takes.
func (o *odd) oddTerm() any {
	self := make(etf.List, 1)
	self[0] = self
	deep := any(etf.List{})
	for range 9_000 {
		deep = etf.Tuple{deep}
	}
	odd := []any{
		math.NaN(), math.Inf(1), etf.Map{{Key: 1, Value: 1}, {Key: int64(1), Value: 2}}, etf.Tuple{func() {}}, make(chan int), self, deep,
		etf.Map{{Key: etf.Tuple{"a"}, Value: 1}, {Key: etf.Tuple{[]byte("a")}, Value: 2}}, o.oddName(), o.oddRef(), o.oddPID(), gen.Alias(o.oddRef()),
		etf.Map{{Key: 0.0, Value: 1}, {Key: math.Copysign(0, -1), Value: 2}}, etf.BitString{Bytes: []byte{255}, Bits: 9}, etf.BitString{Bits: 3}, etf.Export{Module: "m", Function: "f", Arity: 256},
		etf.Fun{Module: "m", Arity: 1, PID: o.oddPID()}, o.record(), etf.Port{Node: "b@127.0.0.1", ID: 1 << 40, Creation: uint32(o.life)},
		etf.Port{Node: "x@y", ID: math.MaxUint64}, etf.Tuple(make([]any, 70_000)), struct{ A float64 }{math.Inf(-1)}, map[float64]int{math.NaN(): 1},
		etf.ImproperList{}, etf.ImproperList{Elems: []any{1}}, o.bytes(200 << 10), gen.ProcessID{Name: "n", Node: "m"}, complex(1, 2),
		[]any{uint64(math.MaxUint64), "text", nil}, fmt.Errorf("an error"), (*int)(nil), etf.Record{Module: "\xff"},
	}
	if o.IntN(2) == 0 {
		return o.term(3)
	}
	return odd[o.IntN(len(odd))]
}

func (o *odd) oddAddress() any {
	return []any{o.oddPID(), gen.ProcessID{Name: o.oddName(), Node: "b@127.0.0.1"}, gen.ProcessID{Name: o.oddName(), Node: o.oddNode()},
		gen.Alias(o.oddRef()), o.oddName(), o.oddTerm()}[o.IntN(6)]
}

// reason is what a process ends with, or is told to.
func (o *odd) reason() any {
	return []any{gen.Atom("normal"), gen.TerminateReasonNormal, gen.TerminateReasonKill, fmt.Errorf("an error"), o.oddTerm(),
		&node.ExitReason{Term: o.oddTerm()}}[o.IntN(6)]
}

func (o *odd) reasonError() error {
	if err, ok := o.reason().(error); ok {
		return err
	}
	return &node.ExitReason{Term: o.oddTerm()}
}

func (o *odd) note(args ...any) {
	for _, a := range args {
		switch a := a.(type) {
		case gen.PID, gen.ProcessID, gen.Alias, gen.Atom:
			o.trail += fmt.Sprintf(" %.300s", fmt.Sprintf("%#v", a))
		default:
			o.trail += " " + etf.FormatLimit(a, 300)
		}
	}
}

// keep keeps a reference that the API gave.
func (o *odd) keep(r gen.Ref, err error) {
	if err == nil {
		o.refs = append(o.refs, r)
	}
}

// steps are all that there is to be called.
func (o *odd) steps() []step {
	return append(o.nodeSteps(), append(o.boxSteps(), o.actorSteps()...)...)
}

func (o *odd) nodeSteps() []step {
	const peer = "b@127.0.0.1"
	return []step{
		{"Node.Send", func(ctx context.Context) { a, m := o.oddAddress(), o.oddTerm(); o.note(a); _ = o.g.Send(ctx, a, m) }},
		{"Node.Cast", func(ctx context.Context) { a, m := o.oddAddress(), o.oddTerm(); o.note(a); _ = o.g.Cast(ctx, a, m) }},
		{"Node.Call", func(ctx context.Context) {
			a, m := o.oddAddress(), o.oddTerm()
			o.note(a)
			_ = o.g.Call(ctx, a, m, nil)
		}},
		{"Node.Exit", func(context.Context) {
			from, to, r := o.oddPID(), o.oddPID(), o.reason()
			o.note(from, to)
			if to != o.box.PID() && to != o.actor {
				_ = o.g.Exit(from, to, r)
			}
		}},
		{"Node.Monitor", func(ctx context.Context) {
			p, a := o.oddPID(), o.oddAddress()
			o.note(p, a)
			o.keep(o.g.Monitor(ctx, p, a))
		}},
		{"Node.Demonitor", func(context.Context) { o.g.Demonitor(o.oddRef()) }},
		{"Node.Link", func(ctx context.Context) { p, q := o.oddPID(), o.oddPID(); o.note(p, q); _ = o.g.Link(ctx, p, q) }},
		{"Node.Unlink", func(context.Context) { p, q := o.oddPID(), o.oddPID(); o.note(p, q); _ = o.g.Unlink(p, q) }},
		{"Node.RPC", func(ctx context.Context) {
			args := make([]any, []int{0, 1, 2, 255, 256, 1000}[o.IntN(6)])
			for i := range args {
				args[i] = o.leaf()
			}
			module := []string{"erlang", "nobody", "lists"}[o.IntN(3)] // the code server logs names that are too long for a file
			_ = o.g.RPC(ctx, peer, module, string(o.oddName()), nil, append(args, o.oddTerm())...)
		}},
		{"Node.RPC to", func(ctx context.Context) {
			_ = o.g.RPC(ctx, string(o.oddNode()), "erlang", "is_atom", nil, o.oddTerm())
		}},
		{"Node.Spawn", func(ctx context.Context) {
			// No function that fails: the BEAM would log that.
			p, m := o.oddPID(), o.oddTerm()
			o.note(p)
			_, _ = o.g.Spawn(ctx, peer, "erlang", "is_atom", []any{m}, [](node.SpawnOption){node.SpawnLink(p), node.SpawnMonitor(p)}[o.IntN(2)])
		}},
		{"Node.Spawn many", func(ctx context.Context) { _, _ = o.g.Spawn(ctx, peer, "erlang", "is_atom", make([]any, 256)) }},
		{"Node.Whereis", func(ctx context.Context) { _, _ = o.g.Whereis(ctx, peer, string(o.oddName())) }},
		{"Node.Connect", func(ctx context.Context) { _ = o.g.Connect(ctx, string(o.oddNode())) }},
	}
}

func (o *odd) boxSteps() []step {
	return []step{
		{"Mailbox.Send", func(ctx context.Context) { a, m := o.oddAddress(), o.oddTerm(); o.note(a); _ = o.box.Send(ctx, a, m) }},
		{"Mailbox.Call", func(ctx context.Context) {
			a, m := o.oddAddress(), o.oddTerm()
			o.note(a)
			_ = o.box.Call(ctx, a, m, nil)
		}},
		{"Mailbox.Exit", func(context.Context) {
			to, r := o.oddPID(), o.reason()
			o.note(to, r)
			if to != o.box.PID() && to != o.actor {
				_ = o.box.Exit(to, r)
			}
		}},
		{"Mailbox.Monitor", func(ctx context.Context) { a := o.oddAddress(); o.note(a); o.keep(o.box.Monitor(ctx, a)) }},
		{"Mailbox.Link", func(ctx context.Context) { p := o.oddPID(); o.note(p); _ = o.box.Link(ctx, p) }},
		{"Mailbox.Unlink", func(context.Context) { p := o.oddPID(); o.note(p); _ = o.box.Unlink(p) }},
		{"Mailbox.CloseWith", func(ctx context.Context) {
			m, err := o.g.Mailbox("")
			if err != nil {
				return
			}
			r := o.reasonError()
			o.note(r)
			for range 3 {
				_ = m.Link(ctx, o.oddPID())
				_, _ = m.Monitor(ctx, o.oddPID())
			}
			m.CloseWith(r)
		}},
		{"Mailbox.Receive", func(ctx context.Context) {
			for range 10 {
				m, err := o.box.Receive(ctx)
				if err != nil {
					return
				}
				if r, ok := m.Body.(*node.Request); ok {
					_ = r.Reply(o.oddTerm())
				}
			}
		}},
	}
}

// inActor runs do in the actor, within ctx.
func (o *odd) inActor(do func(ctx context.Context, e *each)) func(context.Context) {
	return func(ctx context.Context) {
		done := make(chan struct{})
		_ = o.g.Runtime().Send(o.actor, func(e *each) { do(ctx, e); close(done) })
		select {
		case <-done:
		case <-time.After(patience):
			o.t.Errorf("the actor hangs: %s", o.trail)
		}
	}
}

func (o *odd) actorSteps() []step {
	in := o.inActor
	return []step{
		{"Process.Send", in(func(_ context.Context, e *each) { a, m := o.oddAddress(), o.oddTerm(); o.note(a); _ = e.Send(a, m) })},
		{"Process.SendExit", in(func(_ context.Context, e *each) {
			if to := o.oddPID(); to != o.box.PID() && to != o.actor {
				_ = e.SendExit(to, o.reasonError())
			}
		})},
		{"Process.SendResponse", in(func(_ context.Context, e *each) { _ = e.SendResponse(o.oddPID(), o.oddRef(), o.oddTerm()) })},
		{"Process.SendImportant", in(func(_ context.Context, e *each) {
			a, m := o.oddAddress(), o.oddTerm()
			o.note(a)
			_ = e.SendWithPriority(a, m, gen.MessagePriorityMax)
		})},
		{"Process.Monitor", in(func(_ context.Context, e *each) { a := o.oddAddress(); o.note(a); _ = e.Monitor(a) })},
		{"Process.Demonitor", in(func(_ context.Context, e *each) { a := o.oddAddress(); o.note(a); _ = e.Demonitor(a) })},
		{"Process.Link", in(func(_ context.Context, e *each) { a := o.oddAddress(); o.note(a); _ = e.Link(a) })},
		{"Process.Unlink", in(func(_ context.Context, e *each) { a := o.oddAddress(); o.note(a); _ = e.Unlink(a) })},
		{"Process.MonitorNode", in(func(_ context.Context, e *each) { n := o.oddNode(); _ = e.MonitorNode(n); _ = e.DemonitorNode(n) })},
		{"Process.LinkNode", in(func(_ context.Context, e *each) { n := o.oddNode(); _ = e.LinkNode(n); _ = e.UnlinkNode(n) })},
		{"Process.MonitorEvent", in(func(_ context.Context, e *each) {
			_, _ = e.MonitorEvent(gen.Event{Name: o.oddName(), Node: "b@127.0.0.1"})
		})},
		{"Process.RemoteSpawn", in(func(_ context.Context, e *each) {
			_, _ = e.RemoteSpawn("b@127.0.0.1", o.oddName(), gen.ProcessOptions{})
		})},
	}
}
