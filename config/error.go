package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a configuration.
type Error struct {
	Origin  Origin
	Key     string // "topologies.main.interval"; empty if it is no matter of one key
	Problem string // what is there, and what would do; never a secret
	Err     error  // the cause; may be nil
}

// Error implements error.
func (e *Error) Error() string {
	said := e.Problem
	if e.Key != "" && e.Origin.Name == "" {
		said = e.Key + between(said) + said
	}
	switch {
	case e.Origin.IsDefault():
		return said
	case e.Origin.Name != "":
		return e.Origin.Name + between(said) + said
	case e.Key == "" && between(said) == " ":
		return e.Origin.String() + ": it " + said
	}
	return e.Origin.String() + ": " + said
}

// between is what stands between a name and what is said of it.
func between(said string) string {
	for _, verb := range []string{"is ", "has ", "can't ", "needs "} {
		if strings.HasPrefix(said, verb) {
			return " "
		}
	}
	return ": "
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are all that are wrong, in the order of the file.
type Errors []*Error

// Error implements error: a line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, err := range e {
		all[i] = err
	}
	return all
}

// err returns e sorted, each once, or nil if there are none.
func (e Errors) err() error {
	if len(e) == 0 {
		return nil
	}
	sorted := slices.Clone(e)
	slices.SortStableFunc(sorted, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Origin.File, b.Origin.File), cmp.Compare(a.Origin.Line, b.Origin.Line),
			cmp.Compare(a.Origin.Column, b.Origin.Column))
	})
	return slices.CompactFunc(sorted, func(a, b *Error) bool { return *a == *b || a.Error() == b.Error() })
}

// errorsOf returns the errors that were joined into err, however deep.
func errorsOf(err error) []error {
	if err == nil {
		return nil
	}
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range e.Unwrap() {
			all = append(all, errorsOf(one)...)
		}
		return all
	}
	return []error{err}
}

// asError returns the first error of one type in err, and whether there is one.
func asError[E error](err error) (E, bool) { return errors.AsType[E](err) }
