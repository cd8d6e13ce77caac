package node

import (
	"context"
	"errors"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/kernel"
)

// The methods of gen.Connection: what a process here does to one elsewhere, as the signal that says so. The rest is
// unsupported.

// Node implements gen.Connection.
func (s *session) Node() gen.RemoteNode { return remoteNode{s} }

// SendPID implements gen.Connection.
func (s *session) SendPID(from, to gen.PID, _ gen.MessageOptions, message any) error {
	return s.message(&dist.Signal{Kind: dist.KindSend, From: from, To: to, Message: message})
}

// SendProcessID implements gen.Connection.
func (s *session) SendProcessID(from gen.PID, to gen.ProcessID, _ gen.MessageOptions, message any) error {
	return s.message(&dist.Signal{Kind: dist.KindSend, From: from, Target: dist.ToName, ToName: to.Name, Message: message})
}

// SendAlias implements gen.Connection.
func (s *session) SendAlias(from gen.PID, to gen.Alias, _ gen.MessageOptions, message any) error {
	return s.message(&dist.Signal{Kind: dist.KindSend, From: from, Target: dist.ToAlias, ToAlias: gen.Ref(to), Message: message})
}

// message sends a message of a process. The events server does not wait for a slow subscriber: it has others.
func (s *session) message(sig *dist.Signal) error {
	if s.node.neverWaits(sig.From) {
		return s.post(sig)
	}
	return s.send(context.Background(), sig)
}

// SendExit implements gen.Connection: exit/2.
func (s *session) SendExit(from, to gen.PID, reason error) error {
	return s.send(context.Background(), &dist.Signal{Kind: dist.KindExit2, From: from, To: to, Message: kernel.ReasonTerm(reason)})
}

// SendResponse implements gen.Connection: the answer to a call that came in.
func (s *session) SendResponse(from, _ gen.PID, options gen.MessageOptions, response any) error {
	l := s.live()
	if l == nil {
		return gen.ErrNoConnection
	}
	return l.reply(from, options.Ref, response)
}

// SendResponseError implements gen.Connection. gen_server knows no errors apart from answers, so the caller gets
// {error, Reason}.
func (s *session) SendResponseError(from, to gen.PID, options gen.MessageOptions, err error) error {
	return s.SendResponse(from, to, options, errorReply(err))
}

// CallPID implements gen.Connection.
func (s *session) CallPID(from, to gen.PID, options gen.MessageOptions, message any) error {
	return s.call(from, options, dist.Signal{To: to}, message)
}

// CallProcessID implements gen.Connection.
func (s *session) CallProcessID(from gen.PID, to gen.ProcessID, options gen.MessageOptions, message any) error {
	return s.call(from, options, dist.Signal{Target: dist.ToName, ToName: to.Name}, message)
}

// LinkPID implements gen.Connection. Ergo places every link from its core process; see relations.go.
func (s *session) LinkPID(_, target gen.PID) error { return s.node.placed.link(s, target) }

// UnlinkPID implements gen.Connection.
func (s *session) UnlinkPID(_, target gen.PID) error { return s.node.placed.unlink(s, target) }

// MonitorPID implements gen.Connection.
func (s *session) MonitorPID(_, target gen.PID) error {
	return s.node.placed.monitor(s, target, dist.Signal{To: target})
}

// DemonitorPID implements gen.Connection.
func (s *session) DemonitorPID(_, target gen.PID) error {
	return s.node.placed.demonitor(s, target, dist.Signal{To: target})
}

// MonitorProcessID implements gen.Connection.
func (s *session) MonitorProcessID(_ gen.PID, target gen.ProcessID) error {
	return s.node.placed.monitor(s, target, dist.Signal{Target: dist.ToName, ToName: target.Name})
}

// DemonitorProcessID implements gen.Connection.
func (s *session) DemonitorProcessID(_ gen.PID, target gen.ProcessID) error {
	return s.node.placed.demonitor(s, target, dist.Signal{Target: dist.ToName, ToName: target.Name})
}

// Terminate implements gen.Connection: Ergo has forgotten the session and told everybody, or its network stops.
func (s *session) Terminate(error) {
	s.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isFreed {
		s.isFreed = true
		close(s.freed)
	}
}

// errorReply is what a caller gets for an error: the term it carries, or its text, in {error, _}.
func errorReply(err error) any {
	if r, ok := errors.AsType[*ExitReason](err); ok {
		return errorTuple(r.Term)
	}
	return errorTuple([]byte(err.Error()))
}

// remoteNode is what Ergo shows of a peer. It implements gen.RemoteNode.
type remoteNode struct{ s *session }

// Name implements gen.RemoteNode.
func (r remoteNode) Name() gen.Atom { return r.s.peer }

// Uptime implements gen.RemoteNode: nothing in the protocol tells it.
func (r remoteNode) Uptime() int64 { return 0 }

// ConnectionUptime implements gen.RemoteNode.
func (r remoteNode) ConnectionUptime() int64 {
	if l := r.s.live(); l != nil {
		return int64(l.node.now().Sub(l.since).Seconds())
	}
	return 0
}

// Version implements gen.RemoteNode.
func (r remoteNode) Version() gen.Version { return gen.Version{} }

// Info implements gen.RemoteNode.
func (r remoteNode) Info() gen.RemoteNodeInfo {
	info := gen.RemoteNodeInfo{Node: r.s.peer, ConnectionUptime: r.ConnectionUptime(), ProtoVersion: proto{}.Version(), PoolSize: 1}
	if l := r.s.live(); l != nil {
		st := l.conn.Stats()
		info.MessagesIn, info.MessagesOut = st.SignalsIn, st.SignalsOut
		info.BytesIn, info.BytesOut = st.BytesIn, st.BytesOut
	}
	return info
}

// Spawn implements gen.RemoteNode.
func (r remoteNode) Spawn(gen.Atom, gen.ProcessOptions, ...any) (gen.PID, error) {
	return gen.PID{}, gen.ErrUnsupported
}

// SpawnRegister implements gen.RemoteNode.
func (r remoteNode) SpawnRegister(gen.Atom, gen.Atom, gen.ProcessOptions, ...any) (gen.PID, error) {
	return gen.PID{}, gen.ErrUnsupported
}

// ApplicationStart implements gen.RemoteNode.
func (r remoteNode) ApplicationStart(gen.Atom, gen.ApplicationOptions) error {
	return gen.ErrUnsupported
}

// ApplicationStartTemporary implements gen.RemoteNode.
func (r remoteNode) ApplicationStartTemporary(gen.Atom, gen.ApplicationOptions) error {
	return gen.ErrUnsupported
}

// ApplicationStartTransient implements gen.RemoteNode.
func (r remoteNode) ApplicationStartTransient(gen.Atom, gen.ApplicationOptions) error {
	return gen.ErrUnsupported
}

// ApplicationStartPermanent implements gen.RemoteNode.
func (r remoteNode) ApplicationStartPermanent(gen.Atom, gen.ApplicationOptions) error {
	return gen.ErrUnsupported
}

// ApplicationInfo implements gen.RemoteNode.
func (r remoteNode) ApplicationInfo(gen.Atom) (gen.ApplicationInfo, error) {
	return gen.ApplicationInfo{}, gen.ErrUnsupported
}

// Creation implements gen.RemoteNode.
func (r remoteNode) Creation() int64 {
	if l := r.s.live(); l != nil {
		return int64(l.conn.Peer().Creation)
	}
	return 0
}

// Disconnect implements gen.RemoteNode.
func (r remoteNode) Disconnect() { r.s.node.Disconnect(string(r.s.peer)) }
