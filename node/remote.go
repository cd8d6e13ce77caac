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
	l, err := n.linkTo(ctx, gen.Atom(name))
	if err != nil {
		return 0, err
	}
	return l.ping(ctx)
}

// ping asks the net_kernel of the peer.
func (l *link) ping(ctx context.Context) (time.Duration, error) {
	n, name := l.node, string(l.peer)
	begin := n.now()
	target := dist.Signal{Target: dist.ToName, ToName: kernel.NetKernelName}
	reply, err := l.call(ctx, n.core.PID(), target, kernel.IsAuth(n.name))
	switch _, ended := errors.AsType[*ExitReason](err); {
	case ended:
		return 0, fmt.Errorf("ping %s: %w: %w", name, ErrNotANode, err)
	case err != nil:
		return 0, fmt.Errorf("ping %s: %w", name, err)
	case reply != gen.Atom("yes"):
		return 0, fmt.Errorf("ping %s: %w: %s", name, ErrNotANode, etf.FormatLimit(reply, 200))
	}
	return n.now().Sub(begin), nil
}

// linkTo connects to a node if need be.
func (n *Node) linkTo(ctx context.Context, name gen.Atom) (*link, error) {
	if err := n.Connect(ctx, string(name)); err != nil {
		return nil, err
	}
	l := n.linkOf(name)
	if l == nil {
		return nil, fmt.Errorf("%s: %w: it has just gone down", string(name), gen.ErrNoConnection)
	}
	return l, nil
}

// Call asks a process as gen_server:call does, and stores the answer in the value that reply points to, as etf.Unmarshal
// does; a nil reply drops it. to is an address as for Send. It connects if need be.
//
// It fails at once, and not by time-out, if there is no such process (errors.Is gen.ErrProcessUnknown), if the process
// ends (an *ExitReason) or if its node is or goes down (gen.ErrNoConnection or a *ConnectError). When ctx is done first
// nothing is left behind: no monitor, and no late answer.
func (n *Node) Call(ctx context.Context, to, request, reply any) error {
	return n.callAs(ctx, n.core.PID(), to, request, reply)
}

func (n *Node) callAs(ctx context.Context, from gen.PID, to, request, reply any) error {
	node, target, err := n.target(to)
	if err != nil {
		return err
	}
	var term any
	if node == n.name {
		term, err = n.callers.call(ctx, from, target, request)
	} else {
		var l *link
		if l, err = n.linkTo(ctx, node); err == nil {
			term, err = l.call(ctx, from, target, request)
		}
	}
	if err != nil {
		return fmt.Errorf("call %s: %w", addressText(to), err)
	}
	if reply == nil {
		return nil
	}
	return etf.Unmarshal(term, reply)
}

// addressText names a process in an error.
func addressText(to any) string {
	switch to := to.(type) {
	case gen.ProcessID:
		return fmt.Sprintf("%s on %s", string(to.Name), string(to.Node))
	case gen.Atom:
		return string(to)
	case gen.PID:
		return etf.Format(to) + " on " + string(to.Node)
	}
	return fmt.Sprint(to)
}

// call asks a process of the peer and waits for the answer.
func (l *link) call(ctx context.Context, from gen.PID, target dist.Signal, request any) (any, error) {
	c, mon, msg := l.node.newCall(from, target, request, l.conn.Flags())
	o, err := l.await(ctx, c, &mon, &msg)
	switch {
	case err != nil:
		return nil, err
	case o.ended:
		return nil, kernel.ReasonError(o.down)
	}
	return o.reply, nil
}

// RPC runs module:function(args...) on the node called name and stores the result in the value that result points to, as
// etf.Unmarshal does; a nil result drops it. It goes by erpc; on a node without spawn requests, a C or Java node, by rex.
// A function that does not return is an *Exception with its class, reason and stack (errors.Is ErrUndef if there is no
// such function); a node that can't be reached or goes down is an error at once. When ctx is done first the call is
// taken back; whether the function goes on is up to it. On this node itself it runs what Export offers.
func (n *Node) RPC(ctx context.Context, name, module, function string, result any, args ...any) error {
	term, err := n.rpc(ctx, gen.Atom(name), gen.Atom(module), gen.Atom(function), args)
	if err != nil {
		return fmt.Errorf("%s:%s/%d on %s: %w", module, function, len(args), name, err)
	}
	if result == nil {
		return nil
	}
	return etf.Unmarshal(term, result)
}

func (n *Node) rpc(ctx context.Context, name, module, function gen.Atom, args []any) (any, error) {
	if name == n.name {
		terms, err := etf.Marshal(args)
		if err != nil {
			return nil, err
		}
		o := n.runExported(ctx, n.core.PID(), module, function, terms.(etf.List))
		if o.Exception != nil {
			return nil, o.Exception
		}
		return o.Result, nil
	}
	l, err := n.linkTo(ctx, name)
	if err != nil {
		return nil, err
	}
	if !l.conn.Flags().Has(dist.FlagSpawn) {
		return l.rex(ctx, module, function, args)
	}
	return l.erpc(ctx, module, function, args...)
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
	// The monitor that comes with the process can be taken back once its pid is known (spawned).
	o, err := l.await(ctx, &call{ref: ref}, &sig)
	if err != nil {
		return nil, err
	}
	return kernel.ParseCallExit(result, o.down)
}

// rex runs module:function(args...) on a peer without spawn requests, by a gen_server call to its rex.
func (l *link) rex(ctx context.Context, module, function gen.Atom, args []any) (any, error) {
	target := dist.Signal{Target: dist.ToName, ToName: kernel.RexName}
	self := l.node.core.PID()
	reply, err := l.call(ctx, self, target, etf.Tuple{gen.Atom("call"), module, function, etf.List(args), self})
	if err != nil {
		return nil, err
	}
	return kernel.ParseBadRPC(reply)
}

// await starts c and waits for its outcome. If ctx is done first the monitor is taken back, so that nothing comes later.
func (l *link) await(ctx context.Context, c *call, signals ...*dist.Signal) (outcome, error) {
	result := make(chan outcome, 1)
	c.done = func(o outcome) { result <- o }
	if err := l.startCall(ctx, c, signals...); err != nil {
		return outcome{}, err
	}
	select {
	case o := <-result:
		return o, o.err
	case <-ctx.Done():
		l.giveUp(c)
		return outcome{}, ctx.Err()
	}
}
