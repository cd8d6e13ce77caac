package node

import (
	"context"
	"errors"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/kernel"
)

// Down is the message to a process whose monitor (Node.Monitor, Mailbox.Monitor) has seen its process end. It comes in
// its order among the messages of that process, as in Erlang.
type Down struct {
	Ref     gen.Ref // of the monitor
	Process any     // as it was monitored: a gen.PID or a gen.ProcessID
	Reason  error   // why it ended; see ExitReason. gen.ErrProcessUnknown: there was none. gen.ErrNoConnection: its node is gone
}

// placedMonitor is a monitor of a process here on one elsewhere, for as long as it is in force.
type placedMonitor struct {
	link    *link
	call    *call
	watcher gen.PID
}

// Monitor has the process watcher of this node told when another process ends: a gen.PID, or a gen.ProcessID, here or
// elsewhere. The process gets a Down, at once if there is no such process or its node can't be reached. Any number of
// monitors may be placed. Unlike Ergo's own Process.MonitorPID it is an Erlang monitor: the process' own, with a
// reference, whose Down keeps its order. It connects if need be and waits for that, within ctx, whose error is returned.
func (n *Node) Monitor(ctx context.Context, watcher gen.PID, target any) (gen.Ref, error) {
	name, sig, err := n.target(target)
	if err != nil {
		return gen.Ref{}, err
	}
	if sig.Target == dist.ToAlias {
		return gen.Ref{}, fmt.Errorf("monitor %v: %w: an alias has no monitors", target, gen.ErrUnsupported)
	}
	if _, err := n.ergo.ProcessState(watcher); err != nil {
		return gen.Ref{}, fmt.Errorf("monitor for %s: %w", addressText(watcher), gen.ErrProcessUnknown)
	}
	ref := n.makeRef()
	down := func(reason error) {
		n.monitors.Delete(ref)
		from, _ := target.(gen.PID)
		n.core.RouteSendPID(from, watcher, gen.MessageOptions{}, Down{Ref: ref, Process: target, Reason: reason})
	}
	if name == n.name {
		n.monitorHere(ref, target, down)
		return ref, nil
	}
	l, err := n.linkTo(ctx, name)
	if err != nil {
		if ctx.Err() != nil {
			return gen.Ref{}, ctx.Err()
		}
		down(kernel.ReasonError(gen.Atom("noconnection")))
		return ref, nil
	}
	sig.Kind, sig.From, sig.Ref = dist.KindMonitor, watcher, ref
	c := &call{ref: ref, mon: sig, done: func(o outcome) {
		l.watched.removePlaced(watcher, ref)
		if o.ended {
			down(kernel.ReasonError(o.down))
		} else {
			down(kernel.ReasonError(gen.Atom("noconnection")))
		}
	}}
	n.monitors.Store(ref, &placedMonitor{link: l, call: c, watcher: watcher})
	l.watched.addPlaced(watcher, ref)
	if !n.relations.watch(l, watcher) { // so that the monitor goes when the watcher does
		n.forgetMonitor(l, watcher, ref)
		return gen.Ref{}, fmt.Errorf("monitor for %s: %w", addressText(watcher), gen.ErrProcessUnknown)
	}
	if err := l.startCall(ctx, c, &sig); err != nil {
		n.forgetMonitor(l, watcher, ref)
		return gen.Ref{}, err
	}
	return ref, nil
}

// forgetMonitor drops what is known of a monitor that is over.
func (n *Node) forgetMonitor(l *link, watcher gen.PID, ref gen.Ref) {
	n.monitors.Delete(ref)
	l.watched.removePlaced(watcher, ref)
}

// Demonitor takes a monitor back; a Down that is in the mailbox already stays there. It reports whether the monitor was
// in force.
func (n *Node) Demonitor(ref gen.Ref) bool {
	v, ok := n.monitors.LoadAndDelete(ref)
	if !ok {
		return false
	}
	if local, ok := v.(*localMonitor); ok {
		return n.relations.stopLocal(local)
	}
	m := v.(*placedMonitor)
	m.link.watched.removePlaced(m.watcher, ref)
	m.link.giveUp(m.call)
	return true
}

