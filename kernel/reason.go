package kernel

import (
	"errors"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// ExitReason is why a process ended or a relation broke, as an Erlang term. Ask an error for it with errors.As. The
// reasons that Ergo has a value of its own for are that value instead (gen.TerminateReasonNormal and
// gen.TerminateReasonShutdown), or are it to errors.Is: noproc is gen.ErrProcessUnknown, noconnection gen.ErrNoConnection, killed
// gen.TerminateReasonKill.
//
// A Go process that ends with one ends with its term; a Go function that returns one returns its term.
type ExitReason struct {
	Term any
}

// Error prints the term as Erlang would, cut after some hundred characters.
func (r *ExitReason) Error() string { return etf.FormatLimit(r.Term, 500) }

// Is finds Ergo's value for the reason. There is no Unwrap: Ergo unwraps what a process ends with, and would lose the term.
func (r *ExitReason) Is(target error) bool {
	switch r.Term {
	case gen.Atom("noproc"):
		return target == gen.ErrProcessUnknown
	case gen.Atom("noconnection"):
		return target == gen.ErrNoConnection
	case gen.Atom("kill"), gen.Atom("killed"):
		return target == gen.TerminateReasonKill
	}
	return false
}

// ReasonError makes an error of a reason that came over the wire.
func ReasonError(term any) error {
	switch term {
	case gen.Atom("normal"):
		return gen.TerminateReasonNormal
	case gen.Atom("shutdown"):
		return gen.TerminateReasonShutdown
	}
	return &ExitReason{Term: term}
}

// ReasonTerm makes the term that says why a process here ended. An error that carries a term is that term; any other
// error that Erlang knows nothing of becomes {error, <<"its text">>}.
func ReasonTerm(err error) any {
	if r, ok := errors.AsType[*ExitReason](err); ok {
		return r.Term
	}
	for _, known := range []struct {
		err  error
		atom gen.Atom
	}{
		{nil, "normal"},
		{gen.TerminateReasonNormal, "normal"},
		{gen.TerminateReasonShutdown, "shutdown"},
		{gen.TerminateReasonKill, "killed"},
		{gen.ErrNoConnection, "noconnection"},
		{gen.ErrProcessUnknown, "noproc"},
		{gen.ErrProcessTerminated, "noproc"},
	} {
		if errors.Is(err, known.err) {
			return known.atom
		}
	}
	return etf.Tuple{gen.Atom("error"), []byte(err.Error())}
}
