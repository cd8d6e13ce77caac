package beam

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// process is a program in a process group of its own, with all it prints.
type process struct {
	cmd  *exec.Cmd
	log  *journal
	done chan struct{} // closed when it has ended
	err  error         // how; read after done
}

// start runs cmd. What it prints goes to the log, and to also unless that is nil. The goroutine waits for the end of the
// process, calls ended, and ends with it.
func start(cmd *exec.Cmd, also io.Writer, ended func()) (*process, error) {
	p := &process{cmd: cmd, log: &journal{}, done: make(chan struct{})}
	var out io.Writer = p.log
	if also != nil {
		out = io.MultiWriter(p.log, also)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second // for a child that outlives it with standard output open
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		p.err = reap(cmd)
		ended()
		close(p.done)
	}()
	return p, nil
}

// kill ends the process and its children with SIGKILL, and returns when it is gone. One that has ended is no error.
func (p *process) kill() {
	select {
	case <-p.done: // its number may be somebody else's by now
	default:
		killGroup(p.cmd.Process)
		<-p.done
	}
}

// journal keeps what is written to it.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// maxJournal is where a journal ends: a node that prints without end is not to take this process along.
const maxJournal = 8 << 20

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if room := maxJournal - j.buf.Len(); room > 0 {
		j.buf.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// String returns all so far.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}
