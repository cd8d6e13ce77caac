package events

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// read returns what there is to read, without the Synced, as text: +up -down, !decision, =initial.
func readNow(t *testing.T, s *Subscription) (texts []string, synced int) {
	t.Helper()
	for {
		ev, ok := s.TryNext()
		if !ok {
			return texts, synced
		}
		switch ev := ev.(type) {
		case NodeUp:
			sign := "+"
			if ev.Initial {
				sign = "="
			}
			texts = append(texts, sign+ev.Node)
		case NodeDown:
			texts = append(texts, "-"+ev.Node)
		case Decision:
			texts = append(texts, "!"+ev.Node)
		case Synced:
			synced++
		case Skipped:
			texts = append(texts, fmt.Sprintf("skipped %d", ev.Count))
		}
	}
}

func TestSince(t *testing.T) {
	var h Hub
	defer h.Close()
	h.Publish(NodeUp{Node: "a"})       // 1
	h.Publish(Decision{Node: "b"})     // 2
	h.Publish(NodeUp{Node: "b"})       // 3
	h.Publish(NodeDown{Node: "a"})     // 4
	h.Publish(Decision{Node: "a"})     // 5
	h.Publish(StrategyFailed{})        // 6
	h.Publish(NodeUp{Node: "a"})       // 7
	h.Publish(Synced{})                // nothing
	h.Publish(StrategyRecovered{})     // 8
	h.Publish(NodeUp{Node: "c@there"}) // 9
	for _, c := range []struct {
		opts    []Option
		want    []string
		resumed bool
	}{
		{[]Option{Since(0)}, []string{"+a", "+b", "-a", "+a", "+c@there"}, true},
		{[]Option{Since(3)}, []string{"-a", "+a", "+c@there"}, true},
		{[]Option{Since(3), Discovery()}, []string{"-a", "!a", "+a", "+c@there"}, true},
		{[]Option{Discovery(), Since(8)}, []string{"+c@there"}, true},
		{[]Option{Since(9)}, nil, true},
		{[]Option{Since(10)}, []string{"=b", "=a", "=c@there"}, false},
		{nil, []string{"=b", "=a", "=c@there"}, false},
	} {
		s := h.Subscribe(t.Context(), c.opts...)
		got, synced := readNow(t, s)
		require.Equal(t, c.want, got)
		require.Equal(t, 1, synced)
		require.Equal(t, c.resumed, s.Resumed())
		s.Close()
	}
}

// TestSinceGoesOn: nothing is missing and nothing comes twice between two subscriptions, wherever the first ended.
func TestSinceGoesOn(t *testing.T) {
	var h Hub
	defer h.Close()
	const events = 40
	for i := range events {
		h.Publish(NodeUp{Node: fmt.Sprint(i)})
	}
	for seq := range uint64(events) {
		s := h.Subscribe(t.Context(), Since(seq))
		got, _ := readNow(t, s)
		require.Len(t, got, events-int(seq))
		s.Close()
	}
	s := h.Subscribe(t.Context(), Since(events))
	defer s.Close()
	h.Publish(NodeDown{Node: "1"})
	got, _ := readNow(t, s)
	require.Equal(t, []string{"-1"}, got)
}

// TestHistoryIsBounded: a reader that was away for too long begins anew; much talk of discovery does not push out who came.
func TestHistoryIsBounded(t *testing.T) {
	var h Hub
	defer h.Close()
	resumes := func(opts ...Option) bool {
		s := h.Subscribe(t.Context(), opts...)
		defer s.Close()
		return s.Resumed()
	}
	h.Publish(NodeUp{Node: "a"})
	for range 3 * historySize {
		h.Publish(Decision{Node: "a"})
	}
	require.True(t, resumes(Since(0)))
	require.False(t, resumes(Since(0), Discovery()))
	require.True(t, resumes(Since(h.Stats().Published-historySize), Discovery()))
	require.False(t, resumes(Since(h.Stats().Published-historySize-1), Discovery()))
	for i := range historySize {
		h.Publish(NodeUp{Node: fmt.Sprint(i)})
	}
	require.False(t, resumes(Since(0)))
	require.True(t, resumes(Since(1)))
	require.Len(t, h.history.nodes.events, historySize)
	require.Len(t, h.history.discovery.events, historySize)
}

// TestHubStats: what slow readers miss is counted, also after they have gone.
func TestHubStats(t *testing.T) {
	var h Hub
	slow := h.Subscribe(t.Context(), Buffer(2), Discovery())
	for range 10 {
		h.Publish(Decision{Node: "a"})
	}
	st := h.Stats()
	require.EqualValues(t, 10, st.Published)
	require.Equal(t, 1, st.Subscribers)
	require.Equal(t, slow.Dropped(), st.Skipped)
	require.Positive(t, st.Skipped)
	require.Equal(t, slow.Queued(), st.Queued)
	slow.Close()
	slow.Close()
	after := h.Stats()
	require.Equal(t, HubStats{Published: 10, Skipped: st.Skipped}, after)
	h.Subscribe(t.Context(), Buffer(1))
	h.Publish(NodeUp{Node: "a"})
	h.Publish(NodeDown{Node: "a"})
	h.Close()
	require.Equal(t, st.Skipped+2, h.Stats().Skipped)
}
