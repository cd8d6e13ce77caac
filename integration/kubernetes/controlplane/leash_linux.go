package controlplane

import (
	"os/exec"
	"syscall"
)

// leash makes the program end when this process does.
func leash(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
