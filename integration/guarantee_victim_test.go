package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/epmd"
	"gonode/etf"
	"gonode/node"
)

// victims makes g answer as a BEAM does on which gonode_relations:maker/0 was called.
func victims(t *testing.T, g *node.Node) {
	t.Helper()
	var stays atomic.Int64
	const module = "gonode_relations"
	require.NoError(t, g.Export(module, "quick", func() gen.Atom { return "ok" }))
	require.NoError(t, g.Export(module, "stay", func(ctx context.Context) { stays.Add(1); <-ctx.Done() }))
	spawnEach(t, g, "maker", gen.ProcessOptions{}, &each{call: func(_ *each, _ gen.PID, _ gen.Ref, request any) (any, error) {
		if request == gen.Atom("stays") {
			return stays.Load(), nil
		}
		name := request.(etf.Tuple)[1].(gen.Atom)
		return g.Runtime().SpawnRegister(name, func() gen.ProcessBehavior { return victim() }, gen.ProcessOptions{})
	}})
}

// victim is gonode_relations:victim/1.
func victim() *each {
	hung := 0
	return &each{
		call: func(_ *each, _ gen.PID, _ gen.Ref, request any) (any, error) {
			if request == gen.Atom("hung") {
				return hung, nil
			}
			hung++
			return nil, nil // no answer
		},
		message: func(_ *each, message any) error {
			if t, ok := message.(etf.Tuple); ok && t[0] == gen.Atom("exit") {
				return &node.ExitReason{Term: t[1]}
			}
			return nil
		},
	}
}

const victimEnv = "GONODE_TEST_VICTIM"

// TestVictimNode is not a test but a Go node in a process of its own, which killable starts to kill it.
func TestVictimNode(t *testing.T) {
	setup := strings.Fields(os.Getenv(victimEnv)) // name, port of epmd
	if len(setup) == 0 {
		return
	}
	port, err := strconv.Atoi(setup[1])
	require.NoError(t, err)
	g, err := node.Start(t.Context(), node.Config{Name: setup[0], Cookie: cookie, EPMD: epmd.External, EPMDPort: port})
	require.NoError(t, err)
	victims(t, g)
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test that started it ends
	require.NoError(t, shutdown(g))
}

// killable starts a Go node with victims in a process of its own. The function it returns is kill -9.
func (c *cluster) killable(name string) (kill func()) {
	c.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictimNode$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s@127.0.0.1 %d", victimEnv, name, c.epmd.Port))
	cmd.Stderr = c.t.Output()
	_, err := cmd.StdinPipe()
	require.NoError(c.t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(c.t, err)
	require.NoError(c.t, cmd.Start())
	kill = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	c.t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			return kill
		}
	}
	require.FailNow(c.t, "the node did not start")
	return kill
}
