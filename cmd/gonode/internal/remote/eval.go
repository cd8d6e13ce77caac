package remote

import (
	"context"
	"errors"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// Target is a node that is asked.
type Target struct {
	From *node.Node // who asks; it is connected, or connects
	Name string     // who is asked
}

// Call runs module:function(args...) on the target.
func (t Target) Call(ctx context.Context, module, function string, args ...any) (any, error) {
	var result any
	err := t.From.RPC(ctx, t.Name, module, function, &result, args...)
	return result, err
}

// SyntaxError is an expression that the target does not understand.
type SyntaxError struct{ Text string }

func (e *SyntaxError) Error() string { return "the expression is wrong: " + e.Text }

// Expr is an expression that a target has parsed.
type Expr struct {
	target Target
	forms  any
}

// Parse has the target parse one or more expressions with commas between them. The full stop in the end may be missing.
// What is wrong with them is a *SyntaxError.
func (t Target) Parse(ctx context.Context, text string) (*Expr, error) {
	scanned, err := t.Call(ctx, "erl_scan", "string", charlist(text))
	switch {
	case errors.Is(err, node.ErrUndef):
		return nil, fmt.Errorf("%w: it has no Erlang parser, as a node that is no BEAM", err)
	case err != nil:
		return nil, err
	}
	tokens, err := t.outcome(ctx, scanned)
	if err != nil {
		return nil, err
	}
	if list, ok := tokens.(etf.List); ok && !endsWithDot(list) {
		tokens = append(list, etf.Tuple{gen.Atom("dot"), int64(1)})
	}
	parsed, err := t.Call(ctx, "erl_parse", "parse_exprs", tokens)
	if err != nil {
		return nil, err
	}
	forms, err := t.outcome(ctx, parsed)
	if err != nil {
		return nil, err
	}
	return &Expr{t, forms}, nil
}

// endsWithDot reports whether the last token is {dot, Line}.
func endsWithDot(tokens etf.List) bool {
	if len(tokens) == 0 {
		return false
	}
	last, ok := tokens[len(tokens)-1].(etf.Tuple)
	return ok && len(last) > 0 && last[0] == gen.Atom("dot")
}

// outcome reads {ok, Value, ...} or {error, {Line, Module, Descriptor}, ...}.
func (t Target) outcome(ctx context.Context, term any) (any, error) {
	tuple, ok := term.(etf.Tuple)
	switch {
	case !ok || len(tuple) < 2:
	case tuple[0] == gen.Atom("ok"):
		return tuple[1], nil
	case tuple[0] == gen.Atom("error"):
		return nil, &SyntaxError{t.explain(ctx, tuple[1])}
	}
	return nil, fmt.Errorf("%s answers with %s", t.Name, etf.FormatLimit(term, 100))
}

// explain has the target put the error of its scanner or parser into words.
func (t Target) explain(ctx context.Context, info any) string {
	tuple, ok := info.(etf.Tuple)
	if ok && len(tuple) == 3 {
		module, _ := tuple[1].(gen.Atom)
		if said, err := t.Call(ctx, string(module), "format_error", tuple[2]); err == nil {
			if text, ok := etf.Text(said); ok {
				return text
			}
		}
	}
	return etf.FormatLimit(info, 200)
}

// Binding is a variable of an expression and its value.
type Binding struct {
	Name  string
	Value any
}

// Eval evaluates the expressions on the target and returns the value of the last one. An exception is a *node.Exception.
func (e *Expr) Eval(ctx context.Context, bindings ...Binding) (any, error) {
	bound := etf.List{}
	for _, b := range bindings {
		bound = append(bound, etf.Tuple{gen.Atom(b.Name), b.Value})
	}
	result, err := e.target.Call(ctx, "erl_eval", "exprs", e.forms, bound)
	if err != nil {
		return nil, err
	}
	if t, ok := result.(etf.Tuple); ok && len(t) == 3 && t[0] == gen.Atom("value") {
		return t[1], nil
	}
	return nil, errors.New("erl_eval answers with " + etf.FormatLimit(result, 100))
}

// Eval parses and evaluates.
func (t Target) Eval(ctx context.Context, text string, bindings ...Binding) (any, error) {
	e, err := t.Parse(ctx, text)
	if err != nil {
		return nil, err
	}
	return e.Eval(ctx, bindings...)
}

// charlist is what Erlang calls a string.
func charlist(s string) etf.List {
	list := make(etf.List, 0, len(s))
	for _, r := range s {
		list = append(list, int64(r))
	}
	return list
}
