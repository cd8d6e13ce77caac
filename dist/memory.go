package dist

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"unsafe"
	"weak"
)

const (
	// reuseFrom is the size in bytes from which memory is worth to be used again. Fresh memory of that size comes from the
	// system page by page, and makes the collector run, which costs more than to fill it.
	reuseFrom = 256 << 10

	maxLoans = 256 // loans that are remembered
)

// Memory lends large messages the memory in which their fragments gather, and takes it back for later ones. The zero value
// works, and can be shared by all links of a node. All methods may be called from anywhere. What is taken back and not
// lent again is left to the garbage collector.
type Memory struct {
	free [bits.UintSize]sync.Pool // of *[]byte, by the logarithm of their capacity

	mu    sync.Mutex
	loans []loan
}

// loan is memory that was lent. It does not keep it alive.
type loan struct {
	start weak.Pointer[byte]
	addr  uintptr // of start, to look for
	size  int
}

// Recycle takes back the memory of the large message that b is a part of: a binary as it came, or a piece of it. From then
// on b and all other binaries of that message may change at any time: whoever recycles it must know that nobody uses them
// any more. It must not be recycled twice. Other memory, also that of a small message, is left alone, and so is nil.
func (m *Memory) Recycle(b []byte) {
	if len(b) == 0 {
		return
	}
	whole := m.end(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	runtime.KeepAlive(b)
	if whole != nil {
		whole = whole[:0]
		m.free[class(cap(whole))].Put(&whole)
	}
}

// class is the logarithm of a size.
func class(size int) int { return bits.Len(uint(size)) - 1 }

// lend returns an empty slice with room for size bytes, and not for more than most. Size is most or less.
func (m *Memory) lend(size, most int) []byte {
	if size < reuseFrom {
		return make([]byte, 0, size)
	}
	b := m.again(size, most)
	if b == nil {
		b = make([]byte, 0, size)
	}
	m.note(b)
	return b
}

// again returns memory that was taken back, or nil. It is no more than twice what is needed.
func (m *Memory) again(size, most int) []byte {
	for c := class(size); c <= class(2*size); c++ {
		p, _ := m.free[c].Get().(*[]byte)
		switch {
		case p == nil:
		case size <= cap(*p) && cap(*p) <= min(most, 2*size):
			return *p
		default:
			m.free[c].Put(p)
		}
	}
	return nil
}

// note remembers b as lent. If too much is lent it does not, and b can't be recycled: a process that lags behind takes what
// came first, so that is what must be remembered.
func (m *Memory) note(b []byte) {
	start := unsafe.SliceData(b)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.loans) == maxLoans {
		m.loans = slices.DeleteFunc(m.loans, func(l loan) bool { return l.start.Value() == nil })
	}
	if len(m.loans) < maxLoans {
		m.loans = append(m.loans, loan{start: weak.Make(start), addr: uintptr(unsafe.Pointer(start)), size: cap(b)})
	}
}

// end ends the loan that addr is in and returns its memory; nil if there is none. The caller keeps alive what is at addr: a
// loan of that place whose memory is gone is an old one.
func (m *Memory) end(addr uintptr) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, l := range m.loans {
		if addr-l.addr >= uintptr(l.size) {
			continue
		}
		if start := l.start.Value(); start != nil {
			m.loans = slices.Delete(m.loans, i, i+1)
			return unsafe.Slice(start, l.size)
		}
	}
	return nil
}
