package integration

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
)

// operations is what TestOperations expects of a release. "in" is into a Go node, "out" out of one; what a BEAM sends by
// itself, and what our node does; the rest of all that there are comes from, and goes to, a speaker.
type operations struct {
	flags    dist.Flags // that the release makes a node have (UNLINK_ID from OTP 26 on)
	in, out  string     // by a BEAM, by a Go node
	accepted string     // by a BEAM, from the node or a speaker
}

const (
	// allOperations are those of the protocol, but for NODE_LINK (5), for which OTP drops a link.
	allOperations = "1 2 3 4 6 7 8 12 13 16 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37"

	// What a BEAM of any release sends us: no exit/2 has a token (18, 27), and a reply to a spawn request has one only if the
	// request had (32), which no node of ours sends.
	inAlways  = "1 2 3 6 7 8 12 13 16 19 20 21 22 23 24 25 26 28 29 30 31"
	outAlways = "1 2 3 6 8 19 20 21 22 24 26 28 29 31"

	// What a BEAM of any release takes.
	acceptedAlways = "1 2 3 6 7 8 12 13 16 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32"
)

func expectedOperations(release string) operations {
	return map[string]operations{
		"23": {0, inAlways + " 4", outAlways + " 4", acceptedAlways + " 4"},
		"25": {0, inAlways + " 4 33 34 35 36", outAlways + " 4 33 35 36", acceptedAlways + " 4 33 34 35 36"},
		"27": {dist.FlagUnlinkID, inAlways + " 33 34 35 36", outAlways + " 33 35 36", acceptedAlways + " 33 34 35 36"},
		"29": {dist.FlagUnlinkID, inAlways + " 33 34 35 36 37", outAlways + " 33 35 36 37", acceptedAlways + " 33 34 35 36 37"},
	}[release]
}

// older are the flags without those that replace operations by newer ones.
const older = dist.Visible &^ (dist.FlagExitPayload | dist.FlagSendSender | dist.FlagUnlinkID | dist.FlagAltactSig)

// TestOperations: every operation of the protocol, with and without a trace token, crosses the wire in both directions,
// does what it is to do, and disturbs nobody. What a BEAM, or a node here, never sends comes from a speaker.
func TestOperations(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		want := expectedOperations(release)
		c := newCluster(t, release)
		b := c.beam(release, "b")
		o := &operationsSeen{t: t, in: map[int]string{}, out: map[int]string{}}
		eval(t, b, "true", "is_pid(gonode_operations:listener(listener))")
		for name, flags := range map[string]dist.Flags{"go": dist.Visible, "old": older | want.flags} {
			g, p := c.tapped(name, b, flags)
			log := operationsTarget(t, g)
			nodeOperations(t, g, b, log)
			o.note(p, "BEAM", "node")
			speakerOperations(t, g, log, o, flags)
			fromSpeaker(t, b, o, "speaker_"+name+"@127.0.0.1", flags)
			eval(t, b, "pong", "net_adm:ping('%s')", g.Name())
		}
		t.Logf("OTP %s:\n%s", release, o)
		require.Equal(t, numbers(want.in), o.by(o.in, "BEAM"), "what a BEAM sends a Go node")
		require.Equal(t, numbers(want.out), o.by(o.out, "node"), "what a Go node sends a BEAM")
		require.Equal(t, numbers(allOperations), slices.Sorted(maps.Keys(o.in)), "what a Go node takes")
		require.Equal(t, numbers(want.accepted), slices.Sorted(maps.Keys(o.out)), "what a BEAM takes from Go")
		quiet(t, b)
	})
}

// operationsSeen is who has sent which operation into a Go node, and out of Go code to a BEAM.
type operationsSeen struct {
	t       *testing.T
	in, out map[int]string
}

// note takes what has crossed a tap that a Go node, or a speaker, dialled through.
func (o *operationsSeen) note(p *tap, by, dialler string) {
	forth, back := p.seen()
	for _, op := range forth {
		o.out[op] = add(o.out[op], dialler)
	}
	for _, op := range back {
		o.in[op] = add(o.in[op], by)
	}
}

func add(to, by string) string {
	if strings.Contains(to, by) {
		return to
	}
	return strings.TrimSpace(to + " " + by)
}

func (o *operationsSeen) by(of map[int]string, who string) []int {
	var ops []int
	for op, by := range of {
		if strings.Contains(by, who) {
			ops = append(ops, op)
		}
	}
	slices.Sort(ops)
	return ops
}

