package kernel

import (
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Spawned is the answer to a spawn request of a function that is not exported here. As on a BEAM the process is made and
// ends at once; nothing is run.
type Spawned struct {
	Refused gen.Atom // why there is no process; empty if there is one
	Link    bool     // the process is linked to the one that asked
	Monitor bool     // and monitored by it
	Exit    any      // the reason with which the process ends
}

// Spawn decides on a SPAWN_REQUEST for module:function with the list args; options is the request's option list.
// erpc wraps the function that it means in one of its own, and expects the outcome in the exit reason.
func Spawn(module, function gen.Atom, arity int, args, options any) Spawned {
	list, ok := args.(etf.List)
	if !ok || len(list) != arity {
		return Spawned{Refused: "badarg"}
	}
	s, ok := spawnOptions(options)
	if !ok {
		return Spawned{Refused: "badopt"}
	}
	s.Exit = Undef(module, function, args)
	if module == "erpc" {
		s.Exit = erpcExit(function, list, s.Exit)
	}
	return s
}

// spawnOptions reads the options that matter; the others are about a BEAM's memory and scheduling.
func spawnOptions(options any) (Spawned, bool) {
	list, ok := options.(etf.List)
	if !ok {
		return Spawned{}, options == nil
	}
	var s Spawned
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
			return Spawned{}, false
		}
	}
	return s, true
}

// erpcExit is the reason of a process that runs erpc:execute_call/4 or erpc:execute_cast/3, whose arguments end in
// module, function and arguments of the function that is meant.
func erpcExit(function gen.Atom, args etf.List, otherwise any) any {
	switch {
	case function == "execute_call" && len(args) == 4:
		m, f, ok := moduleFunction(args[1], args[2])
		if !ok {
			return etf.Tuple{args[0], gen.Atom("error"), etf.Tuple{gen.Atom("erpc"), gen.Atom("badarg")}}
		}
		return etf.Tuple{args[0], gen.Atom("error"), gen.Atom("undef"), undefStack(m, f, args[3])}
	case function == "execute_cast" && len(args) == 3:
		if m, f, ok := moduleFunction(args[0], args[1]); ok {
			return Undef(m, f, args[2])
		}
	}
	return otherwise
}

func moduleFunction(module, function any) (m, f gen.Atom, ok bool) {
	m, isModule := module.(gen.Atom)
	f, isFunction := function.(gen.Atom)
	return m, f, isModule && isFunction
}

// CallArgs are the arguments of erpc:execute_call/4, with which a spawn request runs module:function(args...) on another
// node. The process ends with a reason that ParseCallExit reads.
func CallArgs(ref gen.Ref, module, function gen.Atom, args etf.List) etf.List {
	return etf.List{ref, module, function, args}
}

// ParseCallExit reads the exit reason of a process that ran erpc:execute_call/4: the result, or the whole reason if the
// function did not return.
func ParseCallExit(ref gen.Ref, reason any) (result any, returned bool) {
	t, ok := reason.(etf.Tuple)
	if !ok || len(t) != 3 || t[0] != ref || t[1] != gen.Atom("return") {
		return reason, false
	}
	return t[2], true
}
