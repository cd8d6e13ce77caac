package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/etf"
	"gonode/kernel"
)

var (
	errSelf = errors.New("that is this node itself")

	// ErrNotANode is wrapped by what Ping returns when the peer's net_kernel does not say yes.
	ErrNotANode = errors.New("net_kernel does not answer as that of a node")
)

// Ping connects to the node called name if need be and asks its net_kernel, as net_adm:ping/1 does. It returns how long
// the question took, connecting not included. The error is a *ConnectError if there is no connection to be had.
func (n *Node) Ping(ctx context.Context, name string) (time.Duration, error) {
	l, err := n.linkTo(ctx, name)
	if err != nil {
		return 0, err
	}
	begin := n.now()
	target := dist.Signal{Target: dist.ToName, ToName: kernel.NetKernelName}
	c, mon, msg := n.newCall(n.core.PID(), target, kernel.IsAuth(n.name), l.conn.Flags())
	o, err := l.await(ctx, c, &mon, &msg)
	switch {
	case err != nil:
		return 0, fmt.Errorf("ping %s: %w", name, err)
	case o.ended:
		return 0, fmt.Errorf("ping %s: %w: %w", name, ErrNotANode, kernel.ReasonError(o.down))
	case o.reply != gen.Atom("yes"):
		return 0, fmt.Errorf("ping %s: %w: %s", name, ErrNotANode, etf.Format(o.reply))
	}
	return n.now().Sub(begin), nil
}

// linkTo connects to name if need be.
func (n *Node) linkTo(ctx context.Context, name string) (*link, error) {
	if err := n.Connect(ctx, name); err != nil {
		return nil, err
	}
	l := n.linkOf(gen.Atom(name))
	if l == nil {
		return nil, fmt.Errorf("%s: %w: it has just gone down", name, gen.ErrNoConnection)
	}
	return l, nil
}

// erpc runs module:function(args...) on l's peer, which has to know spawn requests (OTP 23), and returns the result.
func (l *link) erpc(ctx context.Context, module, function gen.Atom, args ...any) (any, error) {
	n := l.node
	ref, result := n.makeRef(), n.makeRef()
	self := n.core.PID()
	sig := dist.Signal{
		Kind: dist.KindSpawnRequest, Ref: ref, From: self, GroupLeader: self,
		Module: "erpc", Function: "execute_call", Arity: 4,
		Options: etf.List{gen.Atom("monitor")},
		Message: kernel.CallArgs(result, module, function, args),
	}
	o, err := l.await(ctx, &call{ref: ref}, &sig)
	if err != nil {
		return nil, err
	}
	reply, err := kernel.ParseCallExit(result, o.down)
	if err != nil {
		return nil, fmt.Errorf("%s:%s/%d on %s: %w", string(module), string(function), len(args), string(l.peer), err)
	}
	return reply, nil
}

// await starts c and waits for its outcome. If ctx is done first the monitor is taken back, so that nothing comes later.
func (l *link) await(ctx context.Context, c *call, signals ...*dist.Signal) (outcome, error) {
	result := make(chan outcome, 1)
	c.done = func(o outcome) { result <- o }
	if err := l.startCall(c, signals...); err != nil {
		return outcome{}, err
	}
	select {
	case o := <-result:
		return o, o.err
	case <-ctx.Done():
		if l.calls.take(c.ref) != nil {
			l.takeBack(c)
		}
		return outcome{}, ctx.Err()
	}
}
