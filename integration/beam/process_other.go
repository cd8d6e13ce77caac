//go:build !unix

package beam

import (
	"errors"
	"os"
	"os/exec"
)

// The integration tests run on Linux; elsewhere this only compiles.

func ownGroup(*exec.Cmd) {}

func killGroup(p *os.Process) { _ = p.Kill() }

func pause(*os.Process) error { return errors.ErrUnsupported }

func resume(*os.Process) error { return errors.ErrUnsupported }
