package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/node"
)

const (
	manySenders = 64
	manySignals = 105
)

// TestSignalOrderOfMany: TestSignalOrder with 64 senders at once in each direction, so that their fragments and small
// signals are mixed on the wire: by pid, by name, by alias, casts, calls, exits, and the end by link and by monitor.
func TestSignalOrderOfMany(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go", quietly)
		require.NoError(t, g.Connect(ctxFor(t, time.Second), "b@127.0.0.1"))

		m := &manyLog{node: g, seen: make(map[gen.PID][]any)}
		pid, err := g.Runtime().SpawnRegister("many", func() gen.ProcessBehavior { return m }, gen.ProcessOptions{})
		require.NoError(t, err)
		sendTo(t, g, b, "signaller", pid, "gonode_load:many_signals(many, M, %d, %d)", manySenders, manySignals)

		signallers := etf.List{}
		for i := range manySenders {
			s := &each{message: func(e *each, m any) error { return signalAll(e, m, "", manySignals) }}
			name := gen.Atom(fmt.Sprintf("signaller_%d", i))
			signallers = append(signallers, etf.Tuple{name, spawnEach(t, g, name, gen.ProcessOptions{}, s)})
		}
		got := make(chan any, 1)
		spawnEach(t, g, "report", gen.ProcessOptions{}, &each{message: func(_ *each, m any) error { got <- m; return nil }})
		sendTo(t, g, b, "watcher", signallers, "{report, 'go@127.0.0.1'} ! gonode_load:watch_many(M)")

		eventually(t, patience, "all have come in", m.complete)
		for _, seen := range m.seen {
			requireCounted(t, seen, "exit", "down")
		}
		out := receive(t, got).(etf.List)
		require.Len(t, out, manySenders)
		for _, seen := range out {
			requireCounted(t, seen.(etf.List), gen.Atom("exit"), gen.Atom("down"), gen.Atom("down"))
		}
		quiet(t, b)
	})
}

// requireCounted asserts that the numbers come first, in order, and then the ends.
func requireCounted(t *testing.T, seen []any, ends ...any) {
	t.Helper()
	require.Len(t, seen, manySignals+len(ends), "%v", seen)
	for j := range manySignals {
		require.EqualValues(t, j, seen[j], "what came at place %d", j)
	}
	require.ElementsMatch(t, ends, seen[manySignals:])
}

// manyLog is an actor that keeps what comes, by sender.
type manyLog struct {
	act.Actor
	node *node.Node

	mu   sync.Mutex
	seen map[gen.PID][]any
	ends int
}

func (m *manyLog) Init(...any) error {
	m.SetTrapExit(true)
	return nil
}

func (m *manyLog) HandleMessage(from gen.PID, message any) error {
	if t, ok := message.(etf.Tuple); ok && t[0] == gen.Atom("hello") {
		if _, err := m.node.Monitor(context.Background(), m.PID(), from); err != nil {
			return err
		}
		alias, err := m.CreateAlias()
		if err != nil {
			return err
		}
		return m.Send(from, etf.Tuple{gen.Atom("go"), alias})
	}
	switch message := message.(type) {
	case gen.MessageExitPID:
		from = message.PID
	case node.Down:
		from = message.Process.(gen.PID)
	}
	m.note(from, signalOf(message))
	return nil
}

func (m *manyLog) HandleCall(from gen.PID, _ gen.Ref, request any) (any, error) {
	m.note(from, signalOf(request))
	return nil, nil
}

func (m *manyLog) note(from gen.PID, what any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[from] = append(m.seen[from], what)
	if what == "exit" || what == "down" {
		m.ends++
	}
}

func (m *manyLog) complete() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ends == 2*manySenders
}
