package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ergo.services/ergo/gen"
	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/cmd/gonode/internal/remote"
	"gonode/etf"
	"gonode/node"
)

// pidLine is a process in the output.
type pidLine struct {
	PID  string `json:"pid"`
	Node string `json:"node"`
}

func pidOf(pid gen.PID) pidLine { return pidLine{etf.Format(pid), string(pid.Node)} }

// groupLine is a group of pg in the output.
type groupLine struct {
	Group   string    `json:"group"` // an Erlang term
	Members []pidLine `json:"members"`
}

// list makes a command that lists what ask returns, all of it or what has the name that is the second argument. what and
// none say what is listed, and that the name is not there.
func list[T any](a *app, cmd *cobra.Command, view output.View[T], none string,
	ask func(context.Context, remote.Target) ([]T, error)) *cobra.Command {
	f := &remoteFlags{}
	cmd.Args = takes("NODE", 1, 2)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := f.with(cmd.Context(), a, args[0], func(ctx context.Context, n *node.Node) error {
			found, err := ask(ctx, remote.Target{From: n, Name: args[0]})
			if err != nil {
				return err
			}
			if len(args) == 2 {
				found = slices.DeleteFunc(found, func(item T) bool { return !sameName(view.Name(item), args[1]) })
				if len(found) == 0 {
					return &unreachableError{fmt.Errorf("%s %q", none, args[1])}
				}
			}
			return view.List(f.out.printer(a), found)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", cmd.Name(), err)
		}
		return nil
	}
	f.add(cmd.Flags(), 5*time.Second)
	return cmd
}

// sameName compares a name as it is printed with one of the command line, where quotes may be missing.
func sameName(printed, given string) bool {
	return printed == given || printed == etf.Format(gen.Atom(given))
}

func (a *app) pgCommand() *cobra.Command {
	scope := "pg"
	cmd := list(a, &cobra.Command{
		Use:   "pg NODE [GROUP]",
		Short: "List the process groups of pg",
		Long: "Pg lists the groups of a pg scope and their members, as NODE sees them, or one group. A scope that does not\n" +
			"run there, and a group without members, is exit code 3.",
		Example: "  gonode pg a@127.0.0.1\n  gonode pg a@127.0.0.1 workers --scope my_scope -o json",
	}, groupView(), "pg knows no group", func(ctx context.Context, t remote.Target) ([]groupLine, error) {
		groups, err := t.Groups(ctx, scope)
		if errors.Is(err, remote.ErrNoScope) {
			return nil, &unreachableError{err}
		}
		lines := make([]groupLine, len(groups))
		for i, g := range groups {
			lines[i] = groupLine{etf.Format(g.Name), []pidLine{}}
			for _, pid := range g.Members {
				lines[i].Members = append(lines[i].Members, pidOf(pid))
			}
		}
		return lines, err
	})
	cmd.Flags().StringVar(&scope, "scope", scope, "the `name` of the scope")
	return cmd
}

func groupView() output.View[groupLine] {
	each := func(g groupLine, f func(pidLine) string) []string {
		var all []string
		for _, m := range g.Members {
			all = append(all, f(m))
		}
		return all
	}
	return output.View[groupLine]{
		Kind: "pg",
		Columns: []output.Column[groupLine]{
			{Head: "GROUP", Cell: func(g groupLine) string { return g.Group }},
			{Head: "MEMBERS", Cell: func(g groupLine) string { return strconv.Itoa(len(g.Members)) }, Right: true},
			{Head: "NODES", Cell: func(g groupLine) string {
				nodes := each(g, func(m pidLine) string { return m.Node })
				slices.Sort(nodes)
				return strings.Join(slices.Compact(nodes), ",")
			}},
			{Head: "PIDS", Wide: true, Cell: func(g groupLine) string {
				return strings.Join(each(g, func(m pidLine) string { return m.PID }), ",")
			}},
		},
		Name: func(g groupLine) string { return g.Group },
	}
}

// globalLine is a name of global in the output.
type globalLine struct {
	Name string `json:"name"` // an Erlang term
	pidLine
}

func (a *app) globalCommand() *cobra.Command {
	view := output.View[globalLine]{
		Kind: "global",
		Columns: []output.Column[globalLine]{
			{Head: "NAME", Cell: func(l globalLine) string { return l.Name }},
			{Head: "PID", Cell: func(l globalLine) string { return l.PID }},
			{Head: "NODE", Cell: func(l globalLine) string { return l.Node }},
		},
		Name: func(l globalLine) string { return l.Name },
	}
	return list(a, &cobra.Command{
		Use:     "global NODE [NAME]",
		Short:   "List the names that global knows",
		Long:    "Global lists the globally registered names and their processes, as NODE sees them, or one of them. A name that\nnobody has is exit code 3.",
		Example: "  gonode global a@127.0.0.1\n  gonode global a@127.0.0.1 leader -o json",
	}, view, "global knows no name", func(ctx context.Context, t remote.Target) ([]globalLine, error) {
		names, err := t.Globals(ctx)
		lines := make([]globalLine, len(names))
		for i, n := range names {
			pid, _ := n.ID.(gen.PID)
			lines[i] = globalLine{etf.Format(n.Name), pidOf(pid)}
		}
		return lines, err
	})
}

// whereisLine is a registered name in the output.
type whereisLine struct {
	Name     string `json:"name"`
	ID       string `json:"id"` // a pid or a port
	Messages int64  `json:"messages"`
	Memory   int64  `json:"memory"` // bytes
	Current  string `json:"current_function,omitempty"`
}

func (a *app) whereisCommand() *cobra.Command {
	view := output.View[whereisLine]{
		Kind: "whereis",
		Columns: []output.Column[whereisLine]{
			{Head: "NAME", Cell: func(l whereisLine) string { return l.Name }},
			{Head: "ID", Cell: func(l whereisLine) string { return l.ID }},
			{Head: "MESSAGES", Cell: func(l whereisLine) string { return strconv.FormatInt(l.Messages, 10) }, Right: true},
			{Head: "MEMORY", Cell: func(l whereisLine) string { return byteText(l.Memory) }, Right: true},
			{Head: "CURRENT", Wide: true, Cell: func(l whereisLine) string { return l.Current }},
		},
		Name: func(l whereisLine) string { return l.Name },
	}
	return list(a, &cobra.Command{
		Use:     "whereis NODE [NAME]",
		Short:   "List the names that are registered on a node",
		Long:    "Whereis lists the processes and ports that are registered by a name on NODE, or one of them. A name that nobody\nhas is exit code 3.",
		Example: "  gonode whereis a@127.0.0.1\n  gonode whereis a@127.0.0.1 kernel_sup -o wide",
	}, view, "there is no process or port with the name", func(ctx context.Context, t remote.Target) ([]whereisLine, error) {
		names, err := t.Registered(ctx)
		lines := make([]whereisLine, len(names))
		for i, n := range names {
			lines[i] = whereisLine{etf.Format(n.Name), etf.Format(n.ID), n.Messages, n.Memory, remote.MFA(n.Current)}
		}
		return lines, err
	})
}

// byteText prints a number of bytes for people.
func byteText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%dGiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%dMiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%dKiB", n>>10)
	}
	return fmt.Sprintf("%dB", n)
}
