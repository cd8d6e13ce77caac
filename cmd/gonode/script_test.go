package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// patience is how long a script waits for what ought to happen at once.
const patience = 20 * time.Second

// leakChecked runs the tests and then looks for goroutines that are left.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		println(err.Error())
		return 1
	}
	return code
}

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"gonode": main})
}

// TestScripts runs the command as a user does. Besides the commands of testscript there are:
//
//	start NAME command...    runs a command in the background
//	until NAME regexp        waits until it has printed that on its standard output
//	untilerr NAME regexp     the same for standard error; with ! it looks whether there is no such thing by now
//	silent VARIABLE          listens on a port, never answers, and sets the variable to it
//	signal NAME INT|TERM     sends a signal
//	hangup NAME              closes the reading end of its standard output
//	ended NAME CODE          waits for its end and checks the exit code
//	exits CODE command...    runs a command and checks the exit code
//
// Every script has an epmd port of its own in ERL_EPMD_PORT, and a packet capture of two nodes in CAPTURE.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			env.Setenv("ERL_EPMD_PORT", port)
			env.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")) // else every command takes a second to end
			env.Values[jobsKey{}] = make(jobs)
			capture, absErr := filepath.Abs("internal/pcap/testdata/otp.pcap")
			env.Setenv("CAPTURE", capture)
			return errors.Join(err, absErr)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":    start,
			"until":    func(ts *testscript.TestScript, _ bool, args []string) { jobOf(ts, args).stdout.until(ts, args[1]) },
			"untilerr": untilStderr,
			"silent":   silent,
			"signal":   signalJob,
			"hangup":   hangup,
			"ended":    ended,
			"exits":    exits,
		},
	})
}

// freePort returns a port for epmd. It is none of those that the system hands out, or another node would have it by the
// time it is used.
func freePort() (string, error) {
	var err error
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		ln, failed := net.Listen("tcp", "127.0.0.1:"+port)
		if failed == nil {
			return port, ln.Close()
		}
		err = failed
	}
	return "", err
}

// jobs are the commands that a script has started, and jobsKey finds them in the values of the script.
type (
	jobs    map[string]*job
	jobsKey struct{}
)

type job struct {
	cmd            *exec.Cmd
	reader         *os.File // of its standard output
	stdout, stderr printed
	outDone        sync.WaitGroup // the copying of its standard output
	errDone        sync.WaitGroup // and error
}

func start(ts *testscript.TestScript, _ bool, args []string) {
	j := &job{cmd: exec.Command(args[1], args[2:]...)}
	j.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "GORACE", "GOCOVERDIR", "ERL_EPMD_PORT", "GONODE_COOKIE", "GONODE_NAME"} {
		if value := ts.Getenv(name); value != "" {
			j.cmd.Env = append(j.cmd.Env, name+"="+value)
		}
	}
	reader, writer, err := os.Pipe()
	ts.Check(err)
	stderr, err := j.cmd.StderrPipe()
	ts.Check(err)
	j.reader, j.cmd.Stdout = reader, writer
	ts.Check(j.cmd.Start())
	writer.Close()
	j.outDone.Go(func() { j.stdout.copy(reader) }) // both end when the command does
	j.errDone.Go(func() { j.stderr.copy(stderr) })
	ts.Value(jobsKey{}).(jobs)[args[0]] = j
	ts.Defer(func() {
		if j.cmd.ProcessState == nil {
			j.cmd.Process.Kill()
			j.wait()
		}
		reader.Close()
		ts.Logf("[%s stdout]\n%s[%s stderr]\n%s", args[0], j.stdout.String(), args[0], j.stderr.String())
	})
}

func jobOf(ts *testscript.TestScript, args []string) *job {
	j := ts.Value(jobsKey{}).(jobs)[args[0]]
	if j == nil {
		ts.Fatalf("nothing was started as %s", args[0])
	}
	return j
}

func untilStderr(ts *testscript.TestScript, neg bool, args []string) {
	stderr := &jobOf(ts, args).stderr
	if !neg {
		stderr.until(ts, args[1])
	} else if regexp.MustCompile(args[1]).MatchString(stderr.String()) {
		ts.Fatalf("there is %s", args[1])
	}
}

func silent(ts *testscript.TestScript, _ bool, args []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the backlog takes connections
	ts.Check(err)
	ts.Defer(func() { ln.Close() })
	ts.Setenv(args[0], strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
}

func signalJob(ts *testscript.TestScript, _ bool, args []string) {
	sig := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}[args[1]]
	ts.Check(jobOf(ts, args).cmd.Process.Signal(sig))
}

func ended(ts *testscript.TestScript, _ bool, args []string) {
	j := jobOf(ts, args)
	kill := time.AfterFunc(patience, func() { j.cmd.Process.Signal(syscall.SIGQUIT) }) // shows what all goroutines do
	err := j.wait()
	kill.Stop()
	wantCode(ts, err, args[1])
}

// wait waits for the end of the command and of its output.
func (j *job) wait() error {
	j.outDone.Wait()
	j.errDone.Wait()
	return j.cmd.Wait()
}

func hangup(ts *testscript.TestScript, _ bool, args []string) {
	j := jobOf(ts, args)
	syscall.ForkLock.RLock() // a process that is being started has all our files for a moment
	defer syscall.ForkLock.RUnlock()
	ts.Check(j.reader.Close())
	j.outDone.Wait() // the pipe is closed when the last read has returned
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	wantCode(ts, ts.Exec(args[1], args[2:]...), args[0])
}

func wantCode(ts *testscript.TestScript, err error, want string) {
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// printed is what a command has written so far.
type printed struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed at the next change
	closed  bool
}

func (o *printed) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *printed) copy(from interface{ Read([]byte) (int, error) }) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		o.mu.Lock()
		o.text.Write(buf[:n])
		o.closed = err != nil
		if o.changed != nil {
			close(o.changed)
			o.changed = nil
		}
		o.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// until waits for text that matches pattern.
func (o *printed) until(ts *testscript.TestScript, pattern string) {
	re, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	late := time.After(patience)
	for {
		o.mu.Lock()
		text, closed := o.text.String(), o.closed
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		changed := o.changed
		o.mu.Unlock()
		if re.MatchString(text) {
			return
		}
		if closed {
			ts.Fatalf("it ended without %s", pattern)
		}
		select {
		case <-changed:
		case <-late:
			ts.Fatalf("no %s within %v", pattern, patience)
		}
	}
}
