//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"gonode/integration/kubernetes/controlplane"
)

// inside is set in the environment of the process that has its own namespaces.
const inside = "GONODE_TEST_NAMESPACES"

// podNetwork are the addresses that belong to the loopback interface in the namespace, all of them.
var podNetwork = [4]byte{10, 244, 0, 0}

// cp is the control plane that all tests use. They run one after the other.
var cp *controlplane.ControlPlane

func TestMain(m *testing.M) {
	if os.Getenv(inside) == "" {
		os.Exit(again())
	}
	if err := settle(); err != nil {
		fmt.Fprintln(os.Stderr, "namespaces:", err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(withControlPlane{m})
}

// again runs this program in namespaces of its own, in which it is root.
func again() int {
	runtime.LockOSThread() // the leash is to this thread
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "the tests need namespaces of their own: %v; be root, or allow unprivileged user namespaces "+
			"(sysctl kernel.unprivileged_userns_clone=1)\n", err)
		return 1
	}
	return 0
}

// settle makes an empty /run that is ours, and a loopback interface with the pod network on it.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	set := func(name string, request uint, value func(*unix.Ifreq) error) error {
		r, err := unix.NewIfreq(name)
		if err == nil {
			err = value(r)
		}
		if err == nil {
			err = unix.IoctlIfreq(fd, request, r)
		}
		return err
	}
	address := func(a []byte) func(*unix.Ifreq) error {
		return func(r *unix.Ifreq) error { return r.SetInet4Addr(a) }
	}
	return errors.Join(
		set("lo", unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error {
			r.SetUint16(unix.IFF_UP)
			return nil
		}),
		set("lo:pods", unix.SIOCSIFADDR, address(podNetwork[:])),
		set("lo:pods", unix.SIOCSIFNETMASK, address([]byte{255, 255, 0, 0})))
}

// withControlPlane runs the tests with a control plane, which is gone before the leak check.
type withControlPlane struct{ *testing.M }

func (w withControlPlane) Run() int {
	code, err := w.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func (w withControlPlane) run() (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	programs, err := controlplane.Programs(ctx, "./build.sh")
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "kcp")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	cp, err = controlplane.Start(ctx, controlplane.Config{Programs: programs, Dir: dir})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, cp.Stop()) }()
	fmt.Printf("etcd and kube-apiserver were ready after %v\n", time.Since(begin).Round(time.Millisecond))
	admin, err = newAdministrator()
	if err != nil {
		return 0, err
	}
	defer admin.close()
	return w.M.Run(), nil
}
