package doctor

import (
	"errors"
	"net"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/cmd/gonode/internal/remote"
)

// What needs a node is tested in integration: TestDoctorWell, TestDoctorPath and TestDoctorCluster break each thing on
// purpose.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNearest(t *testing.T) {
	known := []string{"web", "worker1", "db"}
	for asked, want := range map[string]string{
		"wbe": "", "we": "web", "webb": "web", "wab": "web", "Worker1": "worker1", "worker2": "worker1", "workers12": "", "": "", "cache": "",
	} {
		require.Equal(t, want, nearest(asked, known), asked)
	}
}

func TestMulticast(t *testing.T) {
	lo := net.Interface{Name: "lo", Flags: net.FlagUp | net.FlagLoopback | net.FlagMulticast}
	down := net.Interface{Name: "eth1", Flags: net.FlagMulticast}
	plain := net.Interface{Name: "eth2", Flags: net.FlagUp}
	eth := net.Interface{Name: "eth0", Flags: net.FlagUp | net.FlagMulticast}
	require.Equal(t, "possible on eth0", multicast([]net.Interface{lo, down, plain, eth}, nil).Text)
	for _, f := range []Finding{multicast([]net.Interface{lo, down, plain}, nil), multicast(nil, errors.New("x"))} {
		require.Equal(t, Note, f.Level)
		require.Equal(t, CauseMulticast, f.Cause)
		require.NotEmpty(t, f.Fix)
	}
}

func TestOverlapping(t *testing.T) {
	facts := func(release, value string) member {
		return member{Facts: remote.Facts{Release: release, Overlap: gen.Atom(value)}}
	}
	level := func(a, b member) Level {
		return overlapping(map[string]member{"a": a, "b": b}, []string{"a", "b"})[0].Level
	}
	require.Equal(t, OK, level(facts("27", "undefined"), facts("25", "true")))
	require.Equal(t, OK, level(facts("23", "undefined"), facts("23", "undefined")))
	require.Equal(t, Warn, level(facts("23", "undefined"), facts("25", "undefined")))
	require.Equal(t, Warn, level(facts("27", "false"), facts("27", "undefined")))
	require.Empty(t, overlapping(map[string]member{"a": facts("", "")}, []string{"a"}))
}

func TestTicks(t *testing.T) {
	tick := func(d time.Duration) member { return member{Facts: remote.Facts{TickTime: d}} }
	look := func(a, b time.Duration) Finding {
		return ticks(map[string]member{"a": tick(a), "b": tick(b)}, []string{"a", "b"})[0]
	}
	require.Equal(t, OK, look(time.Minute, time.Minute).Level)
	require.Equal(t, Note, look(time.Second, time.Second).Level)
	require.Equal(t, Bad, look(time.Second, time.Minute).Level)
	require.Empty(t, ticks(map[string]member{"a": tick(0)}, []string{"a"}))
}

func TestRemote(t *testing.T) {
	for self, want := range map[string]bool{"a@127.0.0.1": false, "a@localhost": false, "a@::1": false, "a@10.0.0.1": true, "a@host": true} {
		require.Equal(t, want, (&Doctor{Self: self}).remote(), self)
	}
}
