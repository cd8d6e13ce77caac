package textfile

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		f := File{Path: filepath.Join(dir, "f"), Max: 10}
		read := func() string {
			data, err := f.Read(t.Context())
			require.NoError(t, err)
			return string(data)
		}
		_, err := f.Read(t.Context())
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "create it")

		write(t, f.Path, "one")
		require.Equal(t, "one", read())
		begin := time.Now()
		require.Equal(t, "one", read())
		require.Zero(t, time.Since(begin), "no wait for what has not changed")
		write(t, f.Path, "two")
		require.Equal(t, "two", read(), "same size")

		write(t, filepath.Join(dir, "g"), "three")
		require.NoError(t, os.Rename(filepath.Join(dir, "g"), f.Path))
		require.Equal(t, "three", read(), "as editors do")

		write(t, f.Path, "")
		require.Empty(t, read())
		write(t, f.Path, strings.Repeat("x", 11))
		_, err = f.Read(t.Context())
		require.ErrorContains(t, err, "more than 10 bytes")

		require.NoError(t, os.Remove(f.Path))
		require.NoError(t, os.Mkdir(f.Path, 0o700))
		_, err = f.Read(t.Context())
		require.ErrorContains(t, err, "no regular file")
	})
}

// TestHalfWritten: a file that is being written is not read before it stands still.
func TestHalfWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := File{Path: filepath.Join(t.TempDir(), "f"), Max: 100}
		write(t, f.Path, "")
		go func() { // ends after a second
			for _, text := range []string{"a", "ab", "abc"} {
				time.Sleep(Settle * 2 / 5)
				write(t, f.Path, text)
			}
		}()
		data, err := f.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, "abc", string(data))
	})
}

func TestRestless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := File{Path: filepath.Join(t.TempDir(), "f"), Max: 100}
		write(t, f.Path, "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { // ends with ctx
			for i := 0; ctx.Err() == nil; i++ {
				write(t, f.Path, strings.Repeat("x", 1+i%2))
				time.Sleep(Settle)
			}
		}()
		time.Sleep(Settle / 2)
		_, err := f.Read(t.Context())
		require.ErrorContains(t, err, "changes all the time")
		cancel()
		_, err = f.Read(ctx)
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(Settle) // the writer ends
	})
}

// BenchmarkRead is what it costs to see that a list of 200 nodes has not changed.
func BenchmarkRead(b *testing.B) {
	f := File{Path: filepath.Join(b.TempDir(), "f"), Max: 1 << 20}
	require.NoError(b, os.WriteFile(f.Path, []byte(strings.Repeat("node@host.example.org\n", 200)), 0o600))
	for b.Loop() {
		_, err := f.Read(b.Context())
		require.NoError(b, err)
	}
}
