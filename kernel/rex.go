package kernel

import (
	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Runner runs an exported function for the process from and hands its outcome to done, in another goroutine, when it has
// ended. It checks that the caller may.
type Runner func(from gen.PID, module, function gen.Atom, args etf.List, done func(Outcome))

// Rex is the process registered as rex: the rpc server of OTP before 23, which newer nodes fall back to, use for
// block_call, and for sbcast.
type Rex struct {
	act.Actor
	run     Runner
	respond func(from gen.PID, ref gen.Ref, reply any)
	send    func(to gen.PID, message any)
}

// NewRex returns the factory of Rex, for gen.Node.SpawnRegister. Functions end in other goroutines than that of the
// process, so their results go out through respond, which answers a call, and send.
func NewRex(run Runner, respond func(from gen.PID, ref gen.Ref, reply any), send func(to gen.PID, message any)) gen.ProcessFactory {
	return func() gen.ProcessBehavior { return &Rex{run: run, respond: respond, send: send} }
}

// HandleCall implements act.ActorBehavior: rpc:call/4 of OTP 23 and 24, rpc:block_call/4 of all, which go one at a time.
func (r *Rex) HandleCall(from gen.PID, ref gen.Ref, request any) (any, error) {
	what, m, f, args, ok := callRequest(request)
	if !ok {
		return nil, nil
	}
	if what == "block_call" {
		ended := make(chan Outcome, 1)
		r.run(from, m, f, args, func(o Outcome) { ended <- o })
		return (<-ended).RPC(), nil
	}
	r.run(from, m, f, args, func(o Outcome) { r.respond(from, ref, o.RPC()) })
	return nil, nil
}

// HandleMessage implements act.ActorBehavior: casts, and the calls of C and Java nodes.
func (r *Rex) HandleMessage(from gen.PID, message any) error {
	if what, m, f, args, ok := callRequest(message); ok && what == "cast" {
		r.run(from, m, f, args, func(Outcome) {})
		return nil
	}
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 2 {
		return nil
	}
	caller, ok := t[0].(gen.PID)
	if !ok {
		return nil
	}
	if what, m, f, args, ok := callRequest(t[1]); ok && what == "call" {
		r.run(caller, m, f, args, func(o Outcome) { r.send(caller, etf.Tuple{RexName, o.RPC()}) })
		return nil
	}
	r.broadcast(caller, t[1])
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

// callRequest reads {call | block_call | cast, Module, Function, Args, GroupLeader}.
func callRequest(request any) (what, m, f gen.Atom, args etf.List, ok bool) {
	t, isTuple := request.(etf.Tuple)
	if !isTuple || len(t) != 5 {
		return "", "", "", nil, false
	}
	what, _ = t[0].(gen.Atom)
	m, isModule := t[1].(gen.Atom)
	f, isFunction := t[2].(gen.Atom)
	args, isList := t[3].(etf.List)
	known := what == "call" || what == "block_call" || what == "cast"
	return what, m, f, args, known && isModule && isFunction && isList
}

func undefStack(m, f gen.Atom, args any) etf.List {
	return etf.List{etf.Tuple{m, f, args, etf.List{}}}
}
