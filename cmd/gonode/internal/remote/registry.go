package remote

import (
	"context"
	"errors"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// ErrNoScope is a pg scope that does not run on the target.
var ErrNoScope = errors.New("the pg scope does not run there; pg:start_link/0 or /1 starts one")

// evalInto evaluates and stores the value in what v points to.
func (t Target) evalInto(ctx context.Context, v any, text string, bindings ...Binding) error {
	term, err := t.Eval(ctx, text, bindings...)
	if err != nil {
		return err
	}
	return t.unmarshal(term, v)
}

func (t Target) unmarshal(term, v any) error {
	if err := etf.Unmarshal(term, v); err != nil {
		return fmt.Errorf("the answer of %s: %w", t.Name, err)
	}
	return nil
}

// Group is a process group of pg.
type Group struct {
	_       struct{}  `etf:"tuple"`
	Name    any       // any term
	Members []gen.PID // on all nodes; a process that joined twice is there twice
}

// Groups returns the groups of a pg scope as the target sees them, sorted by name. A scope that does not run there is an
// ErrNoScope.
func (t Target) Groups(ctx context.Context, scope string) ([]Group, error) {
	term, err := t.Eval(ctx, `case whereis(Scope) of
		undefined -> undefined;
		_ -> [{G, pg:get_members(Scope, G)} || G <- lists:sort(pg:which_groups(Scope))]
	end`, Binding{"Scope", gen.Atom(scope)})
	if err != nil {
		return nil, err
	}
	if term == gen.Atom("undefined") {
		return nil, fmt.Errorf("%s on %s: %w", scope, t.Name, ErrNoScope)
	}
	var groups []Group
	err = t.unmarshal(term, &groups)
	return groups, err
}

// Named is a process, or a port, with a name.
type Named struct {
	_    struct{} `etf:"tuple"`
	Name any      // an atom; of global any term
	ID   any      // gen.PID or etf.Port
}

// Globals returns the names that global knows on the target, sorted.
func (t Target) Globals(ctx context.Context) ([]Named, error) {
	var names []Named
	err := t.evalInto(ctx, &names, `[{N, P} || N <- lists:sort(global:registered_names()), P <- [global:whereis_name(N)], is_pid(P)]`)
	return names, err
}

// Registered is a process, or a port, with a local name.
type Registered struct {
	_        struct{} `etf:"tuple"`
	Name     gen.Atom
	ID       any   // gen.PID or etf.Port
	Messages int64 // in its queue
	Memory   int64 // bytes
	Current  any   // {Module, Function, Arity}, or undefined
}

// Registered returns the names that are registered on the target, sorted.
func (t Target) Registered(ctx context.Context) ([]Registered, error) {
	var names []Registered
	err := t.evalInto(ctx, &names, `[case is_pid(P) andalso process_info(P, [message_queue_len, memory, current_function]) of
		[{_, Q}, {_, M}, {_, C}] -> {N, P, Q, M, C};
		_ -> {N, P, 0, 0, undefined}
	end || N <- lists:sort(registered()), P <- [whereis(N)], P =/= undefined]`)
	return names, err
}
