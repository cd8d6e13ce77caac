package node

import (
	"errors"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// ExitReason is why a process ended or a relation broke, as an Erlang term. Ask an error for it with errors.As. The
// reasons that Ergo has a value of its own for are that value instead (gen.TerminateReasonNormal and
// gen.TerminateReasonShutdown), or wrap it: noproc is gen.ErrProcessUnknown, noconnection gen.ErrNoConnection, killed
// gen.TerminateReasonKill to errors.Is.
type ExitReason struct {
	Term any
}

// Error prints the term as Erlang would.
func (r *ExitReason) Error() string { return etf.Format(r.Term) }

// Unwrap returns Ergo's value for the reason, if it has one.
func (r *ExitReason) Unwrap() error {
	switch r.Term {
	case gen.Atom("noproc"):
		return gen.ErrProcessUnknown
	case gen.Atom("noconnection"):
		return gen.ErrNoConnection
	case gen.Atom("kill"), gen.Atom("killed"):
		return gen.TerminateReasonKill
	}
	return nil
}

// reasonError makes an error of a reason that came over the wire.
func reasonError(term any) error {
	switch term {
	case gen.Atom("normal"):
		return gen.TerminateReasonNormal
	case gen.Atom("shutdown"):
		return gen.TerminateReasonShutdown
	}
	return &ExitReason{Term: term}
}

// reasonTerm makes the term that says why a process here ended. An error that carries a term is that term; any other
// error that Erlang knows nothing of becomes {error, <<"its text">>}.
func reasonTerm(err error) any {
	if r, ok := errors.AsType[*ExitReason](err); ok {
		return r.Term
	}
	for _, known := range []struct {
		err  error
		atom gen.Atom
	}{
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
	if err == nil {
		return gen.Atom("normal")
	}
	return etf.Tuple{gen.Atom("error"), []byte(err.Error())}
}
