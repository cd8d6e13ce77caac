package node

import (
	"context"
	"fmt"

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
// why not (notsup, system_limit), or ctx's; if ctx is done first a process may have been made all the same.
func (n *Node) Spawn(ctx context.Context, name, module, function string, args []any, opts ...SpawnOption) (Spawned, error) {
	var o spawnOptions
	for _, opt := range opts {
		opt(&o)
	}
	l, err := n.linkTo(ctx, gen.Atom(name))
	if err != nil {
		return Spawned{}, err
	}
	owner := o.owner
	if owner == (gen.PID{}) {
		owner = n.core.PID()
	}
	ref := n.makeRef()
	sig := dist.Signal{
		Kind: dist.KindSpawnRequest, Ref: ref, From: owner, GroupLeader: n.core.PID(),
		Module: gen.Atom(module), Function: gen.Atom(function), Arity: len(args),
		Options: o.list(), Message: etf.List(args),
	}
	type made struct {
		pid gen.PID
		err error
	}
	there := make(chan made, 2)
	var pid gen.PID
	c := &call{ref: ref}
	c.spawn = func(p gen.PID) { // in the receive loop, before anything else of the process
		pid = p
		if o.link {
			l.watched.placeLink(owner, p)
			n.relations.watch(l, owner)
		}
		if !o.monitor {
			l.calls.take(ref)
		}
		there <- made{pid: p}
	}
	c.done = func(out outcome) {
		if pid == (gen.PID{}) {
			there <- made{err: out.err}
			return
		}
		reason := kernel.ReasonError(gen.Atom("noconnection"))
		if out.ended {
			reason = kernel.ReasonError(out.down)
		}
		n.forgetMonitor(l, owner, ref)
		n.core.RouteSendPID(pid, owner, gen.MessageOptions{}, Down{Ref: ref, Process: pid, Reason: reason})
	}
	if o.monitor {
		n.monitors.Store(ref, &placedMonitor{link: l, call: c, watcher: owner})
		l.watched.addPlaced(owner, ref)
		n.relations.watch(l, owner)
	}
	if err := l.startCall(ctx, c, &sig); err != nil {
		n.forgetMonitor(l, owner, ref)
		return Spawned{}, fmt.Errorf("spawn on %s: %w", name, err)
	}
	select {
	case m := <-there:
		if m.err != nil {
			n.forgetMonitor(l, owner, ref)
			return Spawned{}, fmt.Errorf("spawn on %s: %w", name, m.err)
		}
		s := Spawned{PID: m.pid}
		if o.monitor {
			s.Monitor = ref
		}
		return s, nil
	case <-ctx.Done():
		l.giveUp(c)
		return Spawned{}, ctx.Err()
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
