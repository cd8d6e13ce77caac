package file

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/strategy"
	"gonode/strategy/internal/strategytest"
	"gonode/strategy/nodelist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		dir := t.TempDir()
		path := filepath.Join(dir, "nodes")
		write(t, path, "a@h\nb@h 127.0.0.1:9100\n")
		begin := time.Now()
		r := strategytest.Run(t, &Strategy{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		set := r.Next()
		require.Equal(t, "a@h b@h=127.0.0.1:9100", strategytest.Text(set))
		require.Less(t, time.Since(begin), time.Second)
		require.Equal(t, "file "+path, set.Nodes[0].Origin)
		require.NoError(t, set.Partial)

		write(t, path, "a@h\nc@h\n")
		require.Equal(t, "a@h c@h", r.Text())

		write(t, path+".new", `["d@h"]`)
		require.NoError(t, os.Rename(path+".new", path))
		require.Equal(t, "d@h", r.Text(), "put in place by renaming, as JSON")

		write(t, path, "a@h\nnonsense\n")
		set = r.Next()
		require.Equal(t, strategy.Nodes("file "+path, "d@h"), set.Nodes, "a bad list keeps the last set")
		var where *nodelist.Error
		require.ErrorAs(t, set.Partial, &where)
		require.Equal(t, 2, where.Line)
		require.ErrorContains(t, set.Partial, path+": line 2: \"nonsense\"")

		require.NoError(t, os.Remove(path))
		set = r.Next()
		require.Len(t, set.Nodes, 1, "a file that is gone does")
		require.ErrorIs(t, set.Partial, fs.ErrNotExist)

		write(t, path, "# nobody\n")
		require.Empty(t, r.Text(), "an empty list is a list")
		require.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
		require.Equal(t, 1, strings.Count(log.String(), "again in full"))
	})
}

// TestConfigMap: Kubernetes mounts a folder whose files are links through ..data to a folder of the day, and changes ..data.
func TestConfigMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		version := func(name, text string) {
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
			write(t, filepath.Join(dir, name, "nodes"), text)
			require.NoError(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
			require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
		}
		version("..1", "a@h")
		require.NoError(t, os.Symlink("..data/nodes", filepath.Join(dir, "nodes")))
		r := strategytest.Run(t, &Strategy{Path: filepath.Join(dir, "nodes")})
		require.Equal(t, "a@h", r.Text())
		version("..2", "b@h")
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "..1")))
		require.Equal(t, "b@h", r.Text())
	})
}

// TestNotThereYet: a node may start before its list is there.
func TestNotThereYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "nodes")
		r := strategytest.Run(t, &Strategy{Path: path, Interval: time.Minute})
		set := r.Next()
		require.Empty(t, set.Nodes)
		require.ErrorIs(t, set.Partial, fs.ErrNotExist)
		begin := time.Now()
		write(t, path, "a@h")
		require.Equal(t, "a@h", r.Text())
		require.InDelta(t, time.Minute, time.Since(begin), float64(time.Second))
	})
}

func TestCheck(t *testing.T) {
	require.NoError(t, (&Strategy{Path: "x"}).Check())
	err := (&Strategy{Interval: -1}).Check()
	require.ErrorContains(t, err, "file: Path: is missing")
	require.ErrorContains(t, err, "file: Interval: -1ns is negative")
	var field *strategy.FieldError
	require.ErrorAs(t, (&Strategy{}).Run(t.Context(), nil), &field)
	require.Equal(t, "Path", field.Field)
}
