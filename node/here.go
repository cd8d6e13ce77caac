package node

import (
	"context"
	"sync"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// This file lets Go code that is no actor call the processes of its own node. Ergo has a call for that, but one that ends
// by time only: it cannot be given up, it hears nothing of the end of the process, and it reads what Ergo writes when the
// node stops. So the one who calls stands, for Ergo, on a peer of its own, callersName, and answers go to its connection.

// callersName is the node that Ergo sees the callers on. It is no name that a node can have.
const callersName gen.Atom = "callers"

// callers are the calls that wait for a process of this node, and Ergo's connection to those who made them: the pid of a
// caller is its own but for the node. newCallers makes it.
type callers struct {
	unsupported
	node *Node

	mu    sync.Mutex
	open  map[gen.Ref]chan<- callEnd
	ended chan struct{} // closed by Terminate
	once  sync.Once
}

// callEnd is how a call of a process of this node ended.
type callEnd struct {
	answer any
	err    error
}

func newCallers(n *Node) *callers {
	return &callers{node: n, open: make(map[gen.Ref]chan<- callEnd), ended: make(chan struct{})}
}

// call asks the process that target names for from. It ends with the answer, with the process, with ctx or with the node,
// whatever is first.
func (c *callers) call(ctx context.Context, from gen.PID, target dist.Signal, request any) (any, error) {
	if target.Target != dist.ToName && target.To == from {
		return nil, gen.ErrNotAllowed // it would wait for itself
	}
	ref, end := c.begin()
	defer c.finish(ref, callEnd{})
	defer c.watch(ref, target)()
	from.Node = callersName
	if err := c.deliver(from, ref, target, request); err != nil {
		return nil, err
	}
	return c.wait(ctx, end)
}

// begin begins a call. It must be finished, whatever becomes of it.
func (c *callers) begin() (gen.Ref, <-chan callEnd) {
	ref, end := c.node.makeRef(), make(chan callEnd, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[ref] = end
	return ref, end
}

func (c *callers) wait(ctx context.Context, end <-chan callEnd) (any, error) {
	select {
	case e := <-end:
		return e.answer, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.node.ctx.Done():
		return nil, errStopping
	}
}

// watch has the call end when its process does. Nobody is told of the end of an alias.
func (c *callers) watch(ref gen.Ref, target dist.Signal) (stop func()) {
	var whom any = target.To
	switch target.Target {
	case dist.ToAlias:
		return func() {}
	case dist.ToName:
		whom = target.ToName
	}
	down := func(reason error) {
		c.node.monitors.Delete(ref)
		c.finish(ref, callEnd{err: reason})
	}
	c.node.monitorHere(ref, whom, down)
	return func() { c.node.Demonitor(ref) }
}

// deliver puts the request into the mailbox of its process.
func (c *callers) deliver(from gen.PID, ref gen.Ref, target dist.Signal, request any) error {
	core, opts := c.node.core, gen.MessageOptions{Ref: ref}
	switch target.Target {
	case dist.ToName:
		return core.RouteCallProcessID(from, gen.ProcessID{Name: target.ToName, Node: c.node.name}, opts, request)
	case dist.ToAlias:
		return core.RouteCallAlias(from, gen.Alias(target.ToAlias), opts, request)
	}
	return core.RouteCallPID(from, target.To, opts, request)
}

// inspect asks a process for what it shows of itself, within ctx.
func (c *callers) inspect(ctx context.Context, pid gen.PID) (map[string]string, error) {
	ref, end := c.begin()
	defer c.finish(ref, callEnd{})
	m := gen.TakeMailboxMessage()
	m.From, m.Ref, m.Type, m.Message = c.node.core.PID(), ref, gen.MailboxMessageTypeInspect, []string(nil)
	m.From.Node = callersName
	if err := c.node.forwarder.Forward(pid, m, gen.MessagePriorityMax); err != nil {
		return nil, err
	}
	answer, err := c.wait(ctx, end)
	state, _ := answer.(map[string]string)
	return state, err
}

// finish ends a call and reports whether somebody waited for it. Only the first end counts.
func (c *callers) finish(ref gen.Ref, e callEnd) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	end, ok := c.open[ref]
	delete(c.open, ref)
	if ok {
		end <- e
	}
	return ok
}

// SendResponse implements gen.Connection: the answer.
func (c *callers) SendResponse(_, _ gen.PID, opts gen.MessageOptions, answer any) error {
	if !c.finish(opts.Ref, callEnd{answer: answer}) {
		return gen.ErrResponseIgnored
	}
	return nil
}

// SendResponseError implements gen.Connection: an error for an answer.
func (c *callers) SendResponseError(_, _ gen.PID, opts gen.MessageOptions, err error) error {
	if !c.finish(opts.Ref, callEnd{err: err}) {
		return gen.ErrResponseIgnored
	}
	return nil
}

// SendPID implements gen.Connection: what a process sends to the one who called it.
func (c *callers) SendPID(from, to gen.PID, opts gen.MessageOptions, message any) error {
	return c.node.core.RouteSendPID(from, c.node.ownPID(to), opts, message)
}

// Node implements gen.Connection.
func (c *callers) Node() gen.RemoteNode { return remoteNode{newSession(c.node, callersName)} }

// ownPID returns the pid of this node that pid stands for, if it is a caller's.
func (n *Node) ownPID(pid gen.PID) gen.PID {
	if pid.Node == callersName {
		pid.Node = n.name
	}
	return pid
}

// over implements connection.
func (c *callers) over() <-chan struct{} { return c.ended }

// Terminate implements gen.Connection: Ergo's network has stopped.
func (c *callers) Terminate(error) { c.once.Do(func() { close(c.ended) }) }