// localMonitor is a monitor between two processes of this node.
type localMonitor struct {
	target gen.PID
	ref    gen.Ref
	down   func(reason error)
}

// monitorHere places a monitor on a process of this node.
func (n *Node) monitorHere(ref gen.Ref, target any, down func(error)) {
	pid, ok := target.(gen.PID)
	pid = n.ownPID(pid)
	if !ok {
		var name gen.Atom
		switch t := target.(type) {
		case gen.ProcessID:
			name = t.Name
		case gen.Atom:
			name = t
		}
		var err error
		if pid, err = n.ergo.ProcessPID(name); err != nil {
			down(kernel.ReasonError(gen.Atom("noproc")))
			return
		}
	}
	if !n.relations.there(pid) {
		down(kernel.ReasonError(gen.Atom("noproc")))
		return
	}
	m := &localMonitor{target: pid, ref: ref, down: down}
	n.monitors.Store(ref, m)
	n.relations.addLocal(m)
	n.relations.watch(nil, pid) // which tells m if it has ended meanwhile
}

// Link links two processes: local, of this node, and one here or elsewhere. When one ends the other gets an exit signal
// with the reason, as in Erlang: an actor ends with it, unless it traps exits or the reason is normal; a Mailbox gets it
// as a message. If there is no such process local gets an exit with gen.ErrProcessUnknown, if its node can't be reached one
// with gen.ErrNoConnection. It connects if need be and waits for that, within ctx, whose error is returned.
func (n *Node) Link(ctx context.Context, local, other gen.PID) error {
	if _, err := n.ergo.ProcessState(local); err != nil {
		return fmt.Errorf("link %s: %w", addressText(local), gen.ErrProcessUnknown)
	}
	if other = n.ownPID(other); other.Node == n.name {
		n.linkHere(local, other)
		return nil
	}
	l, err := n.linkTo(ctx, other.Node)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n.exitSignal(other, local, kernel.ReasonError(gen.Atom("noconnection")))
		return nil
	}
	if !l.watched.placeLink(local, other) {
		return nil
	}
	if !n.relations.watch(l, local) {
		l.watched.removeLink(local, other)
		return fmt.Errorf("link %s: %w", addressText(local), gen.ErrProcessUnknown)
	}
	err = l.send(ctx, &dist.Signal{Kind: dist.KindLink, From: local, To: other})
	removed := err != nil && l.watched.removeLink(local, other)
	if !errors.Is(err, gen.ErrNoConnection) {
		return err
	}
	if removed { // else breakLinks has told it
		n.exitSignal(other, local, kernel.ReasonError(gen.Atom("noconnection")))
	}
	return nil
}

// linkHere links two processes of this node. If one ends before it is watched, watch tells the other.
func (n *Node) linkHere(local, other gen.PID) {
	switch {
	case local == other:
	case !n.relations.there(other):
		n.exitSignal(other, local, kernel.ReasonError(gen.Atom("noproc")))
	case n.relations.addLink(local, other):
		if n.relations.watch(nil, other) {
			n.relations.watch(nil, local)
		}
	}
}

// Unlink takes a link back. After it no exit of the other process comes from the link.
func (n *Node) Unlink(local, other gen.PID) error {
	if other = n.ownPID(other); other.Node == n.name {
		n.relations.removeLink(local, other)
		n.core.RouteUnlinkPID(local, other) // and what Ergo has linked, as it starts a process
		n.core.RouteUnlinkPID(other, local)
		return nil
	}
	l := n.linkOf(other.Node)
	id := n.unlinkIDs.Add(1)
	if l == nil || !l.watched.takeBackLink(local, other, id) {
		return nil
	}
	err := l.post(&dist.Signal{Kind: dist.KindUnlinkID, From: local, To: other, ID: id})
	if err != nil || !l.conn.Flags().Has(dist.FlagUnlinkID) { // nothing comes back
		l.watched.unlinked(local, other, id)
	}
	if errors.Is(err, dist.ErrStale) || errors.Is(err, gen.ErrNoConnection) {
		return nil // there is nobody, and so no link
	}
	return err
}
