package node

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Goroutines begin with room enough for an actor that sends, be the peers few or many.
func TestStacks(t *testing.T) {
	runtime.GC()
	require.Less(t, firstStack(), uint64(suitedStack), "without a node")
	port := freePort(t)
	n := start(t, "n0@127.0.0.1", port)
	require.Eventually(t, func() bool { return firstStack() >= suitedStack }, patience, time.Millisecond, "the node sees to it")
	for i := range 8 {
		peer := start(t, fmt.Sprintf("n%d@127.0.0.1", i+1), port)
		require.NoError(t, n.Connect(within(t), peer.Name()))
		runtime.GC()
		require.GreaterOrEqual(t, firstStack(), uint64(suitedStack), "%d peers", i+1)
	}
}

// firstStack returns with how many bytes of stack a goroutine begins.
func firstStack() uint64 {
	s := []metrics.Sample{{Name: "/gc/stack/starting-size:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
