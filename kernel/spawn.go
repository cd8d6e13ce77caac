package kernel

import (
	"context"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Spawn is a spawn request of another node, read: a process is to be made that runs a function and ends. Nothing but an
// exported function is ever run; what is not exported is undef, as on a BEAM, where the process is made too.
type Spawn struct {
	Refused gen.Atom // why there is to be no process; empty if there is one
	Link    bool     // the process is to be linked to the one that asks
	Monitor bool     // and monitored by it

	Module, Function gen.Atom // what is to be run
	Args             etf.List

	// Call says that the one who asks waits for the result: when it takes its monitor back it has given up.
	Call bool

	ref any // of the call
}

// ParseSpawn reads a SPAWN_REQUEST for module:function with the list args; options is the request's option list. erpc
// wraps the function that it means in one of its own, and expects the outcome in the exit reason.
func ParseSpawn(module, function gen.Atom, arity int, args, options any) Spawn {
	list, ok := args.(etf.List)
	if !ok || len(list) != arity {
		return Spawn{Refused: "badarg"}
	}
	s, ok := spawnOptions(options)
	if !ok {
		return Spawn{Refused: "badopt"}
	}
	s.Module, s.Function, s.Args = module, function, list
	if module == "erpc" {
		s.unwrap()
	}
	return s
}

// unwrap finds the function that erpc:execute_call/4 [Ref, M, F, Args] and erpc:execute_cast/3 [M, F, Args] mean.
func (s *Spawn) unwrap() {
	args := s.Args
	switch {
	case s.Function == "execute_call" && len(args) == 4:
		s.Call, s.ref = true, args[0]
		args = args[1:]
	case s.Function == "execute_cast" && len(args) == 3:
	default:
		return
	}
	m, isModule := args[0].(gen.Atom)
	f, isFunction := args[1].(gen.Atom)
	list, isList := args[2].(etf.List)
	if !isModule || !isFunction || !isList {
		m, f, list = "", "", nil // a fun, or nonsense: not exported
	}
	s.Module, s.Function, s.Args = m, f, list
}

// Exit is the reason with which the process ends after the function ended with o.
func (s *Spawn) Exit(o Outcome) any {
	if !s.Call {
		return o.exit()
	}
	if s.Module == "" {
		return etf.Tuple{s.ref, ClassError, etf.Tuple{gen.Atom("erpc"), gen.Atom("badarg")}}
	}
	return o.erpc(s.ref)
}

// spawnOptions reads the options that matter; the others are about a BEAM's memory and scheduling.
func spawnOptions(options any) (Spawn, bool) {
	list, ok := options.(etf.List)
	if !ok {
		return Spawn{}, options == nil
	}
	var s Spawn
	for _, o := range list {
		switch o {
		case gen.Atom("link"):
			s.Link = true
			continue
		case gen.Atom("monitor"):
			s.Monitor = true
			continue
		}
		if t, ok := o.(etf.Tuple); !ok || len(t) != 2 {
			return Spawn{}, false
		}
	}
	return s, true
}

// Run runs an exported function for a caller, or says that there is none.
func (e *Exports) Run(ctx context.Context, module, function gen.Atom, args etf.List) Outcome {
	if f := e.Find(module, function, len(args)); f != nil {
		return f.Call(ctx, args)
	}
	return undefined(module, function, args)
}

// Denied is the outcome of a call that the caller is not allowed to make.
func Denied(module, function gen.Atom, args any) Outcome {
	return failed("not_allowed", module, function, args)
}

// CallArgs are the arguments of erpc:execute_call/4, with which a spawn request runs module:function(args...) on another
// node. The process ends with a reason that ParseCallExit reads.
func CallArgs(ref gen.Ref, module, function gen.Atom, args etf.List) etf.List {
	return etf.List{ref, module, function, args}
}

// ParseCallExit reads the exit reason of a process that ran erpc:execute_call/4. The error is an *Exception, or the
// reason itself (see ReasonError) if the process ended in another way.
func ParseCallExit(ref gen.Ref, reason any) (any, error) {
	t, ok := reason.(etf.Tuple)
	if !ok || len(t) < 3 || t[0] != ref {
		return nil, ReasonError(reason)
	}
	class, _ := t[1].(gen.Atom)
	switch {
	case class == "return" && len(t) == 3:
		return t[2], nil
	case class == ClassError && len(t) == 4:
		stack, _ := t[3].(etf.List)
		return nil, &Exception{Class: class, Reason: t[2], Stack: stack}
	case len(t) == 3 && (class == ClassError || class == ClassExit || class == ClassThrow):
		return nil, &Exception{Class: class, Reason: t[2]}
	}
	return nil, ReasonError(reason)
}
