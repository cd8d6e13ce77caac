package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
)

const signalCount = 300

// TestSignalOrder: signals of all kinds from one process to another come in the order in which they were sent: messages
// by pid and by name, fragmented messages, casts, calls, exits, and the end of the sender, by link and by monitor.
func TestSignalOrder(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		t.Run("mailbox", func(t *testing.T) { signalsToMailbox(t, g, b) })
		t.Run("actor", func(t *testing.T) { signalsToActor(t, g, b) })
		t.Run("out", func(t *testing.T) { signalsOut(t, g, b) })
		quiet(t, b)
	})
}

// signalOf returns what a signal of gonode_load:signals/3 says, as the actor or the mailbox that gets it sees it.
func signalOf(message any) any {
	switch m := message.(type) {
	case gen.MessageExitPID:
		message = reasonOf(m.Reason)
	case node.Exit:
		message = reasonOf(m.Reason)
	case *node.Request:
		message = m.Body
	case node.Down:
		return "down"
	}
	if message == gen.Atom("bye") {
		return "exit"
	}
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 2 {
		return fmt.Sprintf("%.100v", message)
	}
	j, _ := t[0].(int64)
	if large, ok := t[1].([]byte); ok && !bytes.Equal(large, bytes.Repeat([]byte{byte(j)}, 100*1024+int(j))) {
		return "garbled"
	}
	return t[0]
}

func signalsToMailbox(t *testing.T, g *node.Node, b *beam.Node) {
	box, err := g.Mailbox("box")
	require.NoError(t, err)
	defer box.Close()
	next := func() any {
		m, err := box.Receive(ctxFor(t, patience))
		require.NoError(t, err)
		return m.Body
	}
	sendTo(t, g, b, "signaller", box.PID(), "gonode_load:signals(box, M, %d)", signalCount)
	from := next().(etf.Tuple)[1].(gen.PID)
	_, err = box.Monitor(t.Context(), from)
	require.NoError(t, err)
	require.NoError(t, box.Send(t.Context(), from, gen.Atom("go")))
	var seen []any
	for range signalCount + 2 {
		seen = append(seen, signalOf(next()))
	}
	requireNumbered(t, seen)
	require.ElementsMatch(t, []any{"exit", "down"}, seen[signalCount:])
}

func signalsToActor(t *testing.T, g *node.Node, b *beam.Node) {
	got := make(chan any, signalCount+10)
	log := &each{
		init: func(e *each) { e.SetTrapExit(true) },
		message: func(e *each, m any) error {
			if t, ok := m.(etf.Tuple); ok && t[0] == gen.Atom("hello") {
				from := t[1].(gen.PID)
				// Ergo's own MonitorPID has its DOWN overtake what waits in the mailbox.
				_, err := g.Monitor(context.Background(), e.PID(), from)
				alias, err2 := e.CreateAlias()
				return errors.Join(err, err2, e.Send(from, etf.Tuple{gen.Atom("go"), alias}))
			}
			got <- signalOf(m)
			return nil
		},
		call: func(_ *each, _ gen.PID, _ gen.Ref, request any) (any, error) {
			got <- signalOf(request)
			return nil, nil
		},
	}
	pid := spawnEach(t, g, "log", gen.ProcessOptions{}, log)
	sendTo(t, g, b, "signaller", pid, "gonode_load:signals(log, M, %d)", signalCount)
	var seen []any
	for range signalCount + 2 {
		seen = append(seen, receive(t, got))
	}
	requireNumbered(t, seen)
	require.ElementsMatch(t, []any{"exit", "down"}, seen[signalCount:])
}

// requireNumbered asserts that the first signalCount of seen are 0, 1, 2 ...
func requireNumbered(t *testing.T, seen []any) {
	t.Helper()
	for j := range signalCount {
		require.Less(t, j, len(seen), "signal %d did not come", j)
		require.EqualValues(t, j, seen[j], "what came at place %d", j)
	}
}

func signalsOut(t *testing.T, g *node.Node, b *beam.Node) {
	signaller := &each{message: func(e *each, m any) error {
		return signalAll(e, m, "watcher", signalCount)
	}}
	spawnEach(t, g, "signaller", gen.ProcessOptions{}, signaller)
	whois(t, g)
	got := b.EvalTerm(t, "Self = self(), spawn(fun() -> register(watcher, self()), receive {pid, P} -> "+
		"gonode_load:watch_signals(signaller, P, Self) end end), timer:sleep(20), "+
		"watcher ! {pid, gen_server:call({whois, 'go@127.0.0.1'}, signaller)}, receive {_, Seen} -> Seen end").(etf.List)
	requireNumbered(t, got)
	require.ElementsMatch(t, etf.List{gen.Atom("exit"), gen.Atom("down"), gen.Atom("down")}, got[signalCount:])
}

