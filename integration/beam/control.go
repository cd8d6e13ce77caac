package beam

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// What an answer is to be, and the third kind: why there is none. See evaluate/2 in gonode_test.erl.
const (
	kindText  = 'p'
	kindTerm  = 'b'
	kindError = 'e'
)

// maxAnswer is the longest answer taken, in bytes.
const maxAnswer = 256 << 20

var errEnded = errors.New("the node has ended")

// control is the connection through which a node evaluates expressions. Packets have four bytes of length; a request is
// {id:64, kind:8, text}, an answer the same.
type control struct {
	nc      net.Conn
	reading sync.WaitGroup

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan<- reply // nil: closed
}

type reply struct {
	kind byte
	body []byte
}

// newControl starts the goroutine that reads answers. It ends with the connection; close waits for it.
func newControl(nc net.Conn) *control {
	c := &control{nc: nc, waiting: map[uint64]chan<- reply{}}
	c.reading.Go(c.read)
	return c
}

func (c *control) read() {
	defer c.fail()
	for {
		var head [4]byte
		if _, err := io.ReadFull(c.nc, head[:]); err != nil {
			return
		}
		n := binary.BigEndian.Uint32(head[:])
		if n < 9 || n > maxAnswer {
			return
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(c.nc, b); err != nil {
			return
		}
		c.mu.Lock()
		id := binary.BigEndian.Uint64(b)
		ch := c.waiting[id]
		delete(c.waiting, id)
		c.mu.Unlock()
		if ch != nil {
			ch <- reply{b[8], b[9:]} // has room for one
		}
	}
}

// fail tells all who wait that there will be no answer.
func (c *control) fail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range c.waiting {
		close(ch)
	}
	c.waiting = nil
}

// ask sends a request and waits for its answer.
func (c *control) ask(ctx context.Context, kind byte, text string) ([]byte, error) {
	ch := make(chan reply, 1)
	id, err := c.send(kind, text, ch)
	if err != nil {
		return nil, err
	}
	select {
	case r, ok := <-ch:
		switch {
		case !ok:
			return nil, errEnded
		case r.kind == kindError:
			return nil, errors.New(string(r.body))
		}
		return r.body, nil
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.waiting, id)
		c.mu.Unlock()
		return nil, fmt.Errorf("no answer: %w", ctx.Err())
	}
}

func (c *control) send(kind byte, text string, ch chan<- reply) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		return 0, errEnded
	}
	c.last++
	b := binary.BigEndian.AppendUint32(nil, uint32(9+len(text)))
	b = binary.BigEndian.AppendUint64(b, c.last)
	b = append(append(b, kind), text...)
	if _, err := c.nc.Write(b); err != nil {
		return 0, errEnded
	}
	c.waiting[c.last] = ch
	return c.last, nil
}

// close ends the connection, upon which the node halts, and waits for the reader.
func (c *control) close() {
	c.nc.Close()
	c.reading.Wait()
}
