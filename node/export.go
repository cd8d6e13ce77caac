package node

import (
	"context"
	"path"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/kernel"
)

// Permission lets nodes call exported functions.
type Permission struct {
	// Nodes are patterns of node names, as of path.Match: "ops@*". Empty means every node.
	Nodes []string

	// Functions are patterns of "module:function": "math:*". Empty means every exported function.
	Functions []string
}

// Export offers fn to other nodes as module:function, for rpc and erpc of all kinds and for spawn. Its arguments and
// results go through etf.Unmarshal and etf.Marshal; a context.Context as the first parameter is done when the caller has
// given up or is gone; an error as the last result is returned as {error, Text}, or as the term that it carries
// (*ExitReason); a process that was spawned for the function ends with that as its reason. A call with another number of arguments is undef, with arguments that do not fit badarg; a panic is an
// exception with the stack. Every call runs in a goroutine of its own. Config.Permissions says who may call.
//
// Nothing that was not exported can be run, but erlang:node/0, nodes/0 and whereis/1, which every node answers. The error
// tells what can't be exported: what is no function, or variadic.
func (n *Node) Export(module, function string, fn any) error {
	return n.exports.Add(module, function, fn)
}

// Unexport takes module:function back, whatever its number of arguments. Calls under way go on. It reports whether there
// was one.
func (n *Node) Unexport(module, function string) bool { return n.exports.Remove(module, function) }

// callerKey and selfKey are the keys of the calling process and of the process that runs the function in a context.
type (
	callerKey struct{}
	selfKey   struct{}
)

// Self returns the pid of the process that runs the exported function whose context ctx is.
func Self(ctx context.Context) (gen.PID, bool) {
	pid, ok := ctx.Value(selfKey{}).(gen.PID)
	return pid, ok
}

// Caller returns the process that called the exported function whose context ctx is.
func Caller(ctx context.Context) (gen.PID, bool) {
	pid, ok := ctx.Value(callerKey{}).(gen.PID)
	return pid, ok
}

// exportOwn offers what every node answers, whatever its permissions: who it is and whom it knows, so that others find the
// members of a cluster through a Go node too.
func (n *Node) exportOwn() error {
	for name, fn := range map[string]any{
		"node":  func() gen.Atom { return n.name },
		"nodes": n.visibleNodes,
		"whereis": func(name gen.Atom) any {
			pid, err := n.ergo.ProcessPID(name)
			if err != nil {
				return gen.Atom("undefined")
			}
			return pid
		},
	} {
		if err := n.own.Add("erlang", name, fn); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) visibleNodes() []gen.Atom {
	names := []gen.Atom{}
	for _, p := range n.Nodes() {
		if !p.Hidden {
			names = append(names, gen.Atom(p.Name))
		}
	}
	return names
}

// runExported runs an exported function for a caller, who may be anybody.
func (n *Node) runExported(ctx context.Context, from gen.PID, module, function gen.Atom, args etf.List) kernel.Outcome {
	if f := n.own.Find(module, function, len(args)); f != nil {
		return f.Call(ctx, args)
	}
	if !n.permitted(from.Node, module, function) {
		return kernel.Denied(module, function, args)
	}
	return n.exports.Run(context.WithValue(ctx, callerKey{}, from), module, function, args)
}

// permitted reports whether a node may call a function.
func (n *Node) permitted(peer, module, function gen.Atom) bool {
	if n.cfg.Permissions == nil {
		return true
	}
	for _, p := range n.cfg.Permissions {
		if matchAny(p.Nodes, string(peer)) && matchAny(p.Functions, string(module)+":"+string(function)) {
			return true
		}
	}
	return false
}

// matchAny reports whether one of the patterns matches; none at all matches everything. The patterns were checked.
func matchAny(patterns []string, s string) bool {
	if len(patterns) == 0 {
		return true
	}
	for _, p := range patterns {
		if ok, err := path.Match(p, s); ok && err == nil {
			return true
		}
	}
	return false
}
