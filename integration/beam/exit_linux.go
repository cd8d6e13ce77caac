package beam

import (
	"os/exec"

	"golang.org/x/sys/unix"
)

// reap waits for the end of cmd and kills what it has left behind: before it is waited for, so that its number can't be
// somebody else's yet.
func reap(cmd *exec.Cmd) error {
	for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	killGroup(cmd.Process)
	return cmd.Wait()
}
