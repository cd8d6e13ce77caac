package dist

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

// directSocket reads and writes a socket without ever waiting for it. One goroutine uses read at a time, and one write.
type directSocket struct {
	raw   syscall.RawConn
	in    transfer
	out   transfer
	fetch func(fd uintptr) bool // made once, so that a call makes no garbage
	store func(fd uintptr) bool
	count func(fd uintptr)
	queue int32 // bytes, as count found
}

// transfer is one system call: the bytes, and how many of them went.
type transfer struct {
	b []byte
	n int
}

// newDirectSocket returns nil if nc is no plain socket: TLS, or a pipe.
func newDirectSocket(nc net.Conn) *directSocket {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	d := &directSocket{raw: raw}
	d.fetch = func(fd uintptr) bool { return d.in.done(syscall.Read(int(fd), d.in.b)) }
	d.store = func(fd uintptr) bool { return d.out.done(syscall.Write(int(fd), d.out.b)) }
	d.count = func(fd uintptr) {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, fd, siocInq, uintptr(unsafe.Pointer(&d.queue)))
	}
	return d
}

func (t *transfer) done(n int, err error) bool {
	if err == nil {
		t.n = n
	}
	return true // do not wait
}

// read reads what is there. Neither an error nor the end is told: both come again at the next ordinary read.
func (d *directSocket) read(b []byte) int {
	d.in = transfer{b: b}
	_ = d.raw.Read(d.fetch)
	n := d.in.n
	d.in.b = nil
	return n
}

// write writes as much of b as the socket takes at once. An error is not told: it comes again at the next ordinary write.
func (d *directSocket) write(b []byte) int {
	d.out = transfer{b: b}
	_ = d.raw.Write(d.store)
	n := d.out.n
	d.out.b = nil
	return n
}

// nap lets the thread sleep. The timers of the runtime are no finer than a millisecond when nothing else goes on, and while
// it waits for them every segment that arrives wakes it.
func (d *directSocket) nap(t time.Duration) {
	ts := syscall.NsecToTimespec(int64(t))
	_ = syscall.Nanosleep(&ts, nil)
}

// yield lets a thread run that waits for the core of this one, if there is any. Go's scheduler is told, as that may take
// a while.
func (d *directSocket) yield() {
	_, _, _ = syscall.Syscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
}

// waiting returns how many bytes could be read now.
func (d *directSocket) waiting() int {
	d.queue = 0
	_ = d.raw.Control(d.count)
	return int(d.queue)
}

// siocInq asks how much is in the receive queue of a socket.
const siocInq = 0x541B
