package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

const environmentHelp = `
Environment:
  Every flag has a variable: --epmd-port is GONODE_EPMD_PORT. A flag goes before
  its variable; an empty variable counts as not set. What is an exception says so.
`

// Annotations of flags, for bindEnv.
const (
	noEnv     = "gonode_no_env"    // the flag has no variable
	exclusive = "gonode_exclusive" // flags that this one can't be given with; any of them goes before its variable too
)

// bindEnv sets the flags that were not given from their variables, and refuses those given that exclude each other.
func bindEnv(fs *pflag.FlagSet, lookup func(string) (string, bool)) error {
	given := make(map[string]bool)
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	var err error
	fs.VisitAll(func(f *pflag.Flag) {
		if err != nil {
			return
		}
		value, _ := lookup(envName(f.Name))
		for _, other := range f.Annotations[exclusive] {
			switch {
			case given[other] && given[f.Name]:
				err = usagef("both --%s and --%s: give one of them", f.Name, other)
				return
			case given[other]:
				value = ""
			}
		}
		if value == "" || given[f.Name] || !hasEnv(f) {
			return
		}
		if failed := fs.Set(f.Name, value); failed != nil {
			err = usagef("%s is %q: %w", envName(f.Name), value, withoutFlag(failed))
		}
		annotate(fs, f.Name, fromEnv, envName(f.Name))
	})
	return err
}

// hasEnv reports whether f can be set from the environment.
func hasEnv(f *pflag.Flag) bool {
	return f.Name != "help" && f.Annotations[noEnv] == nil
}

// withoutFlag returns what is wrong with a value, without the name of the flag.
func withoutFlag(err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok && e.Unwrap() != nil {
		return e.Unwrap()
	}
	return err
}

// envName returns the variable for a flag.
func envName(flag string) string {
	return "GONODE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// annotate marks a flag for bindEnv. The flag must be there.
func annotate(fs *pflag.FlagSet, flag, key string, values ...string) {
	f := fs.Lookup(flag)
	if f.Annotations == nil {
		f.Annotations = make(map[string][]string)
	}
	f.Annotations[key] = append([]string{}, values...)
}

// erlPort returns the port in ERL_EPMD_PORT, which every Erlang program minds; 0 if it is not set.
func (a *app) erlPort() (int, error) {
	value, _ := a.lookupEnv("ERL_EPMD_PORT")
	if value == "" {
		return 0, nil
	}
	port, err := parsePort(value)
	if err != nil {
		return 0, &usageError{fmt.Errorf("ERL_EPMD_PORT is %q: %w", value, err)}
	}
	return port, nil
}
