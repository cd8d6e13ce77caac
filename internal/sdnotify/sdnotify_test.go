//go:build linux

package sdnotify

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// systemd listens as systemd does, and returns the environment for it.
func systemd(t *testing.T, name string) (*net.UnixConn, map[string]string) {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c, map[string]string{"NOTIFY_SOCKET": name}
}

func from(env map[string]string) *Notifier {
	return FromEnv(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
}

func receive(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	require.NoError(t, err)
	return string(buf[:n])
}

func TestMessages(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@gonode-sdnotify-" + strconv.Itoa(os.Getpid())} {
		c, env := systemd(t, name)
		n := from(env)
		require.NoError(t, n.Ready("go@h:\nup"))
		require.Equal(t, "READY=1\nSTATUS=go@h: up", receive(t, c))
		require.NoError(t, n.Status("3 members"))
		require.Equal(t, "STATUS=3 members", receive(t, c))
		require.NoError(t, n.Stopping())
		require.Equal(t, "STOPPING=1", receive(t, c))
		require.NoError(t, n.Reloading())
		text, ok := strings.CutPrefix(receive(t, c), "RELOADING=1\nMONOTONIC_USEC=")
		require.True(t, ok)
		usec, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		require.Equal(t, monotonic().Truncate(time.Minute), (time.Duration(usec) * time.Microsecond).Truncate(time.Minute))
	}
}

func TestNobodyListens(t *testing.T) {
	var none *Notifier
	require.NoError(t, none.Ready(""))
	none.Watch(t.Context(), nil)
	require.NoError(t, from(nil).Stopping())
	from(nil).Watch(t.Context(), nil)
	require.ErrorContains(t, from(map[string]string{"NOTIFY_SOCKET": "/no/such/socket"}).Ready(""), "tell systemd")
}

func TestWatchdogEnvironment(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"30000000", "", 30 * time.Second}, {"30000000", own, 30 * time.Second}, {"30000000", "1", 0}, {"x", own, 0}, {"-1", own, 0},
	} {
		env := map[string]string{"WATCHDOG_USEC": c.usec}
		if c.pid != "" {
			env["WATCHDOG_PID"] = c.pid
		}
		require.Equal(t, c.want, from(env).watchdog)
	}
}

// TestWatch: it is asked twice in the time, and says nothing while the answer is no.
func TestWatch(t *testing.T) {
	c, env := systemd(t, filepath.Join(t.TempDir(), "notify"))
	synctest.Test(t, func(t *testing.T) {
		env["WATCHDOG_USEC"] = "10000000"
		ctx, cancel := context.WithCancel(t.Context())
		var asked atomic.Int32
		var ill atomic.Bool
		go from(env).Watch(ctx, func() bool { asked.Add(1); return !ill.Load() }) // ends with ctx
		time.Sleep(12 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 3, asked.Load())
		ill.Store(true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 5, asked.Load())
		cancel()
		synctest.Wait()
	})
	for range 3 {
		require.Equal(t, "WATCHDOG=1", receive(t, c))
	}
	require.NoError(t, c.SetReadDeadline(time.Now()))
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}
