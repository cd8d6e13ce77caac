package events

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCoalesce(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to do", "+a +b -c", "+a +b -c"},
		{"came and went", "+a -a", "~2"},
		{"went and came", "-a +a", "-a +a"},
		{"still there", "+a -a +a", "~2 +a"},
		{"restarted twice", "-a +a -a +a", "~2 -a +a"},
		{"gone after all", "-a +a -a", "~2 -a"},
		{"mixed", "-a +b +a -b -a +b +a", "~4 -a +b +a"},
		{"the beginning stays", "+a +b = -a +b +c -c +a", "+a +b = ~2 -a +b +a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := newQueue(1000)
			for i, word := range strings.Fields(tt.in) {
				ev := parse(word, uint64(i+1))
				if _, ok := ev.(Synced); ok {
					q.initial = len(q.events) + 1 // all before it is what the subscription began with
				}
				q.push(ev)
			}
			q.coalesce()
			require.Equal(t, tt.want, strings.Join(popAll(&q), " "))
		})
	}
}

func parse(word string, seq uint64) Event {
	switch word[0] {
	case '+':
		return NodeUp{Node: word[1:], Seq: seq}
	case '-':
		return NodeDown{Node: word[1:], Seq: seq}
	}
	return Synced{}
}

func popAll(q *queue) []string {
	var got []string
	for {
		ev, ok := q.pop()
		if !ok {
			return got
		}
		got = append(got, text(ev))
	}
}

func TestSlowReader(t *testing.T) {
	var h Hub
	s := h.Subscribe(t.Context(), Buffer(4))
	defer s.Close()
	require.Equal(t, []string{"="}, ready(s))
	publish(&h, "+a", "+b", "-a", "+a", "-b")
	require.Equal(t, []string{"~4", "+a"}, ready(s))
	require.EqualValues(t, 4, s.Dropped())

	publish(&h, "-a", "+b", "+c", "-c", "+c")
	ev, ok := s.TryNext()
	require.True(t, ok)
	require.Equal(t, Skipped{Count: 2, Seq: 9, Time: ev.(Skipped).Time}, ev)
	require.Equal(t, []string{"-a", "+b", "+c"}, ready(s))
	require.EqualValues(t, 6, s.Dropped())
}

// TestStuckReader shows that nodes that come and go by the thousand take no room for a reader that reads nothing.
func TestStuckReader(t *testing.T) {
	var h Hub
	s := h.Subscribe(t.Context(), Buffer(10))
	defer s.Close()
	publish(&h, "+stays")
	for i := range 100_000 {
		name := fmt.Sprint("n", i)
		publish(&h, "+"+name, "-"+name)
		require.LessOrEqual(t, len(s.queue.events), 11)
	}
	got := ready(s)
	require.Contains(t, got, "+stays")
	require.LessOrEqual(t, len(got), 12)
}

// TestQueueModel compares a reader that reads now and then with the truth: whatever it misses, it sees ups and downs in
// turn, misses as many as it is told, and in the end believes what is true.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue(rapid.IntRange(1, 8).Draw(t, "buffer"))
		truth, belief := map[string]bool{}, map[string]bool{}
		pushed, read, skipped := 0, 0, 0
		pop := func() bool {
			ev, ok := q.pop()
			if !ok {
				return false
			}
			if skip, ok := ev.(Skipped); ok {
				skipped += int(skip.Count)
				return true
			}
			node, up := change(ev)
			if belief[node] == up {
				t.Fatalf("%s twice in a row", text(ev))
			}
			belief[node] = up
			read++
			return true
		}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "step") == 0 {
				pop()
				continue
			}
			node := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "node")
			truth[node] = !truth[node]
			pushed++
			if truth[node] {
				q.push(NodeUp{Node: node, Seq: uint64(pushed)})
			} else {
				q.push(NodeDown{Node: node, Seq: uint64(pushed)})
			}
			if q.len() > max(q.buffer, 24) {
				t.Fatalf("%d events wait, with a buffer of %d and 6 nodes", q.len(), q.buffer)
			}
		}
		for pop() {
		}
		for node, up := range truth {
			if belief[node] != up {
				t.Fatalf("%s: up is %v, the reader believes %v", node, up, belief[node])
			}
		}
		if read+skipped != pushed || uint64(skipped) != q.dropped {
			t.Fatalf("pushed %d, read %d, told of %d skipped, dropped %d", pushed, read, skipped, q.dropped)
		}
	})
}
