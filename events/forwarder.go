package events

import (
	"ergo.services/ergo/gen"
)

// forwarder hands on all that it gets to the process registered as to. A process of Ergo's has one name; this is how one
// gets another.
type forwarder struct {
	gen.Process
	to gen.Atom
}

// NewForwarder returns the factory of a process that hands on every message and call to the process of this node that is
// registered as to, as if it had been sent there. The answers come from that process. When there is none, messages are
// dropped and calls get gen.ErrProcessUnknown.
func NewForwarder(to gen.Atom) gen.ProcessFactory {
	return func() gen.ProcessBehavior { return &forwarder{to: to} }
}

// ProcessInit implements gen.ProcessBehavior.
func (f *forwarder) ProcessInit(process gen.Process, _ ...any) error {
	f.Process = process
	return nil
}

// ProcessTerminate implements gen.ProcessBehavior.
func (f *forwarder) ProcessTerminate(error) {}

// ProcessRun implements gen.ProcessBehavior.
func (f *forwarder) ProcessRun() error {
	for f.State() == gen.ProcessStateRunning {
		m, ok := f.pop()
		if !ok {
			return nil
		}
		if m.Type == gen.MailboxMessageTypeExit {
			return exitReason(m.Message)
		}
		f.forward(m)
	}
	return gen.TerminateReasonKill
}

// pop takes the next message, those of higher priority first. Log messages never come: this is no logger.
func (f *forwarder) pop() (*gen.MailboxMessage, bool) {
	box := f.Mailbox()
	for _, queue := range []interface{ Pop() (any, bool) }{box.Urgent, box.System, box.Main} {
		if v, ok := queue.Pop(); ok {
			m, ok := v.(*gen.MailboxMessage)
			return m, ok
		}
	}
	return nil, false
}

// forward hands m on; it belongs to the other process then.
func (f *forwarder) forward(m *gen.MailboxMessage) {
	to, err := f.Node().ProcessPID(f.to)
	if err == nil {
		err = f.Forward(to, m, gen.MessagePriorityNormal)
	}
	if err == nil {
		return
	}
	if m.Type == gen.MailboxMessageTypeRequest {
		f.SendResponseError(m.From, m.Ref, gen.ErrProcessUnknown)
	}
	gen.ReleaseMailboxMessage(m)
}

func exitReason(message any) error {
	if exit, ok := message.(gen.MessageExitPID); ok {
		return exit.Reason
	}
	return gen.TerminateReasonShutdown
}
