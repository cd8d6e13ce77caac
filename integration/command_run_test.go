package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// told is what a command that has ended printed.
type told struct {
	t              *testing.T
	stdout, stderr string
}

// exits runs the command to its end and checks the exit code.
func (c *cluster) exits(code int, args ...string) told {
	c.t.Helper()
	stdout, stderr, got := c.gonode(args...).output(c.t)
	require.Equal(c.t, code, got, "gonode %s\n%s%s", strings.Join(args, " "), stdout, stderr)
	require.NotContains(c.t, stdout+stderr, cookie, "the cookie is never printed")
	return told{c.t, stdout, stderr}
}

// says checks what is in the standard output.
func (r told) says(parts ...string) told {
	r.t.Helper()
	for _, part := range parts {
		require.Contains(r.t, r.stdout, part)
	}
	return r
}

// is checks the whole standard output.
func (r told) is(want string) told {
	r.t.Helper()
	require.Equal(r.t, want, r.stdout)
	return r
}

// complains checks what is in the standard error.
func (r told) complains(parts ...string) told {
	r.t.Helper()
	for _, part := range parts {
		require.Contains(r.t, r.stderr, part)
	}
	return r
}

// decode reads the standard output as one JSON value.
func (r told) decode(v any) {
	r.t.Helper()
	require.NoError(r.t, json.Unmarshal([]byte(r.stdout), v), r.stdout)
}
