package beam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// EPMD is a real epmd on a port of its own, on the loopback interface. Its methods may be called from any goroutine.
type EPMD struct {
	Port      int
	Release   string
	Namespace string // the network namespace it runs in; see InNamespace

	lab     *Lab
	mu      sync.Mutex
	process *process
	leash   io.Closer
}

// LaunchEPMD starts the epmd of a release on a free port and waits until it answers. Kill must be called in the end.
func (l *Lab) LaunchEPMD(ctx context.Context, release string) (*EPMD, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	e := &EPMD{Port: port, Release: release, lab: l}
	return e, e.Restart(ctx)
}

// LaunchEPMDIn starts the epmd of a release in a network namespace of its own, where it listens on all interfaces. Kill must
// be called in the end.
func (l *Lab) LaunchEPMDIn(ctx context.Context, release, namespace string, port int) (*EPMD, error) {
	e := &EPMD{Port: port, Release: release, Namespace: namespace, lab: l}
	return e, e.Restart(ctx)
}

// watched starts the program and kills it when standard input ends: with Kill, or when this process dies, in whatever way. It
// ends when the program is gone.
const watched = `"$0" "$@" </dev/null & p=$!; read -r _; kill -9 $p; wait $p`

// Restart kills the epmd if it runs and starts it again on the same port, with nobody registered. It waits until it answers.
func (e *EPMD) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	e.Kill()
	e.mu.Lock()
	defer e.mu.Unlock()
	program, err := e.lab.program(e.Release, "epmd")
	if err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", watched, program, "-port", strconv.Itoa(e.Port))
	if e.Namespace == "" {
		cmd.Args = append(cmd.Args, "-address", "127.0.0.1")
	}
	cmd.Env = environment(os.TempDir())
	leash, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	var p *process
	err = InNamespace(e.Namespace, func() (err error) {
		p, err = start(cmd, nil, func() {})
		return err
	})
	if err != nil {
		return err
	}
	e.process, e.leash = p, leash
	if err := e.listening(ctx); err != nil {
		return fmt.Errorf("start epmd of OTP %s on port %d: %w; it printed:\n%s", e.Release, e.Port, err, p.log.String())
	}
	return nil
}

// listening waits until a connection to the port is accepted.
func (e *EPMD) listening(ctx context.Context) error {
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for {
		if e.connect() == nil {
			return nil
		}
		select {
		case <-retry.C:
		case <-e.process.done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// connect makes a connection to the port and ends it.
func (e *EPMD) connect() error {
	return InNamespace(e.Namespace, func() error {
		nc, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: e.Port})
		if err != nil {
			return err
		}
		return nc.Close()
	})
}

// Kill ends the epmd with SIGKILL and returns when it is gone. It may be called again.
func (e *EPMD) Kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process == nil {
		return
	}
	e.leash.Close()
	<-e.process.done
	e.process = nil
}

// Log returns what the epmd has printed since it was last started.
func (e *EPMD) Log() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process == nil {
		return ""
	}
	return e.process.log.String()
}

// state tells for people whether the epmd runs. Its process is a shell that may outlive it (watched), so the port is tried.
func (e *EPMD) state() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process == nil {
		return "was killed by the test"
	}
	select {
	case <-e.process.done:
		return fmt.Sprintf("has ended (%v)", e.process.err)
	default:
	}
	if err := e.connect(); err != nil {
		return fmt.Sprintf("does not answer (%v)", err)
	}
	return "answers"
}

// Ports of the loopback interface that systems do not use for outgoing connections, so that one stays free until who asked
// for it listens there, and while that is restarted.
const firstPort, ports = 10_000, 22_000

var (
	portsFrom  = rand.Uint32N(ports) // anywhere, since other programs may do the same
	portsGiven atomic.Uint32
)

// FreePort returns a TCP port of the loopback interface that nobody listens on. Within a program no port comes twice, but
// for every 22,000th, so that of two callers neither takes the other's server for its own.
func FreePort() (int, error) {
	var err error
	for range 100 {
		port := firstPort + int((portsFrom+portsGiven.Add(1))%ports)
		var ln net.Listener
		if ln, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, ln.Close()
		}
	}
	return 0, err
}
