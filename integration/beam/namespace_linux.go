package beam

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// InNamespace calls f on a thread that is in the network namespace called name, as of `ip netns add`: sockets that f opens
// and programs that it starts are in there for good. An empty name is where we are. f does not start goroutines that
// are to be in there too.
func InNamespace(name string, f func() error) error {
	if name == "" {
		return f()
	}
	done := make(chan error)
	go func() { // ends with f; its thread, which nobody else is to run on, ends with it
		runtime.LockOSThread()
		done <- enter(name, f)
	}()
	return <-done
}

func enter(name string, f func() error) error {
	ns, err := os.Open(filepath.Join("/var/run/netns", name))
	if err != nil {
		return fmt.Errorf("network namespace: %w", err)
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EPERM) {
			err = fmt.Errorf("%w: only root may", err)
		}
		return fmt.Errorf("enter the network namespace %s: %w", name, err)
	}
	return f()
}
