//go:build !linux

package beam

import "os"

// The integration tests run on Linux; elsewhere this only compiles.

// awaitExit returns when p has ended.
func awaitExit(p *os.Process) { _, _ = p.Wait() }
