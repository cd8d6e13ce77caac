package epmd

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// keep starts a keeper on the fake network.
func keep(t *testing.T, f *fakeNet, mode Mode, name string) *Keeper {
	t.Helper()
	k, err := Keep(t.Context(), config(f, mode, name))
	require.NoError(t, err)
	return k
}

func config(f *fakeNet, mode Mode, name string) KeeperConfig {
	return KeeperConfig{Mode: mode, Node: Node{Name: name, Port: 5000}, Dial: f.Dial, listen: f.Listen}
}

func known(f *fakeNet) string {
	nodes, err := (&Client{Dial: f.Dial}).Names(context.Background(), "127.0.0.1")
	if err != nil {
		return "none"
	}
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, " ")
}

// serveEPMD serves as a rival would, until the function it returns is called.
func serveEPMD(t *testing.T, f *fakeNet) (kill func()) {
	t.Helper()
	lns, err := f.Listen(t.Context(), nil, DefaultPort)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- new(Server).Serve(ctx, lns...) }()
	return func() { cancel(); require.NoError(t, <-done) }
}

// Three nodes, the first of which serves: when it goes, one of the others takes over, and both names are back at once.
// The creations stay.
func TestKeepTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		all := []*Keeper{keep(t, f, Auto, "a"), keep(t, f, Auto, "b"), keep(t, f, Auto, "c")}
		require.Equal(t, Status{Registered: true, Serving: true}, all[0].Status())
		require.Equal(t, Status{Registered: true}, all[1].Status())
		creation := all[2].Creation()

		require.NoError(t, all[0].Close())
		require.False(t, all[0].Status().Registered)
		<-time.After(time.Second)
		synctest.Wait()
		require.Len(t, strings.Fields(known(f)), 2)
		require.True(t, all[1].Status().Serving != all[2].Status().Serving, "exactly one serves")
		require.Equal(t, creation, all[2].Creation())

		server, other := all[1], all[2]
		if other.Status().Serving {
			server, other = other, server
		}
		server.Close()
		<-time.After(time.Second)
		synctest.Wait()
		require.Len(t, strings.Fields(known(f)), 1)
		require.Equal(t, Status{Registered: true, Serving: true}, other.Status())
		other.Close()
		require.Equal(t, "none", known(f))
	})
}

// Many nodes lose their server at once.
func TestKeepManyTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		kill := serveEPMD(t, f)
		var all []*Keeper
		for i := range 30 {
			all = append(all, keep(t, f, Auto, fmt.Sprint("n", i)))
		}
		kill()
		<-time.After(2 * time.Second)
		synctest.Wait()
		require.Len(t, strings.Fields(known(f)), 30)
		serving := 0
		for _, k := range all {
			require.NoError(t, k.Status().Err)
			if k.Status().Serving {
				serving++
			}
		}
		require.Equal(t, 1, serving)
		for _, k := range all {
			k.Close()
		}
	})
}

// An external epmd is killed, and comes back after a while.
func TestKeepExternal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		start := time.Now()
		_, err := Keep(t.Context(), config(f, External, "a"))
		require.True(t, failedBecause(err, ReasonNoServer), "%v", err)
		require.Zero(t, time.Since(start), "nothing to wait for")

		kill := serveEPMD(t, f)
		var log bytes.Buffer
		cfg := config(f, External, "a")
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		k, err := Keep(t.Context(), cfg)
		require.NoError(t, err)
		defer k.Close()
		creation := k.Creation()
		kill()
		<-time.After(time.Minute)
		require.False(t, k.Status().Registered)
		require.True(t, failedBecause(k.Status().Err, ReasonNoServer))
		kill = serveEPMD(t, f)
		defer kill()
		<-time.After(defaultRetry + minRetry)
		synctest.Wait()
		require.Equal(t, Status{Registered: true}, k.Status())
		require.Equal(t, creation, k.Creation())
		require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
		require.Contains(t, log.String(), "epmd has the node's name again")
	})
}

func TestKeepTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		kill := serveEPMD(t, f)
		a := keep(t, f, External, "a")
		for _, mode := range []Mode{Auto, External} {
			_, err := Keep(t.Context(), config(f, mode, "a"))
			require.ErrorIs(t, err, ErrTaken)
			require.ErrorContains(t, err, "(port 5000)")
		}
		_, err := Keep(t.Context(), config(f, Embedded, "b"))
		require.True(t, failedBecause(err, ReasonListen), "%v", err)

		// A name that is freed a moment after we ask for it is ours.
		time.AfterFunc(minRetry/2, func() { a.Close() })
		cfg := config(f, External, "a")
		var log bytes.Buffer
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		k, err := Keep(t.Context(), cfg)
		require.NoError(t, err)
		defer k.Close()

		// Another takes the name while epmd is away. We wait until it is gone, and warn once.
		kill()
		kill = serveEPMD(t, f)
		defer kill()
		reg, err := (&Client{Dial: f.Dial}).Register(t.Context(), "127.0.0.1", Node{Name: "a", Port: 1})
		require.NoError(t, err)
		<-time.After(time.Minute)
		require.ErrorIs(t, k.Status().Err, ErrTaken)
		require.Equal(t, 1, strings.Count(log.String(), "another node took the name"), log.String())
		reg.Close()
		<-time.After(defaultRetry + minRetry)
		synctest.Wait()
		require.True(t, k.Status().Registered)
	})
}

// Close while the keeper is trying, and a context that ends while Keep is.
func TestKeepEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		kill := serveEPMD(t, f)
		k := keep(t, f, External, "a")
		kill()
		<-time.After(time.Minute)
		start := time.Now()
		k.Close()
		k.Close()
		require.Zero(t, time.Since(start))

		kill = serveEPMD(t, f)
		defer kill()
		other := keep(t, f, Auto, "a")
		defer other.Close()
		ctx, cancel := context.WithTimeout(t.Context(), minRetry/2)
		defer cancel()
		_, err := Keep(ctx, config(f, Auto, "a"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestKeepEmbedded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		k := keep(t, f, Embedded, "a")
		defer k.Close()
		require.Equal(t, Status{Registered: true, Serving: true}, k.Status())
		require.Equal(t, "a", known(f))
		err := (&Client{Dial: f.Dial}).Kill(t.Context(), "127.0.0.1")
		require.True(t, failedBecause(err, ReasonRefused), "%v", err)
	})
}

func TestKeepNone(t *testing.T) {
	seen := map[uint32]bool{}
	for range 10 {
		k, err := Keep(t.Context(), KeeperConfig{Mode: None})
		require.NoError(t, err)
		require.GreaterOrEqual(t, k.Creation(), uint32(minCreation))
		seen[k.Creation()] = true
		require.Equal(t, Status{}, k.Status())
		require.NoError(t, k.Close())
	}
	require.Len(t, seen, 10)
}

func TestKeepInvalid(t *testing.T) {
	f := newFakeNet()
	_, err := Keep(t.Context(), config(f, Auto, "a b"))
	require.True(t, failedBecause(err, ReasonInvalid), "%v", err)
	require.Zero(t, f.dials)
}

// The take-over on real sockets, with both loopback addresses.
func TestKeepRealSockets(t *testing.T) {
	lns, err := Listen(t.Context(), nil, 0)
	require.NoError(t, err)
	port := portOf(lns[0])
	both := len(lns)
	closeAll(lns)

	cfg := KeeperConfig{Port: port, Node: Node{Name: "a", Port: 1}}
	a, err := Keep(t.Context(), cfg)
	require.NoError(t, err)
	cfg.Node.Name = "b"
	b, err := Keep(t.Context(), cfg)
	require.NoError(t, err)
	defer b.Close()
	require.True(t, a.Status().Serving)
	c := Client{Port: port}
	if both == 2 {
		_, err = c.Lookup(t.Context(), "::1", "b")
		require.NoError(t, err)
	}
	a.Close()
	require.Eventually(t, func() bool {
		_, err := c.Lookup(t.Context(), "127.0.0.1", "b")
		return err == nil && b.Status() == Status{Registered: true, Serving: true}
	}, 2*time.Second, 5*time.Millisecond)
	if both == 2 {
		_, err = c.Lookup(t.Context(), "::1", "b")
		require.NoError(t, err, "the new server has both addresses")
	}
}

func TestOwnHosts(t *testing.T) {
	require.Equal(t, []string{"127.0.0.1", "::1"}, ownHosts(nil))
	require.Equal(t, []string{"127.0.0.1", "::1"}, ownHosts([]string{"0.0.0.0", "192.0.2.1"}))
	require.Equal(t, []string{"127.0.0.2"}, ownHosts([]string{"192.0.2.1", "127.0.0.2"}))
}

// Where 127.0.0.1 has no epmd, ::1 may.
func TestKeepIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		f.from = "::1"
		serveFake(t, f, &Server{}, "[::1]")
		k := keep(t, f, External, "a")
		defer k.Close()
		require.True(t, k.Status().Registered)
	})
}
