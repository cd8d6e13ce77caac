package node

import (
	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/kernel"
)

// greet says what a visible node has to say before anything else.
func (l *link) greet() {
	if l.visible() {
		l.sendInSync()
	}
}

func (l *link) sendInSync() {
	l.answer(&dist.Signal{
		Kind:    dist.KindSend,
		From:    l.node.core.PID(),
		Target:  dist.ToName,
		ToName:  kernel.GlobalNameServerName,
		Message: kernel.InSync(l.node.name),
	})
}

// kernelMessage takes the messages to system processes that are answered on the connection they came over, or that this
// node does not run as processes, so that monitors of them get noproc. It reports false for all others.
func (l *link) kernelMessage(sig *dist.Signal) bool {
	switch sig.ToName {
	case kernel.RexName:
		to, reply, ok := kernel.Features(l.node.name, sig.Message)
		if ok {
			l.answer(&dist.Signal{Kind: dist.KindSend, From: l.node.core.PID(), To: to, Message: reply})
		}
		return ok
	case kernel.GlobalNameServerName:
		if known, ok := kernel.InitConnect(sig.Message); ok {
			l.sendInSync()
			l.node.mesh.learn(l.peer, known)
		}
		return true
	}
	return false
}

// briefPID returns the pid of a process that ends as soon as it is made. Ergo's own pids are far below.
func (n *Node) briefPID() gen.PID {
	const first, count = 1 << 27, 1 << 27
	return gen.PID{
		Node:     n.name,
		ID:       first + n.briefIDs.Add(1)%count,
		Creation: n.ident.Runtime,
	}
}
