package dist

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseName(t *testing.T) {
	for _, test := range []struct{ name, alive, host string }{
		{"a@h", "a", "h"},
		{"my_node-1@db.example.org", "my_node-1", "db.example.org"},
		{"X9@127.0.0.1", "X9", "127.0.0.1"},
		{"a@::1", "a", "::1"},
		{strings.Repeat("a", 253) + "@h", strings.Repeat("a", 253), "h"},
	} {
		alive, host, err := ParseName(test.name)
		require.NoError(t, err)
		require.Equal(t, test.alive, alive)
		require.Equal(t, test.host, host)
	}
	for _, name := range []string{
		"", "a", "@", "a@", "@h", "a@b@h", "a@h@", "a.b@h", "a b@h", "é@h", "a@hé", "a@h ", "a@h\n", "a@h\x00", "\xff@h",
		"a@h\xff", strings.Repeat("a", 254) + "@h", "a/b@h",
	} {
		alive, host, err := ParseName(name)
		ne, ok := errors.AsType[*NameError](err)
		require.True(t, ok, "%q", name)
		require.NotEmpty(t, ne.Why)
		require.ErrorContains(t, err, "is no node name")
		require.Less(t, len(err.Error()), 200)
		require.Empty(t, alive+host)
	}
}

func TestLongName(t *testing.T) {
	for name, long := range map[string]bool{
		"a@h": false, "a@localhost": false, "a@127.0.0.1": true, "a@db.example.org": true, "a@::1": true, "a": false, "": false,
	} {
		require.Equal(t, long, LongName(name), name)
	}
}

func TestCompareNames(t *testing.T) {
	require.NoError(t, CompareNames("a@h", "b@localhost"))
	require.NoError(t, CompareNames("a@127.0.0.1", "b@db.example.org"))
	err := CompareNames("a@h", "b@db.example.org")
	require.ErrorIs(t, err, ErrNameForm)
	require.ErrorContains(t, err, "a@h, has a short name and b@db.example.org a long one")
	err = CompareNames("a@10.0.0.1", "b@h")
	require.ErrorIs(t, err, ErrNameForm)
	require.ErrorContains(t, err, "a@10.0.0.1, has a long name and b@h a short one")
	for _, pair := range [][2]string{{"a", "b@h"}, {"a@h", "b"}} {
		_, ok := errors.AsType[*NameError](CompareNames(pair[0], pair[1]))
		require.True(t, ok)
	}
}
