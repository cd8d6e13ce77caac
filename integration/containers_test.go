package integration

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoEngine: where no Docker engine answers, the command for the tests in containers says so and is no failure, unless
// they are required.
func TestNoEngine(t *testing.T) {
	cmd := exec.Command("./compose.sh")
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix:///nowhere", "GONODE_COMPOSE=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "NOT TESTED, the mixed cluster in containers: ")
	t.Logf("%s", out)

	cmd = exec.Command("./compose.sh")
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix:///nowhere", "GONODE_COMPOSE=must")
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "NOT TESTED")
}
