package beam

import (
	"os"

	"golang.org/x/sys/unix"
)

// awaitExit returns when p has ended, and leaves it to be waited for: until then its number is not given out again.
func awaitExit(p *os.Process) {
	for {
		err := unix.Waitid(unix.P_PID, p.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return
		}
	}
}
