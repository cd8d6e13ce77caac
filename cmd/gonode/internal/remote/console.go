package remote

import (
	"context"
	"fmt"
	"io"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// Console is a group leader: what processes that have it write, it writes to W.
type Console struct {
	target Target
	box    *node.Mailbox
	w      io.Writer
	ended  chan struct{}
}

// formatTime is how long the node that prints may take to format what it prints.
const formatTime = 5 * time.Second

// OpenConsole starts a console for processes on the target. Close it in the end.
func (t Target) OpenConsole(w io.Writer) (*Console, error) {
	box, err := t.From.Mailbox("")
	if err != nil {
		return nil, err
	}
	c := &Console{target: t, box: box, w: w, ended: make(chan struct{})}
	go c.run() // owned by c: ends with Close
	return c, nil
}

// PID is what to give to group_leader/2.
func (c *Console) PID() gen.PID { return c.box.PID() }

// Close ends the console when what has come so far is written.
func (c *Console) Close() {
	_ = c.box.Send(context.Background(), c.box.PID(), gen.Atom("close"))
	<-c.ended
	c.box.Close()
}

func (c *Console) run() {
	defer close(c.ended)
	for {
		m, err := c.box.Receive(context.Background())
		if err != nil || m.Body == gen.Atom("close") {
			return
		}
		// {io_request, From, ReplyAs, Request}, "The Erlang I/O Protocol" of STDLIB
		t, ok := m.Body.(etf.Tuple)
		if !ok || len(t) != 4 || t[0] != gen.Atom("io_request") {
			continue
		}
		if from, ok := t[1].(gen.PID); ok {
			reply := etf.Tuple{gen.Atom("io_reply"), t[2], c.answer(t[3])}
			_ = c.box.Send(context.Background(), from, reply) // it may be gone
		}
	}
}

// answer does what is asked: output of all kinds; input is at its end.
func (c *Console) answer(request any) any {
	t, _ := request.(etf.Tuple)
	if len(t) == 0 {
		return etf.Tuple{gen.Atom("error"), gen.Atom("request")}
	}
	switch t[0] {
	case gen.Atom("put_chars"):
		return c.put(t)
	case gen.Atom("requests"):
		var last any = gen.Atom("ok")
		all, _ := t[len(t)-1].(etf.List)
		for _, one := range all {
			last = c.answer(one)
		}
		return last
	case gen.Atom("get_line"), gen.Atom("get_chars"), gen.Atom("get_until"):
		return gen.Atom("eof")
	}
	return etf.Tuple{gen.Atom("error"), gen.Atom("enotsup")}
}

// put writes {put_chars, Encoding, Chars} or {put_chars, Encoding, M, F, A}, the latter formatted by the node that asks.
func (c *Console) put(t etf.Tuple) any {
	failed := etf.Tuple{gen.Atom("error"), gen.Atom("put_chars")}
	chars := t[len(t)-1]
	if len(t) == 5 {
		module, _ := t[2].(gen.Atom)
		function, _ := t[3].(gen.Atom)
		args, _ := t[4].(etf.List)
		if module != "io_lib" {
			return failed
		}
		ctx, cancel := context.WithTimeout(context.Background(), formatTime)
		defer cancel()
		var err error
		if chars, err = c.target.Call(ctx, string(module), string(function), args...); err != nil {
			return failed
		}
	}
	text, ok := etf.Text(chars)
	if b, isIO := etf.IOData(chars); !ok && isIO {
		text, ok = string(b), true
	}
	if !ok {
		return failed
	}
	if _, err := fmt.Fprint(c.w, text); err != nil {
		return failed
	}
	return gen.Atom("ok")
}
