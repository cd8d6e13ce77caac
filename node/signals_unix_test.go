//go:build unix

package node

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSignalsStayOurs: Ergo takes over SIGINT and SIGTERM of the program it runs in; a node must not.
func TestSignalsStayOurs(t *testing.T) {
	a := start(t, "a@127.0.0.1", freePort(t))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	defer signal.Stop(signals)
	for range 2 { // Ergo would take the first one and reset the handlers
		require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
		require.Equal(t, syscall.SIGTERM, receive(t, signals))
	}
	require.True(t, a.Runtime().IsAlive())
}
