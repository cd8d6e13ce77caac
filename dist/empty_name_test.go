package dist

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEmptyName: ” is a name as any other, for a monitor and for its DOWN.
func TestEmptyName(t *testing.T) {
	for _, flags := range []Flags{Visible, Visible &^ FlagExitPayload} {
		h := newHalf(t, flags, Config{})
		mon := h.pass(&Signal{Kind: KindMonitor, From: pidA(1), Target: ToName, Ref: refA(1)})
		require.Equal(t, ToName, mon.Target)
		require.Empty(t, mon.ToName)
		down := h.pass(&Signal{Kind: KindDown, To: pidB(1), Ref: refB(1), Message: "noproc"})
		require.Zero(t, down.From)
		require.Empty(t, down.FromName)
		require.Equal(t, []byte("noproc"), down.Message)
	}
}
