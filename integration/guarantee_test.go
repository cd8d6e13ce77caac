package integration

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/node"
)

// What the tests of the guarantees share: order, terms, flow and failure.

// payload is gonode_load:payload/2.
func payload(i, j int) []byte {
	size := 1 + j%8
	switch {
	case (i+j)%2000 == 7:
		size = 1 + (i*7919+j*104729)%(300*1024)
	case (i+j)%100 == 3:
		size = 1 + (i*7919+j*104729)%4096
	}
	var word [8]byte
	binary.BigEndian.PutUint32(word[:], uint32(i))
	binary.BigEndian.PutUint32(word[4:], uint32(j))
	return bytes.Repeat(word[:], size/8+1)[:size]
}

// checker counts what many senders send to one receiver: {I, J, payload(I, J)}, J from 0 to each-1.
type checker struct {
	each int

	mu    sync.Mutex
	next  map[int]int
	count int
	wrong string // the first that was
	all   int    // senders that have sent all
}

func newChecker(each int) *checker { return &checker{each: each, next: make(map[int]int)} }

func (c *checker) got(message any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if why := c.judge(message); why != "" && c.wrong == "" {
		c.wrong = why
	}
}

func (c *checker) judge(message any) string {
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 3 {
		return fmt.Sprintf("%.200v came", message)
	}
	i, j := int(t[0].(int64)), int(t[1].(int64))
	want := c.next[i]
	c.next[i] = j + 1
	if j == c.each-1 {
		c.all++
	}
	switch {
	case j != want:
		return fmt.Sprintf("message %d of sender %d came for %d", j, i, want)
	case !bytes.Equal(t[2].([]byte), payload(i, j)):
		return fmt.Sprintf("message %d of sender %d is garbled", j, i)
	}
	return ""
}

func (c *checker) state() (count, all int, wrong string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count, c.all, c.wrong
}

// each is an actor that runs functions for what it gets. A nil function ignores it.
type each struct {
	act.Actor
	init    func(*each)
	message func(*each, any) error
	call    func(e *each, from gen.PID, ref gen.Ref, request any) (any, error)
}

func (e *each) Init(...any) error {
	if e.init != nil {
		e.init(e)
	}
	return nil
}

func (e *each) HandleMessage(_ gen.PID, message any) error {
	if e.message == nil {
		return nil
	}
	return e.message(e, message)
}

func (e *each) HandleCall(from gen.PID, ref gen.Ref, request any) (any, error) {
	if e.call == nil {
		return nil, nil
	}
	return e.call(e, from, ref, request)
}

// spawnEach starts an actor, registered under name unless that is empty.
func spawnEach(t *testing.T, g *node.Node, name gen.Atom, opts gen.ProcessOptions, e *each) gen.PID {
	t.Helper()
	factory := func() gen.ProcessBehavior { return e }
	var pid gen.PID
	var err error
	if name == "" {
		pid, err = g.Runtime().Spawn(factory, opts)
	} else {
		pid, err = g.Runtime().SpawnRegister(name, factory, opts)
	}
	require.NoError(t, err)
	return pid
}

// quietly is a configuration without debug logs, for tests in which very much happens.
func quietly(cfg *node.Config) { cfg.Logger = nil }
