package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// The kinds of a Member.
const (
	KindSelf    = "self"    // the node that was asked
	KindVisible = "visible" // in its nodes()
	KindHidden  = "hidden"  // in its nodes(hidden)
)

// Member is a node that another one is connected to.
type Member struct {
	Node    string
	Kind    string
	Address string        // of its end of the connection; empty if that is not known
	Release string        // of OTP; empty if it does not say, as a node that is no BEAM
	RTT     time.Duration // from the node that was asked to it; 0 if it did not answer
}

// Nodes returns who the target is connected to, visible and hidden, but for the node that asks, and the target itself
// first. Release and RTT are left empty: see Members.
func (t Target) Nodes(ctx context.Context) ([]Member, error) {
	members, err := t.nodesInfo(ctx)
	if errors.Is(err, node.ErrUndef) { // no BEAM
		members, err = t.nodesOnly(ctx)
	}
	if err != nil {
		return nil, err
	}
	self := Member{Node: t.Name, Kind: KindSelf}
	for _, p := range t.From.Nodes() {
		if p.Name == t.Name {
			self.Address = p.Address
		}
	}
	members = slices.DeleteFunc(members, func(m Member) bool { return m.Node == t.From.Name() })
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Node, b.Node) })
	return append([]Member{self}, members...), nil
}

// nodesInfo asks net_kernel:nodes_info/0: {ok, [{Node, [{type, normal}, {address, #net_address{}}, ...]}]}.
func (t Target) nodesInfo(ctx context.Context) ([]Member, error) {
	term, err := t.Call(ctx, "net_kernel", "nodes_info")
	if err != nil {
		return nil, err
	}
	answer, _ := term.(etf.Tuple)
	if len(answer) != 2 || answer[0] != gen.Atom("ok") {
		return nil, fmt.Errorf("net_kernel:nodes_info/0 on %s: %s", t.Name, etf.FormatLimit(term, 100))
	}
	list, _ := answer[1].(etf.List)
	var members []Member
	for _, elem := range list {
		if pair, ok := elem.(etf.Tuple); ok && len(pair) == 2 {
			if m, up := member(pair[0], pair[1]); up {
				members = append(members, m)
			}
		}
	}
	return members, nil
}

// member reads what net_kernel knows of a node, and whether that is connected.
func member(name, info any) (Member, bool) {
	atom, _ := name.(gen.Atom)
	m := Member{Node: string(atom), Kind: KindVisible}
	up := true
	list, _ := info.(etf.List)
	for _, elem := range list {
		pair, _ := elem.(etf.Tuple)
		if len(pair) != 2 {
			continue
		}
		switch pair[0] {
		case gen.Atom("state"):
			up = pair[1] == gen.Atom("up")
		case gen.Atom("type"):
			if pair[1] == gen.Atom("hidden") {
				m.Kind = KindHidden
			}
		case gen.Atom("address"):
			m.Address = netAddress(pair[1])
		}
	}
	return m, up
}

// netAddress reads {net_address, {IP, Port}, Host, Protocol, Family}.
func netAddress(term any) string {
	t, _ := term.(etf.Tuple)
	if len(t) != 5 {
		return ""
	}
	at, _ := t[1].(etf.Tuple)
	if len(at) != 2 {
		return ""
	}
	ip, _ := at[0].(etf.Tuple)
	port, _ := at[1].(int64)
	var bytes net.IP
	for _, part := range ip {
		n, _ := part.(int64)
		if len(ip) == net.IPv6len/2 {
			bytes = append(bytes, byte(n>>8))
		}
		bytes = append(bytes, byte(n))
	}
	if len(bytes) != net.IPv4len && len(bytes) != net.IPv6len {
		return ""
	}
	return net.JoinHostPort(bytes.String(), strconv.FormatInt(port, 10))
}

// nodesOnly asks erlang:nodes/0, which is all that some nodes answer.
func (t Target) nodesOnly(ctx context.Context) ([]Member, error) {
	names, err := t.Visible(ctx)
	var members []Member
	for _, name := range names {
		members = append(members, Member{Node: name, Kind: KindVisible})
	}
	return members, err
}

// Visible returns the target's nodes(), without the node that asks.
func (t Target) Visible(ctx context.Context) ([]string, error) {
	var names []gen.Atom
	if err := t.From.RPC(ctx, t.Name, "erlang", "nodes", &names); err != nil {
		return nil, err
	}
	var list []string
	for _, name := range names {
		if string(name) != t.From.Name() {
			list = append(list, string(name))
		}
	}
	slices.Sort(list)
	return list, nil
}

// memberTime is how long a single member may take to answer.
const memberTime = 2 * time.Second

// atOnce is how many members are asked at the same time.
const atOnce = 16

// Members is Nodes, with the release and the round trip of each, which the target is made to ask for: the node that asks
// connects to nobody else.
func (t Target) Members(ctx context.Context) ([]Member, error) {
	members, err := t.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	each(len(members), func(i int) {
		ctx, cancel := context.WithTimeout(ctx, memberTime)
		defer cancel()
		t.fill(ctx, &members[i])
	})
	return members, ctx.Err()
}

// each calls do with 0 to n-1, some at once, and waits for all.
func each(n int, do func(int)) {
	var asking sync.WaitGroup // each ends by the context of what it calls
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	asking.Wait()
}

// fill asks a member for what is not known of it yet. What it does not say stays empty.
func (t Target) fill(ctx context.Context, m *Member) {
	if m.Kind == KindSelf {
		m.RTT, _ = t.From.Ping(ctx, m.Node)
		m.Release, _ = t.release(ctx)
		return
	}
	name := gen.Atom(m.Node)
	release, err := t.Call(ctx, "erpc", "call", name, gen.Atom("erlang"), gen.Atom("system_info"),
		etf.List{gen.Atom("otp_release")}, int64(memberTime/time.Millisecond))
	if err == nil {
		m.Release, _ = etf.Text(release)
	}
	timed, err := t.Call(ctx, "timer", "tc", gen.Atom("net_adm"), gen.Atom("ping"), etf.List{name})
	if pair, ok := timed.(etf.Tuple); err == nil && ok && len(pair) == 2 && pair[1] == gen.Atom("pong") {
		micros, _ := pair[0].(int64)
		m.RTT = time.Duration(micros) * time.Microsecond
	}
}

// release returns the target's release of OTP.
func (t Target) release(ctx context.Context) (string, error) {
	term, err := t.Call(ctx, "erlang", "system_info", gen.Atom("otp_release"))
	if err != nil {
		return "", err
	}
	text, _ := etf.Text(term)
	return strings.TrimSpace(text), nil
}
