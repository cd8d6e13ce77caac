package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Mailbox is a process for Go code that is no actor: it has a pid, and a name if it likes, gets messages from processes
// here and elsewhere, and reads them when it wants to. Like an Erlang process that traps exits it lives until Close, or
// until it is killed. Any goroutine may use it.
type Mailbox struct {
	node *Node
	pid  gen.PID

	mu     sync.Mutex
	items  []Message
	taken  uint64        // how many were taken out
	more   chan struct{} // closed when something came; a new one each time
	closed bool
	reason error
}

// Message is what a Mailbox got.
type Message struct {
	From gen.PID // who sent it; zero if that is not known

	// Body is what was sent: a term; or a *Request, which somebody waits for an answer to (gen_server:call); or a Down of a
	// monitor; or an Exit of a link.
	Body any
}

// Exit is the message that a Mailbox gets of an exit signal: a process that it was linked to has ended, or somebody has
// told it to end (exit/2).
type Exit struct {
	From   gen.PID
	Reason error // see ExitReason
}

// Request is a call that a Mailbox got (gen_server:call, Node.Call, Process.Call).
type Request struct {
	Body any // what is asked

	box  *Mailbox
	from gen.PID
	ref  gen.Ref
}

// Reply answers the call. Only the first answer counts; one to a caller that has given up is an error that may be ignored.
func (r *Request) Reply(answer any) error {
	return r.box.node.core.RouteSendResponse(r.box.pid, r.from, gen.MessageOptions{Ref: r.ref}, answer)
}

// ErrMailboxClosed is what the methods of a Mailbox return after Close, or after it was killed.
var ErrMailboxClosed = errors.New("the mailbox is closed")

// MaxMailbox is how many messages a Mailbox keeps; what comes beyond is dropped and counted in Stats.
const MaxMailbox = 1 << 20

// Mailbox starts a mailbox; name is its registered name, or empty. The error wraps gen.ErrTaken if the name is.
func (n *Node) Mailbox(name string) (*Mailbox, error) {
	n.spawning.RLock()
	defer n.spawning.RUnlock()
	if n.isStopping() {
		return nil, fmt.Errorf("mailbox %s: %w", name, errStopping)
	}
	m := &Mailbox{node: n, more: make(chan struct{})}
	factory := func() gen.ProcessBehavior { return &mailboxProcess{box: m} }
	var err error
	if name == "" {
		_, err = n.ergo.Spawn(factory, gen.ProcessOptions{})
	} else {
		_, err = n.ergo.SpawnRegister(gen.Atom(name), factory, gen.ProcessOptions{})
	}
	if err != nil {
		return nil, fmt.Errorf("mailbox %s: %w", name, err)
	}
	return m, nil
}

// PID returns the pid of the mailbox.
func (m *Mailbox) PID() gen.PID { return m.pid }

// Close ends the mailbox; links and monitors of others see the reason normal. What was not read is gone.
func (m *Mailbox) Close() { m.CloseWith(gen.TerminateReasonNormal) }

// CloseWith is Close with another reason, an error (see ExitReason).
func (m *Mailbox) CloseWith(reason error) { m.node.ergo.SendExit(m.pid, reason) }

// Receive returns the oldest message, waiting for one within ctx.
func (m *Mailbox) Receive(ctx context.Context) (Message, error) {
	return m.ReceiveMatch(ctx, func(Message) bool { return true })
}

