package gossip

import "syscall"

// share lets several processes of a host have the port: every one of them gets what is sent to a group or a broadcast
// address. SO_REUSEADDR is what Erlang sets on Linux, and SO_REUSEPORT would spread unicast packets over the processes.
func share(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
}
