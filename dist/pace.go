package dist

import (
	"runtime"
	"time"
)

// How eagerly the receive loop reads. To read as soon as something is there is best for few messages and worst for many:
// each of them then takes a system call and a wake-up here, and one there, since a BEAM gathers only what it can't write at
// once. So the pace depends on what came last.
//
// After a single signal that was answered another is likely to come soon, from whoever has got the answer: the loop looks
// for it for a moment before it goes to sleep, as a BEAM does, but gives way to threads that wait for its core: the system
// may have put there the very thread that the answer has woken. Amid a large message it sleeps for a moment when all that
// has arrived is read, so that more of it can be read at once and the peer's writes wake no thread. After several signals
// at once it gives way for a moment as well, until more of them can be read at once. And while a stream runs in one
// direction it reads only what has gathered: then the window is all but closed, and most writes of the peer cost it no
// segment and no wake-up here.
const (
	spinTime    = 150 * time.Microsecond
	spinRest    = 64                     // bursts without looking, after looking in vain three times in a row
	spinTurn    = 500 * time.Microsecond // with one processor: after so long the other connections have their turn
	spinLull    = 10 * spinTurn          // after so long without a look they have had it: the loop was asleep
	moreBurst   = 5
	moreTime    = 50 * time.Microsecond
	moreWait    = 1 << 10              // bytes that are to wait before the loop reads, a dozen or two of small messages
	napTime     = 5 * time.Microsecond // and the 50 by which Linux lets a thread oversleep
	amidNap     = 50 * time.Microsecond
	streamTime  = time.Millisecond
	streamBytes = 8 << 10 // in a streamTime, without a byte the other way
	streamWait  = 60_000  // bytes that are to wait before the loop reads: nearly a receive window as Linux begins with
	streamNap   = 100 * time.Microsecond
	streamPause = 5 * time.Millisecond // the longest that it waits for them
	streamRead  = 32 << 10             // bytes read at once then, so that something is left
)

// pacer decides on the pace. It belongs to the receive loop.
type pacer struct {
	direct *directSocket // nil if the socket can only be read by waiting for it
	spins  bool          // there is a core for it

	window   time.Time // since when bytes are counted
	bytes    int
	stream   bool
	sent     uint64 // bytes, when the window began
	answered uint64 // bytes, before the last burst

	misses, rest int
	alone        bool      // there is one processor for all goroutines, and while the loop looks nobody waits for the others' sockets
	turn         time.Time // of the others, the last one, if alone
	others       turnstile
}

func newPacer(d *directSocket) pacer {
	return pacer{direct: d, spins: runtime.NumCPU() > 1, alone: runtime.GOMAXPROCS(0) == 1}
}

// came notes that n bytes were read; out is how many were ever written.
func (p *pacer) came(n int, out uint64) {
	if p.direct == nil {
		return
	}
	p.bytes += n
	now := time.Now()
	d := now.Sub(p.window)
	if d < streamTime {
		return
	}
	p.stream = out == p.sent && float64(p.bytes) >= streamBytes*float64(d)/float64(streamTime)
	p.window, p.bytes, p.sent = now, 0, out
}

// before is called when burst signals were handled and the loop is about to read into b. It may wait, and it may read: then
// n is not 0.
func (p *pacer) before(burst int, out uint64, b []byte) (n int) {
	if p.direct == nil || burst == 0 {
		return 0
	}
	answered := out != p.answered
	p.answered = out
	switch {
	case p.stream && !answered && burst >= moreBurst:
		return p.gathered(b)
	case burst >= moreBurst:
		return p.more(b)
	case burst == 1 && answered && p.spins:
		return p.spin(b)
	}
	return 0
}

// more waits for a moment until more can be read, and lets other threads and goroutines run meanwhile.
func (p *pacer) more(b []byte) int {
	begin := time.Now()
	if !p.spins {
		p.direct.nap(napTime)
		return 0
	}
	p.takeTurns(begin)
	for p.direct.waiting() < moreWait && time.Since(begin) < moreTime {
		p.giveWay()
	}
	return p.direct.read(b)
}

// gathered waits until much can be read, but not for long, and reads a part of it.
func (p *pacer) gathered(b []byte) int {
	for begin := time.Now(); p.direct.waiting() < streamWait && time.Since(begin) < streamPause; {
		p.direct.nap(streamNap)
	}
	return p.direct.read(b[:min(len(b), streamRead)])
}

// amid is called when the loop is about to read into b amid a message that comes in fragments, or behind one, where another
// may follow. If nothing is there it sleeps, once, and reads: it must not be woken by each segment.
func (p *pacer) amid(b []byte) int {
	if p.direct == nil || !p.spins {
		return 0
	}
	n := p.direct.read(b)
	if n == 0 {
		p.takeTurns(time.Now())
		p.direct.nap(amidNap)
		n = p.direct.read(b)
	}
	return n
}

// spin looks for input for a while, and lets other threads and goroutines run meanwhile.
func (p *pacer) spin(b []byte) int {
	if p.rest > 0 {
		p.rest--
		return 0
	}
	begin := time.Now()
	p.takeTurns(begin)
	for {
		if n := p.direct.read(b); n > 0 {
			p.misses = 0
			return n
		}
		if time.Since(begin) >= spinTime {
			break
		}
		p.giveWay()
	}
	if p.misses++; p.misses >= 3 {
		p.rest = spinRest
	}
	return 0
}

// takeTurns has Go's scheduler look for other connections' input every spinTurn, which it would not while the loop looks.
func (p *pacer) takeTurns(now time.Time) {
	since := now.Sub(p.turn)
	if !p.alone || since <= spinTurn {
		return
	}
	p.turn = now
	if since <= spinLull {
		p.others.pass()
	}
}

// giveWay lets other threads run that wait for this core, and goroutines if there is no other processor for them: if there
// is, Go's scheduler would wake a thread to look for work.
func (p *pacer) giveWay() {
	p.direct.yield()
	if p.alone {
		runtime.Gosched()
	}
}
