//go:build !unix

package hooks

import "os/exec"

// shell returns what runs a line of the user's.
func shell(line string) []string { return []string{"cmd", "/C", line} }

// ownGroup leaves cmd as it is: only the process itself is killed when its context is done.
func ownGroup(*exec.Cmd) {}
