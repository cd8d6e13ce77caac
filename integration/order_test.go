package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/integration/beam"
	"gonode/node"
)

const (
	orderSenders   = 64
	orderEach      = 10_000
	orderReceivers = 4
	orderLimit     = 60 * time.Second // far above what it takes, also with the race detector
)

// TestMessageOrder: what each process sends to each process arrives once, whole and in order, from a byte to 300 KiB, by pid, by
// name, by alias and as a cast; in both directions at once.
func TestMessageOrder(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))
		wait := orderOut(t, g, b)
		orderIn(t, g, b)()
		wait()
		require.Zero(t, g.Stats().Undelivered)
		quiet(t, b)
	})
}

// orderIn lets Erlang processes send to actors. It returns a function that waits for the end.
func orderIn(t *testing.T, g *node.Node, b *beam.Node) func() {
	t.Helper()
	begin := time.Now()
	check := newChecker(orderEach)
	pids := etf.List{}
	for r := range orderReceivers {
		// Each receiver has its own senders, so one checker is enough for all.
		name := gen.Atom(fmt.Sprintf("in_%d", r))
		var alias gen.Alias
		pid := spawnEach(t, g, name, gen.ProcessOptions{}, &each{
			init:    func(e *each) { alias, _ = e.CreateAlias() },
			message: func(_ *each, m any) error { check.got(m); return nil },
		})
		pids = append(pids, etf.Tuple{name, pid, alias})
	}
	sendTo(t, g, b, "flooder", pids, "gonode_load:flood(M, %d, %d)", orderSenders, orderEach)
	return func() {
		waitOrder(t, check.state)
		t.Logf("in: %v", time.Since(begin).Round(time.Millisecond))
	}
}

// sendTo starts a process on b called name that gets term as M, evaluates expr, and ends.
func sendTo(t *testing.T, g *node.Node, b *beam.Node, name gen.Atom, term any, expr string, args ...any) {
	t.Helper()
	eval(t, b, "ok", "begin Self = self(), spawn(fun() -> register(%s, self()), Self ! {self(), ready}, receive M -> %s end end), "+
		"receive {_, ready} -> ok after 5000 -> timeout end end", name, fmt.Sprintf(expr, args...))
	require.NoError(t, g.Runtime().Send(gen.ProcessID{Name: name, Node: gen.Atom(b.Name())}, term))
}

// orderOut lets actors send to Erlang processes. It returns a function that waits for the end.
func orderOut(t *testing.T, g *node.Node, b *beam.Node) func() {
	t.Helper()
	begin := time.Now()
	at := gen.Atom(b.Name())
	var names []string
	for r := range orderReceivers {
		names = append(names, fmt.Sprintf("out_%d", r))
	}
	receivers := fetch(t, g, b, fmt.Sprintf("gonode_load:receivers([%s], %d)", strings.Join(names, ", "), orderEach)).(etf.List)
	for i := range orderSenders {
		to := receivers[i%orderReceivers].(etf.Tuple)
		addresses := []any{to[0], gen.ProcessID{Name: gen.Atom(names[i%orderReceivers]), Node: at}, aliasOf(to[1])}
		sender := &each{message: func(e *each, _ any) error { sendOrdered(t, e, i, addresses); return nil }}
		require.NoError(t, g.Runtime().Send(spawnEach(t, g, "", gen.ProcessOptions{}, sender), "begin"))
	}
	return func() {
		waitOrder(t, func() (count, all int, wrong string) {
			for _, name := range names {
				var k, n int
				var state string
				text := b.Eval(t, "gonode_load:received("+name+")")
				_, err := fmt.Sscanf(strings.NewReplacer("{", "", ",", " ").Replace(text), "%d %d %s", &k, &n, &state)
				require.NoError(t, err, text)
				count, all = count+k, all+n
				if state != "ok}" {
					wrong = text
				}
			}
			return count, all, wrong
		})
		t.Logf("out: %v", time.Since(begin).Round(time.Millisecond))
	}
}

// sendOrdered runs in the sender's actor.
func sendOrdered(t *testing.T, e *each, i int, addresses []any) {
	for j := range orderEach {
		if err := e.Send(addresses[j%len(addresses)], etf.Tuple{i, j, payload(i, j)}); err != nil {
			t.Errorf("sender %d, message %d: %v", i, j, err)
			return
		}
	}
}

// aliasOf makes an address of what Erlang has for an alias: a reference, or a pid where there are none.
func aliasOf(term any) any {
	if ref, ok := term.(gen.Ref); ok {
		return gen.Alias(ref)
	}
	return term
}

// waitOrder waits until all messages are there, and asserts that nothing else came.
func waitOrder(t *testing.T, state func() (count, all int, wrong string)) {
	t.Helper()
	begin := time.Now()
	for {
		count, all, wrong := state()
		require.Empty(t, wrong)
		if all == orderSenders {
			require.Equal(t, orderSenders*orderEach, count)
			return
		}
		require.Less(t, time.Since(begin), orderLimit, "%d messages came, %d senders are through", count, all)
		time.Sleep(20 * time.Millisecond)
	}
}

// decodePIDs evaluates an expression that gives a list of pids and returns them as Go addresses them: they come as a message.
func decodePIDs(t *testing.T, g *node.Node, b *beam.Node, expr string) []gen.PID {
	t.Helper()
	var pids []gen.PID
	for _, v := range fetch(t, g, b, expr).(etf.List) {
		pids = append(pids, v.(gen.PID))
	}
	return pids
}

// fetch evaluates an expression on b, whose value comes to g as a message.
func fetch(t *testing.T, g *node.Node, b *beam.Node, expr string) any {
	t.Helper()
	got := make(chan any, 1)
	name := gen.Atom(fmt.Sprintf("fetch_%d", time.Now().UnixNano()))
	spawnEach(t, g, name, gen.ProcessOptions{}, &each{message: func(_ *each, m any) error {
		got <- m
		return gen.TerminateReasonNormal
	}})
	eval(t, b, "ok", "begin {%s, '%s'} ! %s, ok end", name, g.Name(), expr)
	return receive(t, got)
}
