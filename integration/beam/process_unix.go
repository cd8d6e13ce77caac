//go:build unix

package beam

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts cmd into a process group of its own, so that an interrupt of the terminal does not reach it and killGroup
// reaches its children (port programs such as inet_gethost) too.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// pause and resume are SIGSTOP and SIGCONT, to the process itself: the launchers exec, so it is the emulator.
func pause(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

func resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
