package dist

import "os"

// turnstile has Go's scheduler look which goroutines could go on because their sockets are ready, and lets them run. It
// looks by itself when no goroutine can run, or after 10 ms; but to wait until then costs the thread its sleep and whoever
// writes next a wake-up. So the one who passes waits for a goroutine that waits for a pipe in which there is something: the
// scheduler finds it in that very look. The zero value works, and takes its pipe when it is first passed. It belongs to one
// goroutine.
type turnstile struct {
	in, out *os.File
	passed  chan struct{}
	token   [1]byte
	broken  bool
}

// pass lets the others run. Without a pipe, as when there are too many open files, it does nothing: they wait for 10 ms.
func (t *turnstile) pass() {
	if t.broken || t.out == nil && !t.open() {
		return
	}
	if _, err := t.out.Write(t.token[:]); err != nil {
		t.broken = true
		return
	}
	<-t.passed
}

func (t *turnstile) open() bool {
	in, out, err := os.Pipe()
	if err != nil {
		t.broken = true
		return false
	}
	t.in, t.out, t.passed = in, out, make(chan struct{})
	go func() { // ends with close, which waits for it
		defer close(t.passed)
		var b [1]byte
		for {
			if _, err := in.Read(b[:]); err != nil {
				return
			}
			t.passed <- struct{}{}
		}
	}()
	return true
}

// close gives the pipe back.
func (t *turnstile) close() {
	if t.out == nil {
		return
	}
	_ = t.out.Close()
	<-t.passed
	_ = t.in.Close()
}
