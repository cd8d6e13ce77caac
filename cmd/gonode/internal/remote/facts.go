package remote

import (
	"context"
	"slices"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Facts is what a member of a cluster says of itself. What it does not say, as a node that is no BEAM does not, has its zero
// value.
type Facts struct {
	Node       string
	Hidden     bool // as the target sees it
	Nodes      []string
	NodesKnown bool          // Nodes is what it answered
	TickTime   time.Duration // net_ticktime
	Release    string
	ConnectAll bool     // not -connect_all false
	Overlap    gen.Atom // prevent_overlapping_partitions: true, false, or undefined for the default of the release
	Cookie     string   // never to be printed
}

// Facts asks all that the target is connected to, and the target itself, through it.
func (t Target) Facts(ctx context.Context) ([]Facts, error) {
	members, err := t.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Facts, len(members))
	each(len(members), func(i int) {
		ctx, cancel := context.WithTimeout(ctx, memberTime)
		defer cancel()
		all[i] = t.facts(ctx, members[i])
	})
	return all, ctx.Err()
}

// ask calls a function of a member through the target.
func (t Target) ask(ctx context.Context, member, module, function string, args ...any) (any, error) {
	if member == t.Name {
		return t.Call(ctx, module, function, args...)
	}
	return t.Call(ctx, "erpc", "call", gen.Atom(member), gen.Atom(module), gen.Atom(function), etf.List(args), memberTime.Milliseconds())
}

func (t Target) facts(ctx context.Context, m Member) Facts {
	f := Facts{Node: m.Node, Hidden: m.Kind == KindHidden, ConnectAll: true}
	if term, err := t.ask(ctx, m.Node, "erlang", "nodes"); err == nil {
		var names []gen.Atom
		f.NodesKnown = etf.Unmarshal(term, &names) == nil
		for _, name := range names {
			f.Nodes = append(f.Nodes, string(name))
		}
		slices.Sort(f.Nodes)
	}
	if term, err := t.ask(ctx, m.Node, "net_kernel", "get_net_ticktime"); err == nil {
		seconds, _ := term.(int64) // {ongoing_change_to, _} while it changes
		f.TickTime = time.Duration(seconds) * time.Second
	}
	if term, err := t.ask(ctx, m.Node, "erlang", "system_info", gen.Atom("otp_release")); err == nil {
		f.Release, _ = etf.Text(term)
	}
	env := func(key gen.Atom) any {
		term, _ := t.ask(ctx, m.Node, "application", "get_env", gen.Atom("kernel"), key)
		if pair, ok := term.(etf.Tuple); ok && len(pair) == 2 {
			return pair[1]
		}
		return gen.Atom("undefined")
	}
	f.Overlap, _ = env("prevent_overlapping_partitions").(gen.Atom)
	if env("connect_all") == gen.Atom("false") {
		f.ConnectAll = false
	}
	if term, err := t.ask(ctx, m.Node, "init", "get_argument", gen.Atom("connect_all")); err == nil {
		f.ConnectAll = f.ConnectAll && etf.Format(term) != `{ok,[["false"]]}`
	}
	if term, err := t.ask(ctx, m.Node, "erlang", "get_cookie"); err == nil {
		cookie, _ := term.(gen.Atom)
		f.Cookie = string(cookie)
	}
	return f
}

// Sees asks a member, through the target, where it finds another node: the address of its host, and the port that epmd
// there gives. What fails is said in words.
func (t Target) Sees(ctx context.Context, member, alive, host string) (address string, port int64, trouble string) {
	term, err := t.ask(ctx, member, "inet", "getaddr", charlist(host), gen.Atom("inet"))
	pair, _ := term.(etf.Tuple)
	switch {
	case err != nil:
		return "", 0, ""
	case len(pair) != 2 || pair[0] != gen.Atom("ok"):
		return "", 0, host + " has no address there"
	}
	address = etf.Format(pair[1])
	term, err = t.ask(ctx, member, "erl_epmd", "port_please", charlist(alive), charlist(host))
	found, _ := term.(etf.Tuple)
	if err != nil {
		return address, 0, ""
	}
	if len(found) < 2 || found[0] != gen.Atom("port") {
		return address, 0, "epmd on " + host + " knows no " + alive + " there"
	}
	port, _ = found[1].(int64)
	return address, port, ""
}
