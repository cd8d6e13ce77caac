package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDemo(t *testing.T) {
	var out strings.Builder
	require.NoError(t, demo(t.Context(), &out))
	t.Log("\n" + out.String())
	for _, scene := range []string{
		"Go sees nodeup a@127.0.0.1",
		"net_adm:ping('go@127.0.0.1') -> pong",
		"lists:member('go@127.0.0.1', nodes()) -> true",
		"Go sees nodedown b@127.0.0.1, connection_closed",
		"the Erlang process has got [{nodedown,'b@127.0.0.1'}]",
		"the Erlang process has got [{nodedown,'b@127.0.0.1'},{nodeup,'b@127.0.0.1'}]",
		"nodes() -> []",
	} {
		require.Contains(t, out.String(), scene)
	}
}
