package node

import (
	"context"
	"fmt"
	"sync/atomic"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/etf"
	"gonode/kernel"
)

// SpawnOption changes what Node.Spawn does.
type SpawnOption func(*spawnOptions)

type spawnOptions struct {
	owner         gen.PID
	link, monitor bool
}

// SpawnLink links the new process to local, a process of this node.
func SpawnLink(local gen.PID) SpawnOption {
	return func(o *spawnOptions) { o.owner, o.link = local, true }
}

// SpawnMonitor has local, a process of this node, told by a Down when the new process ends. Spawn returns the reference.
func SpawnMonitor(local gen.PID) SpawnOption {
	return func(o *spawnOptions) { o.owner, o.monitor = local, true }
}

// Spawned is a process that Spawn has made.
type Spawned struct {
	PID     gen.PID
	Monitor gen.Ref // of SpawnMonitor; zero without it
}

// Spawn makes a process on the node called name that runs module:function(args...), as erlang:spawn_opt/5 does, and
// returns when it is there. A function that does not exist makes a process too, which ends with undef. With SpawnLink and
// SpawnMonitor both, the process must be the same. The error is a *ConnectError, an *ExitReason with the peer's word for
// why not (notsup, system_limit), or ctx's; if ctx is done first a process may have been made all the same, which gets the
// exit abandoned if it was to be linked (erlang:spawn_request_abandon/1).
func (n *Node) Spawn(ctx context.Context, name, module, function string, args []any, opts ...SpawnOption) (Spawned, error) {
	var o spawnOptions
	for _, opt := range opts {
		opt(&o)
	}
	owner := o.owner
	if owner == (gen.PID{}) {
		owner = n.core.PID()
	} else if _, err := n.ergo.ProcessState(owner); err != nil {
		return Spawned{}, fmt.Errorf("spawn for %s: %w", addressText(owner), gen.ErrProcessUnknown)
	}
	l, err := n.linkTo(ctx, gen.Atom(name))
	if err != nil {
		return Spawned{}, err
	}
	sp := &spawning{link: l, owner: owner, ref: n.makeRef(), opts: o, there: make(chan made, 2)}
	sig := dist.Signal{
		Kind: dist.KindSpawnRequest, Ref: sp.ref, From: owner, GroupLeader: n.core.PID(),
		Module: gen.Atom(module), Function: gen.Atom(function), Arity: len(args),
		Options: o.list(), Message: etf.List(args),
	}
	s, err := sp.run(ctx, &sig)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("spawn on %s: %w", name, err)
	}
	return s, err
}

// spawning is a spawn request under way.
type spawning struct {
	link  *link
	owner gen.PID
	ref   gen.Ref
	opts  spawnOptions
	there chan made

	settled atomic.Bool // who sets it decides: the reply, or the end of the context
	pid     gen.PID     // of the process; only for the receive loop
}

// made is what came of it.
type made struct {
	pid gen.PID
	err error
}

func (sp *spawning) run(ctx context.Context, sig *dist.Signal) (Spawned, error) {
	l, n := sp.link, sp.link.node
	c := &call{ref: sp.ref, linked: sp.opts.link, spawn: sp.reply, done: sp.done}
	if sp.opts.monitor {
		n.monitors.Store(sp.ref, &placedMonitor{link: l, call: c, watcher: sp.owner})
		l.watched.addPlaced(sp.owner, sp.ref)
		n.relations.watch(l, sp.owner)
	}
	if err := l.startCall(ctx, c, sig); err != nil {
		n.forgetMonitor(l, sp.owner, sp.ref)
		return Spawned{}, err
	}
	var m made
	select {
	case m = <-sp.there:
	case <-ctx.Done():
		if sp.settled.CompareAndSwap(false, true) {
			l.giveUp(c)
			n.forgetMonitor(l, sp.owner, sp.ref)
			return Spawned{}, ctx.Err()
		}
		m = <-sp.there // it has come all the same
	}
	if m.err != nil {
		n.forgetMonitor(l, sp.owner, sp.ref)
		return Spawned{}, m.err
	}
	s := Spawned{PID: m.pid}
	if sp.opts.monitor {
		s.Monitor = sp.ref
	}
	return s, nil
}

// reply takes the pid of the process. It runs in the receive loop, before anything else of the process.
func (sp *spawning) reply(pid gen.PID) {
	l := sp.link
	if !sp.settled.CompareAndSwap(false, true) {
		l.abandon(sp.owner, pid, sp.opts.link)
		return
	}
	sp.pid = pid
	if sp.opts.link {
		l.watched.placeLink(sp.owner, pid)
		if !l.node.relations.watch(l, sp.owner) && l.watched.removeLink(sp.owner, pid) {
			l.tell(&dist.Signal{Kind: dist.KindExit, From: sp.owner, To: pid, Message: gen.Atom("noproc")})
		}
	}
	if !sp.opts.monitor {
		l.calls.take(sp.ref)
	}
	sp.there <- made{pid: pid}
}

// done takes the end of the process, or of the request.
func (sp *spawning) done(out outcome) {
	if sp.pid == (gen.PID{}) {
		if sp.settled.CompareAndSwap(false, true) {
			sp.there <- made{err: out.err}
		}
		return
	}
	reason := kernel.ReasonError(gen.Atom("noconnection"))
	if out.ended {
		reason = kernel.ReasonError(out.down)
	}
	n := sp.link.node
	n.forgetMonitor(sp.link, sp.owner, sp.ref)
	n.core.RouteSendPID(sp.pid, sp.owner, gen.MessageOptions{}, Down{Ref: sp.ref, Process: sp.pid, Reason: reason})
}

// abandon lets go of a process that was spawned for somebody who has given up; if it is linked it ends, as on a BEAM.
func (l *link) abandon(owner, pid gen.PID, linked bool) {
	if linked {
		l.tell(&dist.Signal{Kind: dist.KindExit, From: owner, To: pid, Message: gen.Atom("abandoned")})
	}
}

// list is the option list of the spawn request.
func (o spawnOptions) list() etf.List {
	list := etf.List{}
	if o.link {
		list = append(list, gen.Atom("link"))
	}
	if o.monitor {
		list = append(list, gen.Atom("monitor"))
	}
	return list
}
