//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package gossip

import "syscall"

// share lets several processes of a host have the port. These systems want both options for that, as Erlang sets them.
func share(fd uintptr) error {
	if err := syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return err
	}
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEPORT, 1)
}
