//go:build !linux

package dist

import (
	"net"
	"time"
)

// directSocket is for systems where a socket can be used without waiting; here there is none.
type directSocket struct{}

func newDirectSocket(net.Conn) *directSocket { return nil }

func (*directSocket) read([]byte) int { return 0 }

func (*directSocket) write([]byte) int { return 0 }

func (*directSocket) nap(time.Duration) {}

func (*directSocket) yield() {}

func (*directSocket) waiting() int { return 0 }
