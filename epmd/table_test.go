package epmd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTableCreations(t *testing.T) {
	now := time.Unix(1000, 0)
	tab := newTable()
	a := Node{Name: "a", Port: 1}

	creation, ok := tab.register(a, 1, now)
	require.True(t, ok)
	require.EqualValues(t, 1001, creation, "a new name starts at the clock plus one")
	_, ok = tab.register(a, 2, now)
	require.False(t, ok, "the name is taken")
	tab.unregister("a", 2)
	require.NotNil(t, tab.lookup("a"), "only its holder gives it up")
	tab.unregister("a", 1)
	require.Nil(t, tab.lookup("a"))
	require.Len(t, tab.unused(), 1)

	creation, ok = tab.register(a, 3, now.Add(time.Hour))
	require.True(t, ok)
	require.EqualValues(t, 1002, creation, "a remembered name goes on")
	require.Empty(t, tab.unused())

	creation, _ = tab.register(Node{Name: "b"}, 4, time.Unix(0, 0))
	require.EqualValues(t, minCreation, creation)
	tab.unregister("b", 4)
	tab.lookup("a").creation = 1<<32 - 1
	tab.unregister("a", 3)
	creation, _ = tab.register(a, 5, now)
	require.EqualValues(t, minCreation, creation, "the counter wraps past the reserved ones")
}

func TestTableForgets(t *testing.T) {
	tab := newTable()
	for i := range uint64(maxRemembered + 1) {
		n := Node{Name: fmt.Sprint("n", i)}
		tab.register(n, i, time.Unix(1000, 0))
		tab.unregister(n.Name, i)
	}
	require.Len(t, tab.unused(), maxRemembered)
	require.Len(t, tab.old, maxRemembered)
	later := time.Unix(9000, 0)
	creation, _ := tab.register(Node{Name: "n0"}, 5000, later)
	require.EqualValues(t, 9001, creation, "forgotten")
	creation, _ = tab.register(Node{Name: "n1"}, 5001, later)
	require.EqualValues(t, 1002, creation, "remembered")
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"a", "é", "a-b_c.d", strings.Repeat("é", 255), strings.Repeat("😀", 255)} {
		require.NoError(t, CheckName(good))
	}
	for _, bad := range []string{"", "a b", "a\nb", "a\x00", "\xff", strings.Repeat("a", 256), "a\u0085"} {
		require.Error(t, CheckName(bad), "%q", bad)
	}
}

func TestVersion(t *testing.T) {
	for _, tt := range []struct {
		high, low uint16
		want      int
	}{{6, 5, 6}, {6, 6, 6}, {5, 5, 5}, {5, 1, 5}, {7, 5, 6}, {9, 7, 0}, {4, 1, 0}, {0, 0, 0}, {5, 6, 0}} {
		require.Equal(t, tt.want, Node{HighVersion: tt.high, LowVersion: tt.low}.Version(), "%d to %d", tt.low, tt.high)
	}
}

func TestMode(t *testing.T) {
	for _, m := range []Mode{Auto, External, Embedded, None} {
		text, err := m.MarshalText()
		require.NoError(t, err)
		var again Mode
		require.NoError(t, again.UnmarshalText([]byte(strings.ToUpper(string(text)))))
		require.Equal(t, m, again)
	}
	m, err := ParseMode("")
	require.NoError(t, err)
	require.Equal(t, Auto, m)
	_, err = ParseMode("maybe")
	require.ErrorContains(t, err, "auto, external, embedded, none")
	require.Equal(t, "Mode(7)", Mode(7).String())
	_, err = Mode(-1).MarshalText()
	require.Error(t, err)
}
