package node

import (
	"errors"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/etf"
	"gonode/kernel"
)

// receive does what a signal from the peer asks for. It runs in the link's goroutine, in the order of the wire, and
// never waits: what has to be answered is answered at once (protocol reference, "receiver duties").
func (l *link) receive(sig *dist.Signal) error {
	switch sig.Kind {
	case dist.KindSend:
		l.deliver(sig)
	case dist.KindMonitor:
		l.monitor(sig)
	case dist.KindDemonitor:
		l.watched.removeMonitor(sig.Ref)
		l.requests.abandon(sig.Ref)
		l.node.jobs.abandon(sig.Ref)
	case dist.KindDown:
		l.downOf(sig)
	case dist.KindLink:
		l.linkTo(sig)
	case dist.KindUnlinkID:
		l.watched.removeLink(sig.To, sig.From)
		l.answer(&dist.Signal{Kind: dist.KindUnlinkAck, From: sig.To, To: sig.From, ID: sig.ID})
	case dist.KindUnlinkAck:
		l.watched.unlinked(sig.To, sig.From, sig.ID)
	case dist.KindUnlink:
		l.watched.removeLink(sig.To, sig.From)
	case dist.KindExit:
		l.exit(sig)
	case dist.KindExit2:
		l.exit2(sig)
	case dist.KindSpawnRequest:
		l.spawn(sig)
	case dist.KindSpawnReply:
		l.spawnReply(sig)
	}
	// GROUP_LEADER: processes here have none.
	return nil
}

// Recycle gives back the memory of a large binary that came from another node, for later ones: a process that takes
// many, of a quarter of a megabyte and more, and is done with each of them saves most of what they cost otherwise, fresh memory and
// the work of the garbage collector. It is never necessary. b is the binary, or a piece of it, as it was received; afterwards
// neither it nor another binary of the same message may be used, by anyone. It must not be recycled twice. Other
// memory is left alone. It may be called from anywhere.
func (n *Node) Recycle(b []byte) { n.memory.Recycle(b) }

// deliver hands a message to its process. A message to nobody is dropped without a word, as in Erlang.
func (l *link) deliver(sig *dist.Signal) {
	if sig.Priority {
		l.deliverFirst(sig)
		return
	}
	switch sig.Target {
	case dist.ToName:
		if l.kernelMessage(sig) {
			return
		}
		l.route(sig.From, gen.ProcessID{Name: sig.ToName, Node: l.node.name}, sig.Message)
	case dist.ToAlias:
		if !l.answered(sig.Message) {
			l.count(l.node.core.RouteSendAlias(sig.From, gen.Alias(sig.ToAlias), gen.MessageOptions{}, sig.Message))
		}
	default:
		if l.answered(sig.Message) {
			return
		}
		if sig.To == l.node.core.PID() {
			l.coreMessage(sig)
			return
		}
		l.route(sig.From, sig.To, sig.Message)
	}
}

// deliverFirst hands over a priority message of OTP 28 and later: Ergo's high priority, before the ordinary messages.
func (l *link) deliverFirst(sig *dist.Signal) {
	core, opts := l.node.core, gen.MessageOptions{Priority: gen.MessagePriorityHigh}
	switch sig.Target {
	case dist.ToName:
		l.count(core.RouteSendProcessID(sig.From, gen.ProcessID{Name: sig.ToName, Node: l.node.name}, opts, sig.Message))
	case dist.ToAlias:
		l.count(core.RouteSendAlias(sig.From, gen.Alias(sig.ToAlias), opts, sig.Message))
	default:
		l.count(core.RouteSendPID(sig.From, sig.To, opts, sig.Message))
	}
}

// route hands a message, a cast or a call to the process to, a gen.PID or a gen.ProcessID of ours.
func (l *link) route(from gen.PID, to, message any) {
	if l.node.suspended.count.Load() > 0 && l.held(from, to, message) {
		return
	}
	l.routeNow(from, to, message)
}

// routeNow is route for a process that is not suspended.
func (l *link) routeNow(from gen.PID, to, message any) {
	if tuple, ok := message.(etf.Tuple); ok && len(tuple) >= 2 {
		switch head := tuple[0].(type) {
		case gen.Atom:
			if l.routeOTP(from, to, head, tuple) {
				return
			}
		case gen.PID:
			if r, ok := l.eventRequest(head, tuple); ok {
				l.routeCall(r, to, tuple[2])
				return
			}
		}
	}
	l.routeMessage(from, to, message)
}

// held keeps a message for a suspended process; system messages get through.
func (l *link) held(from gen.PID, to, message any) bool {
	if _, ok := kernel.ParseSys(message); ok {
		return false
	}
	pid, ok := l.node.local(to)
	return ok && l.node.suspended.hold(l.node, pid, func() { l.routeNow(from, to, message) })
}

// routeOTP takes the messages of OTP's behaviours: calls, casts and system messages.
func (l *link) routeOTP(from gen.PID, to any, head gen.Atom, tuple etf.Tuple) bool {
	switch {
	case head == "$gen_call" && len(tuple) == 3:
		r, ok := newRequest(tuple[1])
		if ok {
			l.routeCall(r, to, tuple[2])
		}
		return ok
	case head == "$gen_cast" && len(tuple) == 2:
		l.routeMessage(from, to, tuple[1])
		return true
	case head == "system":
		c, ok := kernel.ParseSys(tuple)
		if ok {
			l.sys(c, to)
		}
		return ok
	}
	return false
}

