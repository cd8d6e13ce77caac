package node

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/kernel"
)

// maxHeld is how much of what comes from other nodes is held for a suspended process; what comes beyond is dropped and
// counted.
const maxHeld = 10_000

// maxInspected is how many processes are asked for their state at once (sys:get_state/1, get_status/1); one more question
// is dropped and counted like a message to a full mailbox.
const maxInspected = 256

// inspectTime is how long a process may take to show its state: the time-out of sys:get_state/1.
const inspectTime = 5 * time.Second

// suspended are the processes that sys:suspend/1 has stopped: what comes for them from other nodes is held until
// sys:resume/1. What processes of this node send them goes on, since Ergo knows no such thing. The zero value is empty.
type suspended struct {
	count     atomic.Int32 // of the processes, so that nobody else pays
	inspected atomic.Int32 // how many questions for a state wait for an answer, of suspended processes or not

	mu   sync.Mutex
	held map[gen.PID][]func()
}

// hold keeps deliver for later and reports true if pid is suspended.
func (s *suspended) hold(n *Node, pid gen.PID, deliver func()) bool {
	if s.count.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	queue, ok := s.held[pid]
	switch {
	case !ok:
		return false
	case len(queue) >= maxHeld:
		n.counters.mailboxFull.Add(1)
	default:
		s.held[pid] = append(queue, deliver)
	}
	return true
}

func (s *suspended) is(pid gen.PID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.held[pid]
	return ok
}

func (s *suspended) suspend(pid gen.PID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(map[gen.PID][]func())
	}
	if _, ok := s.held[pid]; !ok {
		s.held[pid] = nil
		s.count.Add(1)
	}
}

// resume delivers what was held, in order. More may come meanwhile from another connection, so it goes on until nothing
// is left.
func (s *suspended) resume(pid gen.PID) {
	for {
		s.mu.Lock()
		queue, ok := s.held[pid]
		if len(queue) == 0 {
			if ok {
				delete(s.held, pid)
				s.count.Add(-1)
			}
			s.mu.Unlock()
			return
		}
		s.held[pid] = nil
		s.mu.Unlock()
		for _, deliver := range queue {
			deliver()
		}
	}
}

// drop forgets a process that has ended.
func (s *suspended) drop(pid gen.PID) {
	if s.count.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.held[pid]; ok {
		delete(s.held, pid)
		s.count.Add(-1)
	}
}

// local returns the pid of the process here that a message is for.
func (n *Node) local(to any) (gen.PID, bool) {
	switch to := to.(type) {
	case gen.PID:
		return to, true
	case gen.ProcessID:
		pid, err := n.ergo.ProcessPID(to.Name)
		return pid, err == nil
	}
	return gen.PID{}, false
}

// sys answers a system message to a process. To show its state the process has to be asked, which waits for it, so that is
// done in a goroutine of its own, ended by the process, by inspectTime or with the node.
func (l *link) sys(c kernel.SysCommand, to any) {
	n := l.node
	r, ok := newRequest(c.From)
	pid, found := n.local(to)
	if !ok || !found {
		return
	}
	if !c.SysNeedsState() {
		l.sysAnswer(c, r, kernel.SysProcess{PID: pid})
		return
	}
	if n.suspended.inspected.Add(1) > maxInspected {
		n.suspended.inspected.Add(-1)
		n.counters.mailboxFull.Add(1)
		return
	}
	go func() { // see above
		defer n.suspended.inspected.Add(-1)
		p := kernel.SysProcess{PID: pid, Parent: n.core.PID(), Suspended: n.suspended.is(pid)}
		p.Name, _ = n.ergo.ProcessName(pid) // not ProcessInfo, which reads what the process writes
		ctx, cancel := context.WithTimeout(n.ctx, inspectTime)
		defer cancel()
		p.State, _ = n.callers.inspect(ctx, pid)
		l.sysAnswer(c, r, p)
	}()
}

func (l *link) sysAnswer(c kernel.SysCommand, r request, p kernel.SysProcess) {
	reply, action, reason := c.Answer(p)
	sig := l.replySignal(p.PID, r, reply)
	switch action {
	case kernel.SysSuspend:
		l.node.suspended.suspend(p.PID)
		if !l.node.relations.watch(l, p.PID) { // to hear of its end
			l.node.suspended.drop(p.PID)
		}
	case kernel.SysResume:
		l.node.suspended.resume(p.PID)
	case kernel.SysTerminate:
		l.answer(&sig) // before the caller's monitor says that the process has ended
		l.node.ergo.SendExit(p.PID, kernel.ReasonError(reason))
		return
	}
	l.answer(&sig)
}

// replySignal is the answer to a call: to the caller's alias if it gave one, else to the caller.
func (l *link) replySignal(from gen.PID, r request, response any) dist.Signal {
	sig := dist.Signal{Kind: dist.KindSend, From: from, To: r.from, Message: replyMessage(r.tag, response)}
	if r.isAlias && l.conn.Flags()&(dist.FlagAlias|dist.FlagAltactSig) != 0 {
		sig.Target, sig.ToAlias = dist.ToAlias, r.alias
	}
	return sig
}