// signalAll answers {go, Pid, Alias} with signals of all kinds, and the end. Pid is registered as name, unless that is
// empty.
func signalAll(e *each, m any, name gen.Atom, count int) error {
	t := m.(etf.Tuple)
	to := t[1].(gen.PID)
	for j := range count {
		var byName any = gen.ProcessID{Name: name, Node: to.Node}
		if name == "" {
			byName = to
		}
		if err := signal(e, j, to, byName, aliasOf(t[2])); err != nil {
			return err
		}
	}
	return &node.ExitReason{Term: gen.Atom("bye")}
}

// signal is gonode_load:signal/5.
func signal(e *each, j int, pid gen.PID, name, alias any) error {
	switch j % 5 {
	case 0:
		return e.Send(pid, etf.Tuple{j, gen.Atom("small")})
	case 1:
		return e.Send(name, etf.Tuple{j, gen.Atom("name")})
	case 3:
		return e.Send(alias, etf.Tuple{j, gen.Atom("alias")})
	case 2:
		return e.Send(pid, etf.Tuple{j, bytes.Repeat([]byte{byte(j)}, 100*1024+j)})
	}
	return e.SendExit(pid, &node.ExitReason{Term: etf.Tuple{j, gen.Atom("exit")}})
}

// whois starts an actor that answers a name with the pid of that name.
func whois(t *testing.T, g *node.Node) {
	t.Helper()
	spawnEach(t, g, "whois", gen.ProcessOptions{}, &each{call: func(_ *each, _ gen.PID, _ gen.Ref, request any) (any, error) {
		name, _ := request.(gen.Atom)
		return g.Runtime().ProcessPID(name)
	}})
}

// TestWatchThenEnd: who links or monitors a process and then tells it to end learns why, and never that there was none.
func TestWatchThenEnd(t *testing.T) {
	const times = 200
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		pids := etf.List{}
		for range times {
			pids = append(pids, spawnEach(t, g, "", gen.ProcessOptions{}, &each{message: func(_ *each, m any) error {
				return &node.ExitReason{Term: m}
			}}))
		}
		got := make(chan any, 1)
		spawnEach(t, g, "report", gen.ProcessOptions{}, &each{message: func(_ *each, m any) error { got <- m; return nil }})
		sendTo(t, g, b, "ender", pids, "begin process_flag(trap_exit, true), {report, 'go@127.0.0.1'} ! "+
			"[begin link(P), R = monitor(process, P), P ! enough, "+
			"{receive {'EXIT', P, W} -> W after 5000 -> timeout end, receive {'DOWN', R, _, _, V} -> V after 5000 -> timeout end} end || P <- M] end")
		for _, why := range receive(t, got).(etf.List) {
			require.Equal(t, etf.Tuple{gen.Atom("enough"), gen.Atom("enough")}, why)
		}
		// A spawn reply comes before anything else of the child.
		require.NoError(t, g.Export("quick", "end", func() {}))
		eval(t, b, "[{spawn_reply,'DOWN'}]", "lists:usort([begin R = spawn_request('go@127.0.0.1', quick, 'end', [], [monitor]), "+
			"{receive M when element(2, M) =:= R -> element(1, M) after 5000 -> timeout end, "+
			"receive N when element(2, N) =:= R -> element(1, N) after 5000 -> timeout end} end || _ <- lists:seq(1, %d)])", times)

		// The other way round.
		victims := decodePIDs(t, g, b, fmt.Sprintf("[spawn(fun() -> receive M -> exit(M) end end) || _ <- lists:seq(1, %d)]", times))
		var errs []error
		ends := inActor(t, g, func(p *caller) {
			p.SetTrapExit(true)
			for _, pid := range victims {
				errs = append(errs, p.LinkPID(pid), p.MonitorPID(pid), p.Send(pid, gen.Atom("enough")))
			}
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		for range 2 * times {
			var reason error
			switch m := receive(t, ends).(type) {
			case gen.MessageExitPID:
				reason = m.Reason
			case gen.MessageDownPID:
				reason = m.Reason
			}
			require.Equal(t, &node.ExitReason{Term: gen.Atom("enough")}, reason)
		}
		quiet(t, b)
	})
}