// eventRequest reads a synchronous request of gen_event: {Pid, {Pid, Tag}, Request}. Anybody may send such a tuple; it is
// a request if the tag is the reference of a monitor that the peer has on a process here.
func (l *link) eventRequest(caller gen.PID, tuple etf.Tuple) (request, bool) {
	if len(tuple) != 3 {
		return request{}, false
	}
	r, ok := newRequest(tuple[1])
	return r, ok && r.from == caller && l.watched.hasMonitor(r.monitor)
}

func (l *link) routeMessage(from gen.PID, to, message any) {
	switch to := to.(type) {
	case gen.PID:
		l.count(l.node.core.RouteSendPID(from, to, gen.MessageOptions{}, message))
	case gen.ProcessID:
		l.count(l.node.core.RouteSendProcessID(from, to, gen.MessageOptions{}, message))
	}
}

// routeCall hands a gen_server call to a process. If it can't be delivered the caller's monitor says so.
func (l *link) routeCall(r request, to, message any) {
	ref := l.node.makeRef()
	if !l.requests.add(ref, r, l.node.cfg.MaxRelations) {
		l.refused()
		if target, by, ok := l.watched.takeMonitor(r.monitor); ok {
			l.sendDown(target, r.monitor, by, systemLimit)
		}
		return
	}
	opts := gen.MessageOptions{Ref: ref}
	var err error
	switch to := to.(type) {
	case gen.PID:
		err = l.node.core.RouteCallPID(r.from, to, opts, message)
	case gen.ProcessID:
		err = l.node.core.RouteCallProcessID(r.from, to, opts, message)
	}
	if err != nil {
		l.requests.take(ref)
		l.count(err)
	}
}

// count counts a message that found no process, or a full mailbox.
func (l *link) count(err error) { l.node.count(err) }

func (n *Node) count(err error) {
	switch {
	case err == nil:
	case errors.Is(err, gen.ErrProcessMailboxFull):
		n.counters.mailboxFull.Add(1)
	default:
		n.counters.undelivered.Add(1)
	}
}

// coreMessage takes what comes for the node's own pid: output of code that we called elsewhere, whose group leader we are.
func (l *link) coreMessage(sig *dist.Signal) {
	if to, reply, ok := kernel.IOReply(sig.Message); ok {
		l.answer(&dist.Signal{Kind: dist.KindSend, From: l.node.core.PID(), To: to, Message: reply})
		return
	}
	l.node.counters.undelivered.Add(1)
}

// downOf takes the end of a process that we monitor: of a call, or for Ergo.
func (l *link) downOf(sig *dist.Signal) {
	if c := l.calls.take(sig.Ref); c != nil {
		c.finish(outcome{down: sig.Message, ended: true})
		return
	}
	reason := kernel.ReasonError(sig.Message)
	switch target := l.node.placed.takeMonitor(l.peer, sig.Ref).(type) {
	case gen.PID:
		l.node.core.RouteTerminatePID(target, reason)
	case gen.ProcessID:
		l.node.core.RouteTerminateProcessID(target, reason)
	}
}

// exit takes the end of a process that one of ours is linked to.
func (l *link) exit(sig *dist.Signal) {
	reason := kernel.ReasonError(sig.Message)
	if l.watched.removeLink(sig.To, sig.From) && !l.node.jobs.exit(sig.To, sig.Message) {
		l.node.exitSignal(sig.From, sig.To, reason)
	}
	if l.node.placed.takeLink(l.peer, sig.From) {
		l.node.core.RouteTerminatePID(sig.From, reason)
	}
}

// exit2 takes exit/2. kill ends the process whatever it does.
func (l *link) exit2(sig *dist.Signal) {
	to := sig.To
	if sig.Target == dist.ToName {
		pid, err := l.node.ergo.ProcessPID(sig.ToName)
		if err != nil {
			return
		}
		to = pid
	}
	if l.node.jobs.exit(to, sig.Message) {
		return
	}
	if sig.Message == gen.Atom("kill") {
		l.node.ergo.Kill(to)
		return
	}
	l.node.exitSignal(sig.From, to, kernel.ReasonError(sig.Message))
}

// exitSignal hands an exit to a process here. It goes into the queue of ordinary messages, so that it keeps its order
// among what the same process has sent; Ergo's own way is a queue that goes first. Ergo ends a process that does not trap
// exits for any reason, Erlang for any but normal. So normal goes as the message that a trapping process makes of an exit.
func (n *Node) exitSignal(from, to gen.PID, reason error) {
	m := gen.TakeMailboxMessage()
	m.From, m.Target, m.Message = from, to, gen.MessageExitPID{PID: from, Reason: reason}
	m.Type = gen.MailboxMessageTypeExit
	if reason == gen.TerminateReasonNormal {
		m.Type = gen.MailboxMessageTypeRegular
	}
	n.count(n.forwarder.Forward(to, m, gen.MessagePriorityNormal))
}
