package exec

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"gonode/strategy/nodelist"
)

const (
	maxComplaint = 2048        // bytes of standard error that are kept: the last ones
	killWait     = time.Second // how long the pipes of a program that has ended may stay open
)

// The ways in which a run is cut short.
var (
	errTimeout  = errors.New("it took too long")
	errTooMuch  = fmt.Errorf("it printed more than %d bytes", nodelist.MaxBytes)
	errLeftover = errors.New("it ended, but left a process behind that holds its output open: let it wait for what it starts, " +
		"or redirect the output of that")
)

// output runs the program once and returns what it prints.
func (s *Strategy) output(ctx context.Context) ([]byte, error) {
	timeout := cmp.Or(s.Timeout, DefaultTimeout)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%w: more than %v", errTimeout, timeout))
	defer stop()

	stdout := head{max: nodelist.MaxBytes, full: func() { cancel(errTooMuch) }}
	stderr := tail{max: maxComplaint}
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = killWait
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }

	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		_ = killGroup(cmd) // what is left of the group; its number is not given out again while there is somebody in it
		err = errLeftover
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return nil, s.failure(err, stderr.String())
	}
	return stdout.b.Bytes(), nil
}

// failure says how a run failed. The arguments are not in it: they may have secrets.
func (s *Strategy) failure(err error, complaint string) error {
	var exit *exec.ExitError
	advice := ""
	switch {
	case errors.Is(err, exec.ErrNotFound):
		advice = ": install it, or give its full path"
	case errors.As(err, &exit) && complaint == "":
		advice = " and nothing on standard error: run it by hand"
	}
	if complaint != "" {
		advice = ": " + complaint
	}
	return fmt.Errorf("program %s: %w%s", s.Command[0], err, advice)
}

// head keeps what is written, and calls full when that is more than max bytes. The buffer is not embedded: io.Copy would
// fill it by its ReadFrom.
type head struct {
	b    bytes.Buffer
	max  int
	full func()
}

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	if h.b.Len()+len(p) > h.max {
		h.full()
		return 0, errTooMuch
	}
	return h.b.Write(p)
}

// tail keeps the last max bytes of what is written.
type tail struct {
	max  int
	last []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	if cut := len(t.last) - t.max; cut > 0 {
		t.last = append(t.last[:0], t.last[cut:]...)
	}
	return len(p), nil
}

// String returns it as one line.
func (t *tail) String() string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(t.last), "?")), " ")
}
