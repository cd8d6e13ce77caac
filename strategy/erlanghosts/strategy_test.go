package erlanghosts

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/epmd"
	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Client: each host has a node called n and what comes before the first dot; those called hang do not answer,
// those called dead refuse.
type fake struct {
	mu    sync.Mutex
	asked map[string]int
}

func (f *fake) Names(ctx context.Context, host string) ([]epmd.Node, error) {
	f.mu.Lock()
	if f.asked == nil {
		f.asked = make(map[string]int)
	}
	f.asked[host]++
	f.mu.Unlock()
	first, _, _ := strings.Cut(host, ".")
	switch first {
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "dead":
		return nil, errors.New("refused")
	}
	return []epmd.Node{{Name: "n" + first, Port: 1}}, nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestErlangHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		path := filepath.Join(t.TempDir(), "hosts")
		write(t, path, "'a.example.org'.\n'b.example.org'.\n")
		client := &fake{}
		r := strategytest.Run(t, &Strategy{Self: "go@c.example.org", File: path, Client: client, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		r.Until("na@a.example.org nb@b.example.org")

		write(t, path, "'b.example.org'.\n'c.example.org'. % new\n")
		r.Until("nb@b.example.org nc@c.example.org")
		write(t, path, "% with a comment\n'b.example.org'.\n'c.example.org'.\n")
		for range 3 {
			require.Equal(t, "nb@b.example.org nc@c.example.org", r.Text(), "the same hosts, so nobody is asked anew")
		}

		write(t, path, "'b.example.org'\n'c.example.org'.\n")
		r.Until("nb@b.example.org nc@c.example.org (" + path + ": line 1: there is no full stop after 'b.example.org': write 'b.example.org'.)")
		require.NoError(t, os.Remove(path))
		set := r.Next()
		for !errors.Is(set.Partial, fs.ErrNotExist) {
			set = r.Next()
		}
		require.Len(t, set.Nodes, 2, "the hosts stay, and are asked")
		write(t, path, "")
		r.Until("")
		require.Equal(t, 2, strings.Count(log.String(), "can't be read"), "once for each trouble")
	})
}

// TestSideBySide: a host that hangs and one that is dead hold up nobody.
func TestSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hosts")
		write(t, path, "hang.\ndead.\na.\n")
		begin := time.Now()
		r := strategytest.Run(t, &Strategy{File: path, Client: &fake{}})
		r.Until("na@a (host hang: it has not answered yet\nhost dead: refused)")
		require.Less(t, time.Since(begin), time.Second)
	})
}

// TestShortNames: among short names a host is called by its first part, and asked by its whole name.
func TestShortNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hosts")
		write(t, path, "'a.example.org'.")
		client := &fake{}
		r := strategytest.Run(t, &Strategy{Self: "go@c", File: path, Client: client})
		r.Until("na@a")
		r.Stop()
		require.Contains(t, client.asked, "a.example.org")
	})
	for self, want := range map[string]bool{"": false, "go@a": true, "go@a.b": false, "go@fd00::1": false} {
		require.Equal(t, want, short(self), self)
	}
}

// TestPlaces: the working directory, home, the root of OTP; the first file counts, even if it is broken.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, home, root := t.TempDir(), t.TempDir(), t.TempDir()
		t.Chdir(dir)
		r := strategytest.Run(t, &Strategy{Home: home, Root: root, Client: &fake{}})
		set := r.Next()
		require.Empty(t, set.Nodes)
		require.ErrorIs(t, set.Partial, fs.ErrNotExist)
		require.ErrorContains(t, set.Partial, "there is no .hosts.erlang: create one, or name the file; looked for .hosts.erlang, "+home)

		write(t, filepath.Join(root, fileName), "'root'.")
		r.Until("nroot@root")
		write(t, filepath.Join(home, fileName), "'home'.")
		r.Until("nhome@home")
		write(t, filepath.Join(dir, fileName), "'here'")
		r.Until("nhome@home (.hosts.erlang: line 1: there is no full stop after 'here': write 'here'.)")
		write(t, filepath.Join(dir, fileName), "'here'.")
		r.Until("nhere@here")
	})
}

func TestCheck(t *testing.T) {
	require.NoError(t, (&Strategy{}).Check())
	err := (&Strategy{Self: "go", Interval: -1}).Check()
	require.ErrorContains(t, err, `erlang-hosts: Self: "go"`)
	require.ErrorContains(t, err, "erlang-hosts: Interval: -1ns")
	var field *strategy.FieldError
	require.ErrorAs(t, (&Strategy{Self: "go"}).Run(t.Context(), nil), &field)
}
