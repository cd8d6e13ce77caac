package kernel

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Exports are the Go functions that other nodes may call, by module, function and number of arguments. The zero value is
// empty; any goroutine may use it.
type Exports struct {
	mu    sync.RWMutex
	funcs map[mfa]*Func
}

type mfa struct {
	module, function gen.Atom
	arity            int
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// Func is an exported function.
type Func struct {
	mfa
	fn      reflect.Value
	context bool // it takes a context first
	fails   bool // it returns an error last
}

// Add offers fn as module:function. fn takes any values that etf.Unmarshal stores in, a context before them if it likes,
// and returns any that etf.Marshal takes, an error after them if it likes. An error is returned as {error, Text}, or as
// the term that it carries (*ExitReason); no value is ok, several are a tuple. A function of the same name and number of
// arguments is replaced. Variadic functions are refused, and what is no function.
func (e *Exports) Add(module, function string, fn any) error {
	t := reflect.TypeOf(fn)
	switch {
	case module == "" || function == "":
		return errors.New("export: a module and a function name are needed")
	case t == nil || t.Kind() != reflect.Func:
		return fmt.Errorf("export %s:%s: %T is no function", module, function, fn)
	case reflect.ValueOf(fn).IsNil():
		return fmt.Errorf("export %s:%s: the function is nil", module, function)
	case t.IsVariadic():
		return fmt.Errorf("export %s:%s: a variadic function has no arity; take a list", module, function)
	}
	f := &Func{mfa: mfa{gen.Atom(module), gen.Atom(function), t.NumIn()}, fn: reflect.ValueOf(fn)}
	if t.NumIn() > 0 && t.In(0) == contextType {
		f.context = true
		f.arity--
	}
	f.fails = t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.funcs == nil {
		e.funcs = make(map[mfa]*Func)
	}
	e.funcs[f.mfa] = f
	return nil
}

// Remove takes module:function back, whatever its number of arguments, and reports whether it was there. Calls under way
// go on.
func (e *Exports) Remove(module, function string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	found := false
	for m := range e.funcs {
		if m.module == gen.Atom(module) && m.function == gen.Atom(function) {
			delete(e.funcs, m)
			found = true
		}
	}
	return found
}

// Find returns the function, nil if it is not exported.
func (e *Exports) Find(module, function gen.Atom, arity int) *Func {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.funcs[mfa{module, function, arity}]
}

// Call runs the function in the caller's goroutine. Arguments that do not fit are badarg, a panic is an error with the
// stack.
func (f *Func) Call(ctx context.Context, args etf.List) (o Outcome) {
	in, err := f.arguments(ctx, args)
	if err != nil {
		return Outcome{Exception: &Exception{Class: ClassError, Reason: gen.Atom("badarg"), Stack: f.badarg(args, err)}}
	}
	defer func() {
		if v := recover(); v != nil {
			o = Outcome{Exception: panicked(v)}
		}
	}()
	return f.outcome(f.fn.Call(in))
}

func (f *Func) arguments(ctx context.Context, args etf.List) ([]reflect.Value, error) {
	t := f.fn.Type()
	in := make([]reflect.Value, 0, t.NumIn())
	if f.context {
		in = append(in, reflect.ValueOf(ctx))
	}
	for _, arg := range args {
		v := reflect.New(t.In(len(in)))
		if err := etf.Unmarshal(arg, v.Interface()); err != nil {
			return nil, err
		}
		in = append(in, v.Elem())
	}
	return in, nil
}

// badarg is the stack of an error in the arguments, with the text in error_info's place.
func (f *Func) badarg(args etf.List, err error) etf.List {
	why := etf.Tuple{gen.Atom("cause"), []byte(err.Error())}
	return etf.List{etf.Tuple{f.module, f.function, args, etf.List{why}}}
}

func (f *Func) outcome(out []reflect.Value) Outcome {
	if f.fails {
		last := len(out) - 1
		if err, _ := out[last].Interface().(error); err != nil {
			return Outcome{Result: errorResult(err), Err: err}
		}
		out = out[:last]
	}
	values := make(etf.Tuple, len(out))
	for i, v := range out {
		term, err := etf.Marshal(v.Interface())
		if err != nil {
			return Outcome{Exception: &Exception{
				Class: ClassError, Reason: etf.Tuple{gen.Atom("bad_return_value"), []byte(err.Error())}, Stack: etf.List{},
			}}
		}
		values[i] = term
	}
	switch len(values) {
	case 0:
		return Outcome{Result: gen.Atom("ok")}
	case 1:
		return Outcome{Result: values[0]}
	}
	return Outcome{Result: values}
}

func errorResult(err error) any {
	if r, ok := errors.AsType[*ExitReason](err); ok {
		return r.Term
	}
	return etf.Tuple{gen.Atom("error"), []byte(err.Error())}
}
