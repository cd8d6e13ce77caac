package kernel

import (
	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Rex is the process registered as rex: the rpc server of OTP before 23, which newer nodes fall back to, and use
// for sbcast. No function is exported yet, so every call is undef.
type Rex struct{ act.Actor }

// NewRex is the factory of Rex, for gen.Node.SpawnRegister.
func NewRex() gen.ProcessBehavior { return &Rex{} }

// HandleCall implements act.ActorBehavior: rpc:call/4 of OTP 23 and 24, rpc:block_call/4 of all.
func (*Rex) HandleCall(_ gen.PID, _ gen.Ref, request any) (any, error) {
	if m, f, args, ok := callRequest(request); ok {
		return badRPC(m, f, args), nil
	}
	return nil, nil
}

// HandleMessage implements act.ActorBehavior.
func (r *Rex) HandleMessage(_ gen.PID, message any) error {
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 2 {
		return nil
	}
	from, ok := t[0].(gen.PID)
	if !ok {
		return nil
	}
	if m, f, args, ok := callRequest(t[1]); ok {
		r.Send(from, etf.Tuple{RexName, badRPC(m, f, args)})
		return nil
	}
	r.broadcast(from, t[1])
	return nil
}

// broadcast delivers what rpc:sbcast/3 and rpc:abcast/3 send to a registered name.
func (r *Rex) broadcast(from gen.PID, request any) {
	t, ok := request.(etf.Tuple)
	if !ok || len(t) != 3 {
		return
	}
	name, ok := t[1].(gen.Atom)
	if !ok {
		return
	}
	switch t[0] {
	case gen.Atom("sbcast"):
		self := r.Node().Name()
		var answer any = self
		if err := r.Send(name, t[2]); err != nil {
			answer = etf.Tuple{gen.Atom("nonexisting_name"), name}
		}
		r.Send(from, etf.Tuple{RexName, self, answer})
	case gen.Atom("send"):
		r.Send(name, etf.Tuple{from, t[2]})
	}
}

// Features answers {From, features_request}, with which every visible node of OTP 23 and later greets our rex. The node
// answers it on the connection it came over and not through Rex, whose answer would make a new connection if that one
// were gone by then. ok is false if message is no such request.
func Features(self gen.Atom, message any) (to gen.PID, reply any, ok bool) {
	t, isTuple := message.(etf.Tuple)
	if !isTuple || len(t) != 2 || t[1] != gen.Atom("features_request") {
		return gen.PID{}, nil, false
	}
	to, ok = t[0].(gen.PID)
	return to, etf.Tuple{gen.Atom("features_reply"), self, etf.List{gen.Atom("erpc")}}, ok
}

// callRequest reads {call | block_call, Module, Function, Args, GroupLeader}.
func callRequest(request any) (m, f gen.Atom, args any, ok bool) {
	t, isTuple := request.(etf.Tuple)
	if !isTuple || len(t) != 5 || t[0] != gen.Atom("call") && t[0] != gen.Atom("block_call") {
		return "", "", nil, false
	}
	m, isModule := t[1].(gen.Atom)
	f, isFunction := t[2].(gen.Atom)
	return m, f, t[3], isModule && isFunction
}

func badRPC(m, f gen.Atom, args any) any {
	return etf.Tuple{gen.Atom("badrpc"), etf.Tuple{gen.Atom("EXIT"), Undef(m, f, args)}}
}

// Undef is the reason of a process that called a function which does not exist: {undef, [{M, F, Args, []}]}.
func Undef(m, f gen.Atom, args any) etf.Tuple {
	return etf.Tuple{gen.Atom("undef"), undefStack(m, f, args)}
}

func undefStack(m, f gen.Atom, args any) etf.List {
	return etf.List{etf.Tuple{m, f, args, etf.List{}}}
}
