package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/daemon"
)

// daemonFlags is the flag of all that can ask a running gonode run.
type daemonFlags struct{ address daemon.Address }

func (f *daemonFlags) add(fs *pflag.FlagSet) {
	addValue(fs, &f.address, daemon.ParseAddress, "http", "", "address", "",
		"ask the gonode run that answers there, as of its own --http: a port, host:port or unix:PATH (of several the first)")
}

// orTakes is takes for a command that asks a daemon when it gets no argument. What is on the command line goes before the
// variable of --http, which a daemon's surroundings have anyway.
func orTakes(what string, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		given := cmd.Flags().Changed("http") // variables are read later
		switch {
		case given && len(args) > 0:
			return usagef("both %s and --http: give one of them", what)
		case len(args) == 0:
			return nil
		}
		return takes(what, least, most)(cmd, args)
	}
}

// wanted reports whether a daemon is to be asked: there is no argument. It is an error if there is no address either.
func (f *daemonFlags) wanted(what string, args []string) (bool, error) {
	if len(args) == 0 && f.address.IsZero() {
		return false, usagef("no %s given, and no --http", what)
	}
	return len(args) == 0, nil
}

// answer returns what a daemon says to one question.
func answer[T any](ctx context.Context, a *app, address daemon.Address, timeout time.Duration,
	question func(*daemon.Client, context.Context) (T, error),
) (T, error) {
	c := daemon.New(address)
	defer c.Close()
	defer a.busy("waiting for %s", address)()
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	got, err := question(c, timed)
	if err != nil {
		err = askError(ctx, address, timeout, err)
	}
	return got, err
}

// askError says whom was asked and why no answer came.
func askError(ctx context.Context, address daemon.Address, timeout time.Duration, err error) error {
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer within %v: %w: it is overloaded or stopped, or a firewall drops the packets", timeout, err)
	}
	return fmt.Errorf("ask %s: %w", address, err)
}

// daemonCode is for a daemon that is not there or does not want us.
func daemonCode(err error) int {
	if _, ok := errors.AsType[*daemon.UnreachableError](err); ok {
		return exitUnreachable
	}
	if e, ok := errors.AsType[*daemon.StatusError](err); ok {
		switch e.Code {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusServiceUnavailable:
			return exitRefused
		}
	}
	return exitOK
}
