package node

import (
	"context"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// target reads the address of a process: a gen.PID, a gen.ProcessID (a name on a node; no node is this one), a gen.Atom
// (a name here) or a gen.Alias. It returns the node and a signal that is addressed so.
func (n *Node) target(to any) (gen.Atom, dist.Signal, error) {
	switch to := to.(type) {
	case gen.PID:
		to = n.ownPID(to)
		return to.Node, dist.Signal{To: to}, nil
	case gen.Atom:
		return n.name, dist.Signal{Target: dist.ToName, ToName: to}, nil
	case gen.ProcessID:
		if to.Node == "" {
			to.Node = n.name
		}
		return to.Node, dist.Signal{Target: dist.ToName, ToName: to.Name}, nil
	case gen.Alias:
		return to.Node, dist.Signal{Target: dist.ToAlias, ToAlias: gen.Ref(to)}, nil
	}
	return "", dist.Signal{}, fmt.Errorf("%T is no address of a process: want a gen.PID, gen.ProcessID, gen.Atom or gen.Alias", to)
}

// Send sends a message to a process, given as a gen.PID, a gen.ProcessID, a gen.Atom (a registered name here) or a
// gen.Alias. It connects to the process' node if need be, without waiting for that, and waits, within ctx, only while too
// much is on its way there (Config.SendLimit). A message to nobody is lost without an error, as in Erlang; errors are ctx's,
// a message that is no term, and an address that is none. A large binary is sent without a copy if it is a string, which
// can't change. To send as a process, so that order is kept, use the process' own Send, or a Mailbox.
func (n *Node) Send(ctx context.Context, to, message any) error {
	return n.sendAs(ctx, n.core.PID(), to, message)
}

// Cast sends a message as gen_server:cast/2 does: a gen_server gets it in handle_cast, an Ergo actor in HandleMessage.
func (n *Node) Cast(ctx context.Context, to, message any) error {
	return n.sendAs(ctx, n.core.PID(), to, castMessage(message))
}

func (n *Node) sendAs(ctx context.Context, from gen.PID, to, message any) error {
	peer, sig, err := n.target(to)
	if err != nil {
		return err
	}
	if peer == n.name {
		err = n.sendHere(from, to, message)
	} else {
		if err := n.connectable(string(peer)); err != nil {
			return err
		}
		s := n.session(peer)
		if s == nil {
			return errStopping
		}
		sig.Kind, sig.From, sig.Message = dist.KindSend, from, message
		err = s.send(ctx, &sig)
	}
	switch err {
	case gen.ErrProcessUnknown, gen.ErrProcessTerminated, gen.ErrNoConnection:
		return nil // nobody there: Erlang does not say so either
	}
	return err
}

// sendHere sends a message to a process of this node.
func (n *Node) sendHere(from gen.PID, to, message any) error {
	switch to := to.(type) {
	case gen.PID:
		return n.core.RouteSendPID(from, n.ownPID(to), gen.MessageOptions{}, message)
	case gen.ProcessID:
		return n.core.RouteSendProcessID(from, to, gen.MessageOptions{}, message)
	case gen.Atom:
		return n.core.RouteSendProcessID(from, gen.ProcessID{Name: to, Node: n.name}, gen.MessageOptions{}, message)
	case gen.Alias:
		return n.core.RouteSendAlias(from, to, gen.MessageOptions{}, message)
	}
	return nil
}

// Exit sends an exit signal to a process, as exit/2 does with from as the sender; a zero from is the node itself. reason
// is an error (see ExitReason) or a term. It connects if need be, without waiting for that.
func (n *Node) Exit(from, to gen.PID, reason any) error {
	if from == (gen.PID{}) {
		from = n.core.PID()
	}
	err, ok := reason.(error)
	if !ok {
		err = &ExitReason{Term: reason}
	}
	return n.core.RouteSendExit(from, to, err)
}

// Whereis returns the pid of the process that is registered as name on a node (erlang:whereis/1). The error wraps
// gen.ErrProcessUnknown if there is none.
func (n *Node) Whereis(ctx context.Context, node, name string) (gen.PID, error) {
	if node == n.cfg.Name {
		pid, err := n.ergo.ProcessPID(gen.Atom(name))
		if err != nil {
			return gen.PID{}, fmt.Errorf("%s on %s: %w", name, node, gen.ErrProcessUnknown)
		}
		return pid, nil
	}
	var term any
	if err := n.RPC(ctx, node, "erlang", "whereis", &term, gen.Atom(name)); err != nil {
		return gen.PID{}, err
	}
	pid, ok := term.(gen.PID)
	if !ok {
		return gen.PID{}, fmt.Errorf("%s on %s: %w", name, node, gen.ErrProcessUnknown)
	}
	return pid, nil
}