// String is the table.
func (o *operationsSeen) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  op  into the node   out to the BEAM\n")
	for _, op := range numbers(allOperations) {
		fmt.Fprintf(&b, "  %2d  %-15s %s\n", op, o.in[op], o.out[op])
	}
	return b.String()
}

func numbers(s string) []int {
	var list []int
	for _, f := range fields(s) {
		var n int
		fmt.Sscan(f, &n)
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// tapped starts a Go node that reaches b through a tap.
func (c *cluster) tapped(name string, b *beam.Node, flags dist.Flags) (*node.Node, *tap) {
	c.t.Helper()
	p := newTap(c.t, fmt.Sprintf("127.0.0.1:%d", b.DistPort(c.t)))
	g := c.goNode(name, quietly, func(cfg *node.Config) {
		cfg.Flags, cfg.MeshInterval = flags, -1
		cfg.Resolve = func(context.Context, string) (string, error) { return p.addr(), nil }
	})
	require.NoError(c.t, g.Connect(ctxFor(c.t, patience), b.Name()))
	return g, p
}

// operationsTarget starts what gonode_operations:signals/2 and speaker.everything send to. It returns what came there.
func operationsTarget(t *testing.T, g *node.Node) <-chan string {
	t.Helper()
	log := make(chan string, 1000)
	ran := func(label any) { log <- "spawn " + etf.Format(label) }
	require.NoError(t, g.Export("operations", "run", ran))
	require.NoError(t, g.Export("lists", "max", func(list []int) int { return slices.Max(list) }))
	spawnEach(t, g, "target", gen.ProcessOptions{}, &each{
		init: func(e *each) { e.SetTrapExit(true) },
		message: func(_ *each, m any) error {
			if exit, ok := m.(gen.MessageExitPID); ok {
				m = reasonOf(exit.Reason)
			}
			if t, ok := m.(etf.Tuple); ok && len(t) == 2 {
				log <- etf.Format(t[0]) + " " + etf.Format(t[1])
			}
			return nil
		},
		call: func(e *each, _ gen.PID, _ gen.Ref, request any) (any, error) {
			switch request {
			case gen.Atom("pid"):
				return e.PID(), nil
			case gen.Atom("alias"):
				alias, err := e.CreateAlias()
				return gen.Ref(alias), err
			}
			return gen.Atom("ok"), nil
		},
	})
	return log
}

// requireLogged asserts that each kind of signal has come with the label.
func requireLogged(t *testing.T, log <-chan string, label string, kinds ...string) {
	t.Helper()
	var got []string
	for range kinds {
		select {
		case s := <-log:
			got = append(got, s)
		case <-time.After(patience):
			require.FailNow(t, "something did not come", "got %v of %v", got, kinds)
		}
	}
	for i := range kinds {
		kinds[i] += " " + label
	}
	require.ElementsMatch(t, kinds, got)
}

// nodeOperations has b and g do to each other all that they can.
func nodeOperations(t *testing.T, g *node.Node, b *beam.Node, log <-chan string) {
	t.Helper()
	for _, label := range []string{"none", "17"} {
		eval(t, b, "ok", "gonode_operations:signals('%s', %s)", g.Name(), label)
		requireLogged(t, log, label, "pid", "name", "alias", "linked", "exit2", "spawn")
	}
	ctx := ctxFor(t, patience)
	m, err := g.Mailbox("")
	require.NoError(t, err)
	to := gen.ProcessID{Name: "listener", Node: atom(b.Name())}
	var pid gen.PID
	require.NoError(t, m.Call(ctx, to, gen.Atom("pid"), &pid))
	var alias any
	require.NoError(t, m.Call(ctx, to, gen.Atom("alias"), &alias))
	require.NoError(t, m.Send(ctx, pid, gen.Atom("to_pid")))
	if ref, ok := alias.(gen.Ref); ok {
		require.NoError(t, m.Send(ctx, gen.Alias(ref), gen.Atom("to_alias")))
	}
	require.NoError(t, m.Link(ctx, pid))
	require.NoError(t, m.Unlink(pid))
	require.NoError(t, m.Exit(pid, gen.Atom("exit2")))
	s, err := g.Spawn(ctx, b.Name(), "timer", "sleep", []any{60_000}, node.SpawnMonitor(m.PID()), node.SpawnLink(m.PID()))
	require.NoError(t, err)
	require.NoError(t, g.Exit(gen.PID{}, s.PID, gen.Atom("enough")))
	for range 2 {
		_, err := m.Receive(ctx)
		require.NoError(t, err)
	}
	// The mailbox ends, linked to and monitored by the listener.
	require.NoError(t, m.Link(ctx, pid))
	sendTo(t, g, b, "watcher", m.PID(), "gen_server:call(listener, {do, fun() -> is_reference(monitor(process, M)) end}), M ! watched")
	_, err = m.Receive(ctx)
	require.NoError(t, err)
	m.CloseWith(&node.ExitReason{Term: gen.Atom("bye")})
	kinds := "[bye,bye,exit2,to_pid]"
	if _, ok := alias.(gen.Ref); ok {
		kinds = "[bye,bye,exit2,to_alias,to_pid]"
	}
	evalWithin(t, patience, b, kinds, "lists:sort([case M of {'EXIT', _, W} -> W; {'DOWN', _, _, _, W} -> W; _ -> M end "+
		"|| {M, none} <- gonode_operations:heard(listener)])")
	eval(t, b, "ok", "begin exit(whereis(listener), kill), true = gonode_test:wait(fun() -> undefined =:= whereis(listener) end), "+
		"gonode_operations:listener(listener), ok end")
}

// speakerOperations has a speaker send g what no BEAM does.
func speakerOperations(t *testing.T, g *node.Node, log <-chan string, o *operationsSeen, flags dist.Flags) {
	t.Helper()
	flags &^= dist.FlagPublished
	if flags&dist.FlagExitPayload == 0 { // a peer like OTP 23
		flags &^= dist.FlagUnlinkID
	}
	p := newTap(t, fmt.Sprintf("127.0.0.1:%d", g.Addr().(*net.TCPAddr).Port))
	s := newSpeaker(t, "speaker@127.0.0.1", g.Name(), p.addr(), flags)
	for label, traced := range map[string]bool{"none": false, "17": true} {
		s.everything("target", traced)
		requireLogged(t, log, label, "pid", "name", "alias", "linked", "exit2")
	}
	m, err := g.Mailbox("")
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, m.Link(ctxFor(t, patience), s.self()))
	require.NoError(t, m.Unlink(s.self()))
	made, err := g.Spawn(ctxFor(t, patience), "speaker@127.0.0.1", "m", "f", nil) // answered with a token
	require.NoError(t, err)
	require.NotZero(t, made.PID)
	require.NoError(t, s.conn.Err())
	forth, _ := p.seen()
	for _, op := range forth {
		o.in[op] = add(o.in[op], "speaker")
	}
}

// fromSpeaker has a speaker send b what no Go node does.
func fromSpeaker(t *testing.T, b *beam.Node, o *operationsSeen, name string, flags dist.Flags) {
	t.Helper()
	p := newTap(t, fmt.Sprintf("127.0.0.1:%d", b.DistPort(t)))
	s := newSpeaker(t, name, b.Name(), p.addr(), flags&^dist.FlagPublished)
	for _, traced := range []bool{false, true} {
		s.everything("listener", traced)
	}
	require.Equal(t, "true", b.Eval(t, "begin P = spawn('"+name+"', m, f, []), node(P) =:= '"+name+"' end"))
	// An exit of a link has a token where one was sent with it; so has all else that is a signal with one.
	want := "[{alias,17,17},{alias,none,none},{exit2,17,17},{exit2,none,none},{linked,17,17},{linked,none,none}," +
		"{name,17,17},{name,none,none},{pid,17,17},{pid,none,none}]"
	if s.conn.Flags()&(dist.FlagAlias|dist.FlagAltactSig) == 0 { // an untraced message to the pid instead
		want = strings.Replace(want, "{alias,17,17}", "{alias,17,none}", 1)
	}
	evalWithin(t, patience, b, want, "lists:sort([case M of {'EXIT', _, {K, V}} -> {K, V, L}; {K, V} -> {K, V, L} end "+
		"|| {M, L} <- gonode_operations:heard(listener)])")
	eval(t, b, "true", "node(element(2, process_info(whereis(listener), group_leader))) =:= '%s'", name)
	require.NoError(t, s.conn.Err())
	forth, _ := p.seen()
	for _, op := range forth {
		o.out[op] = add(o.out[op], "speaker")
	}
	eval(t, b, "ok", "begin exit(whereis(listener), kill), true = gonode_test:wait(fun() -> undefined =:= whereis(listener) end), "+
		"gonode_operations:listener(listener), ok end")
}
