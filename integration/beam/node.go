package beam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"gonode/integration/erlang"
)

// Node is a running Erlang node. Its methods may be called from any goroutine.
type Node struct {
	// Options are what it was started with; Launch(ctx, n.Options) starts another like it.
	Options Options

	process *process
	control *control
}

// startLimit bounds how long a node or an epmd may take to start. It is far above what it takes, some tenths of a second.
const startLimit = 30 * time.Second

// Launch starts a node and waits until it answers, and so until its distribution is up. Kill must be called in the end.
func (l *Lab) Launch(ctx context.Context, o Options) (*Node, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	n, err := l.launch(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start Erlang node %q of OTP %s: %w", o.Name, o.Release, err)
	}
	return n, nil
}

func (l *Lab) launch(ctx context.Context, o Options) (*Node, error) {
	erl, err := l.program(o.Release, "erl")
	if err != nil {
		return nil, err
	}
	ebin, err := l.helper(ctx, o.Release)
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "gonode-beam-")
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	var ln net.Listener
	var p *process
	err = InNamespace(o.Namespace, func() (err error) {
		if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		cmd := exec.Command(erl, o.arguments(ebin, erlang.Module)...)
		cmd.Dir = home
		cmd.Env = o.environment(home, ln.Addr(), token)
		p, err = start(cmd, o.Output, func() { os.RemoveAll(home) })
		return err
	})
	if ln != nil {
		defer ln.Close()
	}
	if err != nil {
		os.RemoveAll(home)
		return nil, err
	}
	nc, err := answer(ctx, ln, token, p)
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("%w; it printed:\n%s", err, p.log.String())
	}
	return &Node{Options: o, process: p, control: newControl(nc)}, nil
}

// answer waits until the node calls back on ln. Its goroutine ends with the context it makes.
func answer(ctx context.Context, ln net.Listener, token string, p *process) (net.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-ctx.Done():
		case <-p.done:
			cancel(errors.New("it ended at once"))
		}
	}()
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	for {
		nc, err := ln.Accept()
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return nil, err
		}
		_ = nc.SetReadDeadline(time.Now().Add(startLimit))
		got := make([]byte, 4+len(token))
		if _, err := io.ReadFull(nc, got); err == nil && string(got[4:]) == token {
			_ = nc.SetReadDeadline(time.Time{})
			return nc, nil
		}
		nc.Close() // somebody else
	}
}

// Name returns the node's name as it was asked for.
func (n *Node) Name() string { return n.Options.Name }

// Query evaluates Erlang expressions, separated by commas, and returns the last value as ~0tp prints it. Each Query runs
// in a process of its own with no variables bound; that process ends after it, and its links see reason normal.
// Exceptions are errors. The expressions may use the module gonode_test.
func (n *Node) Query(ctx context.Context, expr string) (string, error) {
	b, err := n.query(ctx, kindText, expr)
	return string(b), err
}

// QueryTerm is Query for the value itself, in the external term format (version byte first).
func (n *Node) QueryTerm(ctx context.Context, expr string) ([]byte, error) {
	return n.query(ctx, kindTerm, expr)
}

func (n *Node) query(ctx context.Context, kind byte, expr string) ([]byte, error) {
	b, err := n.control.ask(ctx, kind, expr)
	if err != nil {
		return nil, fmt.Errorf("%s (OTP %s): %s: %w", n.Options.Name, n.Options.Release, strings.TrimSpace(expr), err)
	}
	return b, nil
}

// Log returns all the node has printed so far, up to 8 MiB.
func (n *Node) Log() string { return n.process.log.String() }

// Pid returns the number of the operating system process: the emulator itself.
func (n *Node) Pid() int { return n.process.cmd.Process.Pid }

// Done is closed when the node has ended.
func (n *Node) Done() <-chan struct{} { return n.process.done }

// Kill ends the node with SIGKILL and returns when it is gone. It may be called again.
func (n *Node) Kill() {
	n.process.kill()
	n.control.close()
}

// Halt ends the node at once from within, with erlang:halt/0, and returns when it is gone: its sockets close, nobody is told.
func (n *Node) Halt() {
	n.control.close() // the leash
	<-n.process.done
}

// Leave ends the node in order, with init:stop/0, and returns when it is gone.
func (n *Node) Leave(ctx context.Context) error {
	// The node may be gone before it has answered.
	if _, err := n.Query(ctx, "init:stop()"); err != nil && !errors.Is(err, errEnded) {
		return err
	}
	select {
	case <-n.process.done:
		n.control.close()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not stop: %w", n.Name(), ctx.Err())
	}
}

// Stop halts the node's execution with SIGSTOP: its sockets stay open and nothing answers, until Cont.
func (n *Node) Stop() error { return pause(n.process.cmd.Process) }

// Cont lets a stopped node go on, with SIGCONT.
func (n *Node) Cont() error { return resume(n.process.cmd.Process) }
