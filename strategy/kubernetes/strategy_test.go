package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gonode/strategy"
)

// slice returns an EndpointSlice as the reflector would hand it on.
func slice(name string, ips ...string) *discovery.EndpointSlice {
	s := &discovery.EndpointSlice{ObjectMeta: meta.ObjectMeta{Name: name, Namespace: "shop"}, AddressType: discovery.AddressTypeIPv4}
	for _, ip := range ips {
		s.Endpoints = append(s.Endpoints, discovery.Endpoint{Addresses: []string{ip}})
	}
	return s
}

// follow runs follow on a mirror within a bubble; next returns the set it sent since, as text.
func follow(t *testing.T, s *Strategy, m *mirror) (next func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan strategy.Set)
	done := make(chan error, 1)
	go func() { done <- s.follow(ctx, m, out) }() // ends in the cleanup
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	return func() string {
		synctest.Wait()
		select {
		case set := <-out:
			words := []string{}
			for i, n := range set.Nodes {
				words = append(words, n.Name)
				set.Nodes[i] = strategy.Node{} // it is ours
			}
			if set.Partial != nil {
				words = append(words, "! "+set.Partial.Error())
			}
			return "[" + strings.Join(words, " ") + "]"
		case <-time.After(time.Hour):
			return "nothing"
		}
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := newMirror()
		next := follow(t, &Strategy{Basename: "app", Logger: slog.New(slog.NewTextHandler(&log, nil))}, m)
		require.Equal(t, "nothing", next(), "not known yet")

		m.asked(verbList, errors.New("down"))
		require.Equal(t, "[! down]", next())
		m.asked(verbList, errors.New("down"))
		require.Equal(t, "nothing", next(), "the same again")
		m.asked(verbList, nil)
		require.Equal(t, "nothing", next(), "the list is not here yet")
		require.NoError(t, m.Replace([]any{slice("a", "10.0.0.1"), slice("b", "10.0.0.2", "10.0.0.1")}, ""))
		require.Equal(t, "[app@10.0.0.1 app@10.0.0.2]", next())
		m.asked(verbWatch, nil)
		require.Equal(t, "nothing", next())

		require.NoError(t, m.Add(slice("c", "10.0.0.3")))
		require.Equal(t, "[app@10.0.0.1 app@10.0.0.2 app@10.0.0.3]", next())
		require.NoError(t, m.Update(slice("b", "10.0.0.1")))
		require.Equal(t, "[app@10.0.0.1 app@10.0.0.3]", next())
		require.NoError(t, m.Delete(slice("a")))
		require.Equal(t, "[app@10.0.0.1 app@10.0.0.3]", next(), "b has it too, which is another origin")
		require.NoError(t, m.Update(slice("b")))
		require.NoError(t, m.Resync())
		require.Equal(t, "[app@10.0.0.3]", next())

		// A list works, the watch does not.
		m.asked(verbWatch, errors.New("forbidden"))
		require.Equal(t, "[app@10.0.0.3 ! forbidden]", next())
		m.asked(verbList, nil)
		require.NoError(t, m.Replace([]any{slice("c", "10.0.0.4")}, ""))
		require.Equal(t, "[app@10.0.0.4 ! forbidden]", next())
		m.asked(verbList, errors.New("down"))
		require.Equal(t, "[app@10.0.0.4 ! down]", next())
		m.asked(verbList, nil)
		require.Equal(t, "[app@10.0.0.4 ! forbidden]", next())
		m.asked(verbWatch, nil)
		require.Equal(t, "[app@10.0.0.4]", next())
		require.NoError(t, m.Replace(nil, ""))
		require.Equal(t, "[]", next(), "there are none, for certain")

		require.Equal(t, 4, strings.Count(log.String(), "does not say"), log.String())
		require.Equal(t, 2, strings.Count(log.String(), "says again"), log.String())
	})
}

// TestNameless: who has no name is told of once, and again when it has come back.
func TestNameless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := newMirror()
		next := follow(t, &Strategy{Basename: "app", Mode: ModeHostname, Logger: slog.New(slog.NewTextHandler(&log, nil))}, m)
		require.NoError(t, m.Replace([]any{slice("a", "10.0.0.1")}, ""))
		require.Equal(t, "[]", next())
		for range 3 {
			require.NoError(t, m.Add(slice("b")))
			require.Equal(t, "nothing", next())
		}
		require.Equal(t, 1, strings.Count(log.String(), "10.0.0.1 of EndpointSlice shop/a: it has no hostname"), log.String())
		require.NoError(t, m.Delete(slice("a")))
		require.Equal(t, "nothing", next())
		require.NoError(t, m.Add(slice("a", "10.0.0.1")))
		require.Equal(t, "nothing", next())
		require.Equal(t, 2, strings.Count(log.String(), "it has no hostname"), log.String())
	})
}

// What is no object of ours is an error, and changes nothing.
func TestStrangeObjects(t *testing.T) {
	m := newMirror()
	require.NoError(t, m.Replace([]any{slice("a", "10.0.0.1")}, ""))
	require.Error(t, m.Replace([]any{slice("b"), "text"}, ""))
	require.Error(t, m.Add(1))
	require.Error(t, m.Delete(nil))
	found, known, err := m.state()
	require.Len(t, found, 1)
	require.True(t, known)
	require.NoError(t, err)
}
