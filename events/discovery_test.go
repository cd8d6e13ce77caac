package events

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drained returns what waits in a subscription.
func drained(s *Subscription) (all []Event) {
	for {
		ev, ok := s.TryNext()
		if !ok {
			return all
		}
		all = append(all, ev)
	}
}

func TestDiscoveryIsForThoseWhoAsk(t *testing.T) {
	var hub Hub
	plain := hub.Subscribe(t.Context())
	curious := hub.Subscribe(t.Context(), Discovery())
	defer plain.Close()
	defer curious.Close()
	err := errors.New("refused")
	hub.Publish(Decision{Kind: "failed", Node: "a@h", Err: err})
	hub.Publish(StrategyFailed{Source: "dns", Nodes: 3, Err: err})
	hub.Publish(NodeUp{Node: "a@h"})
	hub.Publish(StrategyRecovered{Source: "dns"})

	got := drained(plain)
	require.Len(t, got, 2)
	require.EqualValues(t, 3, got[1].(NodeUp).Seq)
	got = drained(curious)
	require.Len(t, got, 5)
	d := got[1].(Decision)
	require.Equal(t, "a@h", d.Node)
	require.EqualValues(t, 1, d.Seq)
	require.False(t, d.Time.IsZero())
	require.EqualValues(t, 2, got[2].(StrategyFailed).Seq)
	require.EqualValues(t, 4, got[4].(StrategyRecovered).Seq)
	require.Len(t, hub.Members(), 1)
}

// TestDiscoveryGoesFirst: a slow reader loses events of discovery before it loses one of a node, and is told how many.
func TestDiscoveryGoesFirst(t *testing.T) {
	q := newQueue(10)
	q.push(NodeUp{Node: "a", Seq: 1})
	q.push(NodeDown{Node: "a", Seq: 2})
	for i := range 9 {
		q.push(Decision{Seq: uint64(3 + i)})
	}
	ev, ok := q.pop()
	require.True(t, ok)
	require.Equal(t, Skipped{Count: 9, Seq: 11}, ev)
	require.Equal(t, 2, q.len())
}

// TestDiscoveryKeepsTurns: whatever comes, at whatever pace it is read, nodes go up and down in turn, all events are read
// or counted, and the queue stays small.
func TestDiscoveryKeepsTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue(rapid.IntRange(1, 20).Draw(t, "buffer"))
		var pushed, read uint64
		up, seen := map[string]bool{}, map[string]bool{}
		pop := func() bool {
			ev, ok := q.pop()
			if !ok {
				return false
			}
			switch ev := ev.(type) {
			case Skipped:
				read += ev.Count
			default:
				read++
				if node, isUp := change(ev); node != "" {
					require.NotEqual(t, isUp, seen[node], "%s twice", node)
					seen[node] = isUp
				}
			}
			return true
		}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			pushed++
			switch what := rapid.SampledFrom([]string{"a", "b", "c", "decision", "read"}).Draw(t, "what"); what {
			case "decision":
				q.push(Decision{Seq: pushed})
			case "read":
				pushed--
				pop()
			default:
				if up[what] {
					q.push(NodeDown{Node: what, Seq: pushed})
				} else {
					q.push(NodeUp{Node: what, Seq: pushed})
				}
				up[what] = !up[what]
			}
			require.LessOrEqual(t, q.len(), max(q.buffer, 4*3))
		}
		for pop() {
		}
		require.Equal(t, pushed, read)
		for node := range up {
			require.Equal(t, up[node], seen[node])
		}
	})
}
