package gossip

import "syscall"

// syscallError returns an error of the system by what it means.
func syscallError(what string) error {
	switch what {
	case "no such device":
		return syscall.ENODEV
	case "no buffer space":
		return syscall.ENOBUFS
	}
	return syscall.ENETUNREACH
}
