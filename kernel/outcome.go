package kernel

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// The classes of exceptions.
const (
	ClassError gen.Atom = "error"
	ClassExit  gen.Atom = "exit"
	ClassThrow gen.Atom = "throw"
)

// Outcome is how a function ended: with a result, or with an exception.
type Outcome struct {
	Result    any
	Exception *Exception // nil if it returned
	Err       error      // what it returned as an error; Result says it to a caller
}

// Exception is how a function ended that did not return. As an error it is what a call of a function on another node
// failed with: errors.As finds it.
type Exception struct {
	Class  gen.Atom // ClassError, ClassExit or ClassThrow
	Reason any
	Stack  etf.List // [{Module, Function, ArityOrArgs, Location}], innermost first; empty if there is none
}

// Error prints the class and the reason.
func (e *Exception) Error() string {
	return fmt.Sprintf("exception %s: %s", string(e.Class), etf.FormatLimit(e.Reason, 500))
}

// Is finds ErrUndef in an exception for a function that does not exist.
func (e *Exception) Is(target error) bool {
	return target == ErrUndef && e.Class == ClassError && e.Reason == gen.Atom("undef")
}

// ErrUndef is a function that does not exist on the node it was called on.
var ErrUndef = errors.New("undefined function")

// undefined is the outcome of a call of a function that is not exported.
func undefined(m, f gen.Atom, args any) Outcome {
	return failed("undef", m, f, args)
}

func failed(reason, m, f gen.Atom, args any) Outcome {
	return Outcome{Exception: &Exception{Class: ClassError, Reason: reason, Stack: undefStack(m, f, args)}}
}

// exit is the reason with which a process ends that does nothing but run the function.
func (o Outcome) exit() any {
	e := o.Exception
	switch {
	case e == nil:
		return ReasonTerm(o.Err)
	case e.Class == ClassExit:
		return e.Reason
	case e.Class == ClassThrow:
		return etf.Tuple{etf.Tuple{gen.Atom("nocatch"), e.Reason}, e.Stack}
	}
	return etf.Tuple{e.Reason, e.Stack}
}

// erpc is the reason with which a process ends that runs the function for erpc:call/4, whose reference is ref.
func (o Outcome) erpc(ref any) any {
	e := o.Exception
	switch {
	case e == nil:
		return etf.Tuple{ref, gen.Atom("return"), o.Result}
	case e.Class == ClassError:
		return etf.Tuple{ref, ClassError, e.Reason, e.Stack}
	}
	return etf.Tuple{ref, e.Class, e.Reason}
}

// RPC is what rpc:call/4 returns for the outcome.
func (o Outcome) RPC() any {
	e := o.Exception
	if e == nil {
		return o.Result
	}
	if e.Class == ClassThrow {
		return e.Reason
	}
	return etf.Tuple{gen.Atom("badrpc"), etf.Tuple{gen.Atom("EXIT"), o.exit()}}
}

// maxFrames bounds the stack of a panic.
const maxFrames = 32

// panicked makes an exception of a panic, with the Go stack in the form of an Erlang one: from where it was up to the
// exported function. It is called while the panic is recovered.
func panicked(v any) *Exception {
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var stack etf.List
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if strings.HasPrefix(f.Function, "reflect.") { // what called the function
			break
		}
		if strings.HasPrefix(f.Function, "runtime.") {
			continue
		}
		stack = append(stack, etf.Tuple{gen.Atom("go"), gen.Atom(cut(f.Function)), int64(0), etf.List{
			etf.Tuple{gen.Atom("file"), []byte(f.File)}, etf.Tuple{gen.Atom("line"), int64(f.Line)},
		}})
	}
	return &Exception{Class: ClassError, Reason: etf.Tuple{gen.Atom("panic"), []byte(fmt.Sprint(v))}, Stack: stack}
}

// cut shortens a function name to what an atom can hold.
func cut(s string) string { return s[:min(len(s), 255)] }

// ParseBadRPC reads what rex answers to a call: the result, or {badrpc, Reason}.
func ParseBadRPC(reply any) (any, error) {
	t, ok := reply.(etf.Tuple)
	if !ok || len(t) != 2 || t[0] != gen.Atom("badrpc") {
		return reply, nil
	}
	if exit, ok := t[1].(etf.Tuple); ok && len(exit) == 2 && exit[0] == gen.Atom("EXIT") {
		if e, ok := exit[1].(etf.Tuple); ok && len(e) == 2 {
			if stack, ok := e[1].(etf.List); ok {
				return nil, &Exception{Class: ClassError, Reason: e[0], Stack: stack}
			}
		}
		return nil, &Exception{Class: ClassExit, Reason: exit[1]}
	}
	return nil, ReasonError(t[1])
}