// ReceiveMatch returns the oldest message that match accepts, waiting for one within ctx; the others stay. match must not
// use the mailbox.
func (m *Mailbox) ReceiveMatch(ctx context.Context, match func(Message) bool) (Message, error) {
	looked, taken := 0, uint64(0)
	for {
		m.mu.Lock()
		if m.taken != taken { // somebody else has taken messages out, so those that were looked at have moved
			looked, taken = 0, m.taken
		}
		for ; looked < len(m.items); looked++ {
			if msg := m.items[looked]; match(msg) {
				m.remove(looked)
				m.mu.Unlock()
				return msg, nil
			}
		}
		more, closed, reason := m.more, m.closed, m.reason
		m.mu.Unlock()
		if closed {
			return Message{}, fmt.Errorf("%w: %w", ErrMailboxClosed, reason)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// remove takes a message out; the caller holds the lock. The oldest goes without moving the others.
func (m *Mailbox) remove(i int) {
	m.taken++
	copy(m.items[1:i+1], m.items[:i])
	m.items[0] = Message{}
	m.items = m.items[1:]
}

// Send sends a message as the mailbox; see Node.Send. What one mailbox sends to one process arrives in order.
func (m *Mailbox) Send(ctx context.Context, to, message any) error {
	return m.node.sendAs(ctx, m.pid, to, message)
}

// Cast sends a message as gen_server:cast/2 does.
func (m *Mailbox) Cast(ctx context.Context, to, message any) error {
	return m.node.sendAs(ctx, m.pid, to, castMessage(message))
}

// Call asks a process as the mailbox; see Node.Call.
func (m *Mailbox) Call(ctx context.Context, to, request, reply any) error {
	return m.node.callAs(ctx, m.pid, to, request, reply)
}

// Monitor has the mailbox told, by a Down, when a process ends; see Node.Monitor.
func (m *Mailbox) Monitor(ctx context.Context, target any) (gen.Ref, error) {
	return m.node.Monitor(ctx, m.pid, target)
}

// Demonitor takes a monitor back.
func (m *Mailbox) Demonitor(ref gen.Ref) bool { return m.node.Demonitor(ref) }

// Link links the mailbox to a process; it gets an Exit when that ends. See Node.Link.
func (m *Mailbox) Link(ctx context.Context, other gen.PID) error {
	return m.node.Link(ctx, m.pid, other)
}

// Unlink takes a link back.
func (m *Mailbox) Unlink(other gen.PID) error { return m.node.Unlink(m.pid, other) }

// Exit sends an exit signal as the mailbox; see Node.Exit.
func (m *Mailbox) Exit(to gen.PID, reason any) error { return m.node.Exit(m.pid, to, reason) }

func (m *Mailbox) put(msg Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items) >= MaxMailbox {
		m.node.counters.mailboxFull.Add(1)
		return
	}
	m.items = append(m.items, msg)
	close(m.more)
	m.more = make(chan struct{})
}

func (m *Mailbox) end(reason error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed, m.reason = true, reason
		m.items = nil
		close(m.more)
	}
}

// mailboxProcess is the Ergo process behind a Mailbox: it moves what it gets there.
type mailboxProcess struct {
	gen.Process
	box *Mailbox
}

// ProcessInit implements gen.ProcessBehavior.
func (p *mailboxProcess) ProcessInit(process gen.Process, _ ...any) error {
	p.Process = process
	p.box.pid = process.PID()
	return nil
}

// ProcessRun implements gen.ProcessBehavior.
func (p *mailboxProcess) ProcessRun() error {
	mailbox := p.Mailbox()
	for p.State() == gen.ProcessStateRunning {
		var item any
		ok := false
		for _, queue := range []interface{ Pop() (any, bool) }{mailbox.Urgent, mailbox.System, mailbox.Main} {
			if item, ok = queue.Pop(); ok {
				break
			}
		}
		if !ok {
			return nil
		}
		msg := item.(*gen.MailboxMessage)
		err := p.take(msg)
		gen.ReleaseMailboxMessage(msg)
		if err != nil {
			return err
		}
	}
	return gen.TerminateReasonKill
}

// take moves one message; an error ends the process.
func (p *mailboxProcess) take(msg *gen.MailboxMessage) error {
	switch msg.Type {
	case gen.MailboxMessageTypeRequest:
		p.box.put(Message{From: p.box.node.ownPID(msg.From), Body: &Request{Body: msg.Message, box: p.box, from: msg.From, ref: msg.Ref}})
	case gen.MailboxMessageTypeInspect:
		p.box.mu.Lock()
		waiting := len(p.box.items)
		p.box.mu.Unlock()
		return p.SendResponse(msg.From, msg.Ref, map[string]string{"messages": strconv.Itoa(waiting)})
	case gen.MailboxMessageTypeExit:
		exit, ok := msg.Message.(gen.MessageExitPID)
		if !ok {
			return nil
		}
		if exit.PID == p.Parent() { // Close, or the end of the node
			return exit.Reason
		}
		p.box.put(Message{From: exit.PID, Body: Exit{From: exit.PID, Reason: exit.Reason}})
	case gen.MailboxMessageTypeRegular:
		body := msg.Message
		if exit, ok := body.(gen.MessageExitPID); ok {
			body = Exit{From: exit.PID, Reason: exit.Reason}
		}
		p.box.put(Message{From: msg.From, Body: body})
	}
	return nil
}

// ProcessTerminate implements gen.ProcessBehavior.
func (p *mailboxProcess) ProcessTerminate(reason error) { p.box.end(reason) }

func castMessage(message any) etf.Tuple { return etf.Tuple{gen.Atom("$gen_cast"), message} }
