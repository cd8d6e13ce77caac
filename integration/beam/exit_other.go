//go:build !linux

package beam

import "os/exec"

// reap waits for the end of cmd and kills what it has left behind.
func reap(cmd *exec.Cmd) error {
	err := cmd.Wait()
	killGroup(cmd.Process)
	return err
}
