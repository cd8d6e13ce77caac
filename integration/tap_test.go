package integration

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// tap is a proxy for one connection between two nodes that counts the operations that cross it, each way. It reads the
// frames by itself, so that what it says is what is on the wire.
type tap struct {
	t  *testing.T
	ln net.Listener
	to string // host:port of who is dialled

	mu      sync.Mutex
	conns   []net.Conn
	forth   map[int]int // from who dials, by operation
	back    map[int]int
	garbled error
	copying sync.WaitGroup
}

// newTap starts one in front of a node. It ends with the test.
func newTap(t *testing.T, to string) *tap {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &tap{t: t, ln: ln, to: to, forth: map[int]int{}, back: map[int]int{}}
	p.copying.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *tap) addr() string { return p.ln.Addr().String() }

func (p *tap) close() {
	p.ln.Close()
	p.mu.Lock()
	for _, nc := range p.conns {
		nc.Close()
	}
	p.mu.Unlock()
	p.copying.Wait()
}

func (p *tap) accept() {
	for {
		a, err := p.ln.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", p.to)
		if err != nil {
			a.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, a, b)
		p.mu.Unlock()
		p.copying.Go(func() { p.copy(b, a, 'r', p.forth) })
		p.copying.Go(func() { p.copy(a, b, 'a', p.back) })
	}
}

// copy copies one direction; last is the tag of its last packet of the handshake.
func (p *tap) copy(dst, src net.Conn, last byte, counts map[int]int) {
	defer dst.Close()
	r := io.TeeReader(src, dst)
	for tag := byte(0); tag != last; {
		b, err := packet(r, 2)
		if err != nil || len(b) == 0 {
			return
		}
		tag = b[0]
	}
	for {
		b, err := packet(r, 4)
		if err != nil {
			return
		}
		op, err := operationOf(b)
		p.mu.Lock()
		if op > 0 {
			counts[op]++
		}
		if err != nil && p.garbled == nil {
			p.garbled = fmt.Errorf("%x: %w", b[:min(len(b), 64)], err)
		}
		p.mu.Unlock()
	}
}

// packet reads a packet with a length of n bytes.
func packet(r io.Reader, n int) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head[4-n:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint32(head))
	_, err := io.ReadFull(r, b)
	return b, err
}

// operationOf returns the operation of a frame, 0 for a tick and for a fragment that is not the first.
func operationOf(b []byte) (op int, err error) {
	defer func() { // a frame that is too short
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	switch {
	case len(b) == 0 || b[1] == 70:
		return 0, nil
	case b[0] == 112:
		b = b[2:]
	case b[0] == 131 && b[1] == 68:
		b = b[2+atomHeader(b[2:]):]
	case b[0] == 131 && b[1] == 69:
		b = b[18+atomHeader(b[18:]):]
	}
	if b[0] != 104 || b[2] != 97 {
		return 0, fmt.Errorf("no control tuple: %x", b[:8])
	}
	return int(b[3]), nil
}

// atomHeader returns how long the atoms at the front of b are.
func atomHeader(b []byte) int {
	n := int(b[0])
	if n == 0 {
		return 1
	}
	nibble := func(i int) byte { return b[1+i/2] >> (4 * (i % 2)) & 15 }
	lengthBytes := 1 + int(nibble(n)&1)
	at := 1 + n/2 + 1
	for i := range n {
		at++
		if nibble(i)&8 == 0 {
			continue
		}
		size := int(b[at])
		if lengthBytes == 2 {
			size = size<<8 | int(b[at+1])
		}
		at += lengthBytes + size
	}
	return at
}

// seen returns the operations that have crossed, from who dialled and back.
func (p *tap) seen() (forth, back []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NoError(p.t, p.garbled)
	return slices.Sorted(maps.Keys(p.forth)), slices.Sorted(maps.Keys(p.back))
}
