package poll

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/strategy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is a set as text: names, then what it lacks.
func text(set strategy.Set) string {
	var words []string
	for _, n := range set.Nodes {
		words = append(words, n.Name+n.Address)
	}
	if set.Partial != nil {
		words = append(words, "("+set.Partial.Error()+")")
	}
	return strings.Join(words, " ")
}

func nodes(names string) []strategy.Node { return strategy.Nodes("test", strings.Fields(names)...) }

func TestMerge(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		last   string
		answer Answer
		err    error
		want   string
	}{
		"first":            {"", Answer{Nodes: nodes("b@h a@h b@h")}, nil, "a@h b@h"},
		"smaller":          {"a@h b@h", Answer{Nodes: nodes("b@h")}, nil, "b@h"},
		"empty":            {"a@h b@h", Answer{}, nil, ""},
		"failed":           {"a@h b@h", Answer{Nodes: nodes("c@h")}, broken, "a@h b@h (broken)"},
		"failed at first":  {"", Answer{}, broken, "(broken)"},
		"partial":          {"a@h b@h", Answer{Nodes: nodes("c@h b@h"), Partial: broken}, nil, "a@h b@h c@h (broken)"},
		"partial and none": {"a@h", Answer{Partial: broken}, nil, "a@h (broken)"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, text(merge(nodes(c.last), c.answer, c.err)))
		})
	}
}

func TestUnion(t *testing.T) {
	a, b := strategy.Node{Name: "a@h"}, strategy.Node{Name: "b@h"}
	at := func(n strategy.Node, address string) strategy.Node { n.Address = address; return n }
	require.Equal(t, []strategy.Node{at(a, "h:1"), b}, Union([]strategy.Node{b, a, at(a, "h:1"), at(a, "h:2")}))
	require.Equal(t, []strategy.Node{a, at(b, "h:1")}, Union([]strategy.Node{a, at(b, "h:1")}, []strategy.Node{at(a, "h:3"), at(b, "h:2")}),
		"the newer list says where a node listens")
	var many []strategy.Node
	for i := range MaxNodes {
		many = append(many, strategy.Node{Name: fmt.Sprintf("n%05d@h", i)})
	}
	require.Len(t, Union(many, []strategy.Node{a}), MaxNodes)
	require.NotContains(t, Union(many, []strategy.Node{a}), a)
	require.Contains(t, Union([]strategy.Node{a}, many), a, "what is new goes first")
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		answers := []struct {
			Answer
			err error
		}{
			{Answer: Answer{Nodes: nodes("a@h b@h")}},
			{err: errors.New("no reply from port 1")},
			{err: errors.New("no reply from port 2")},
			{Answer: Answer{Nodes: nodes("b@h c@h"), Wait: time.Minute}},
			{Answer: Answer{Nodes: nil}},
		}
		var log bytes.Buffer
		asked := 0
		ctx, cancel := context.WithCancelCause(t.Context())
		l := Loop{
			Source: "test", Interval: 2 * time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Ask: func(ctx context.Context) (Answer, error) {
				if asked == len(answers) {
					<-ctx.Done()
					return Answer{}, ctx.Err()
				}
				asked++
				return answers[asked-1].Answer, answers[asked-1].err
			},
		}
		out, done := make(chan strategy.Set), make(chan error)
		go func() { done <- l.Run(ctx, out) }() // ends with ctx, below
		for _, want := range []string{"0s a@h b@h", "2s a@h b@h (no reply from port 1)", "4s a@h b@h (no reply from port 2)", "6s b@h c@h", "1m6s "} {
			set := <-out
			require.Equal(t, want, fmt.Sprintf("%v %s", time.Since(begin), text(set)))
			for i := range set.Nodes {
				set.Nodes[i].Name = "ours to change"
			}
		}
		synctest.Wait()
		stop := errors.New("stop")
		cancel(stop)
		require.ErrorIs(t, <-done, stop)
		require.Equal(t, 1, strings.Count(log.String(), "stay wanted"), "not for every port")
		require.Equal(t, 1, strings.Count(log.String(), "again in full"))
	})
}

func TestReport(t *testing.T) {
	var log bytes.Buffer
	r := reporter{source: "s", log: slog.New(slog.NewTextHandler(&log, nil))}
	bad := func(text string) strategy.Set { return strategy.Set{Partial: errors.New(text)} }
	now := time.Unix(0, 0)
	for range 100 {
		r.report(bad("one"), now)
		now = now.Add(time.Second)
	}
	require.Equal(t, 1, strings.Count(log.String(), "WARN"), "the same again is no news")
	r.report(bad("two"), now)
	r.report(bad("three"), now)
	require.Equal(t, 2, strings.Count(log.String(), "WARN"), "another trouble is, once a minute")
	r.report(strategy.Set{}, now)
	r.report(strategy.Set{}, now)
	r.report(bad("two"), now)
	require.Equal(t, 1, strings.Count(log.String(), "INFO"))
	require.Equal(t, 3, strings.Count(log.String(), "WARN"))
}

func TestSpread(t *testing.T) {
	l := Loop{Interval: time.Second, Spread: true}
	for range 100 {
		wait := l.wait(Answer{})
		require.GreaterOrEqual(t, wait, time.Second)
		require.LessOrEqual(t, wait, 1100*time.Millisecond)
		require.GreaterOrEqual(t, l.wait(Answer{Wait: time.Minute}), time.Minute)
	}
}
