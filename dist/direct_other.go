//go:build !unix

package dist

import "net"

// directWriter is for systems where a socket can be written to without waiting; there is none here.
type directWriter struct{}

func newDirectWriter(net.Conn) *directWriter { return nil }

func (*directWriter) write([]byte) int { return 0 }
