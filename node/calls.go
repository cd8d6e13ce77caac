package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/etf"
	"gonode/kernel"
)

// call is one request of ours to a process elsewhere: a gen_server call, or a spawn request whose end is the answer.
// The reference is that of the monitor, and in the tag of the request.
type call struct {
	ref  gen.Ref
	done func(outcome) // called once, from any goroutine; must not wait
	mon  dist.Signal   // the monitor, to take it back; KindInvalid if there is none

	// A spawn request has its monitor when the process is there; until then giving up has to wait for the reply.
	spawn   func(pid gen.PID) // called when the process is there; may be nil
	linked  bool              // the process is to be linked to the one that asks
	givenUp bool              // guarded by calls.mu
	once    sync.Once
	stop    *time.Timer // gives the call up when its caller has; may be nil
}

// outcome is how a call ended: with an answer, with a DOWN of its process, or with an error of ours.
type outcome struct {
	reply any
	down  any
	ended bool // down counts
	err   error
}

func (c *call) finish(o outcome) {
	c.once.Do(func() {
		if c.stop != nil {
			c.stop.Stop()
		}
		c.done(o)
	})
}

func (c *call) fail(err error) { c.finish(outcome{err: err}) }

// calls are the calls over one link that wait for their answer. The zero value is empty.
type calls struct {
	mu   sync.Mutex
	open map[gen.Ref]*call
	err  error // why no more can be added
}

// add adds c, or fails it if the link has ended.
func (cs *calls) add(c *call) {
	cs.mu.Lock()
	err := cs.err
	if err == nil {
		if cs.open == nil {
			cs.open = make(map[gen.Ref]*call)
		}
		cs.open[c.ref] = c
	}
	cs.mu.Unlock()
	if err != nil {
		c.fail(err)
	}
}

// take returns the call with ref and closes it; nil if there is none.
func (cs *calls) take(ref gen.Ref) *call {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.open[ref]
	delete(cs.open, ref)
	return c
}

func (cs *calls) fail(ref gen.Ref, err error) {
	if c := cs.take(ref); c != nil {
		c.fail(err)
	}
}

// spawned notes the process that a spawn request made, which can be told to end from now on. It returns the call, and
// whether the one who asked has given up.
func (cs *calls) spawned(ref gen.Ref, mon dist.Signal) (c *call, givenUp bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c = cs.open[ref]
	if c == nil {
		return nil, false
	}
	c.mon = mon
	if c.givenUp {
		delete(cs.open, ref)
	}
	return c, c.givenUp
}

// giveUp closes the call and reports whether its monitor can be taken back at once.
func (cs *calls) giveUp(c *call) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.open[c.ref] != c {
		return false
	}
	if c.mon.Kind == dist.KindInvalid {
		c.givenUp = true
		return false
	}
	delete(cs.open, c.ref)
	return true
}

// failAll fails what is open and what will be added.
func (cs *calls) failAll(err error) {
	cs.mu.Lock()
	open := cs.open
	cs.open, cs.err = nil, err
	cs.mu.Unlock()
	for _, c := range open {
		c.fail(err)
	}
}

// startCall adds c and sends its signals in order. It waits, within ctx, while too much waits for the peer already. If it
// fails nothing is left of the call.
func (l *link) startCall(ctx context.Context, c *call, signals ...*dist.Signal) error {
	l.calls.add(c)
	for i, sig := range signals {
		err := l.send(ctx, sig)
		switch {
		case err == nil:
		case i == 0: // the peer knows nothing of it
			l.calls.take(c.ref)
			return err
		default:
			l.giveUp(c)
			return err
		}
	}
	return nil
}

// newCall makes the signals of a gen_server call: a monitor, and the request with the monitor's reference in its tag.
// flags are those of the link, 0 if there is none yet; with aliases a late answer can't reach the caller's mailbox.
func (n *Node) newCall(from gen.PID, target dist.Signal, request any, flags dist.Flags) (c *call, mon, msg dist.Signal) {
	ref := n.makeCallRef()
	var tag any = ref
	if flags.Has(dist.FlagAlias) {
		tag = etf.ImproperList{Elems: []any{gen.Atom("alias")}, Tail: ref}
	}
	mon, msg = target, target
	mon.Kind, mon.From, mon.Ref = dist.KindMonitor, from, ref
	msg.Kind, msg.From = dist.KindSend, from
	msg.Message = etf.Tuple{gen.Atom("$gen_call"), etf.Tuple{from, tag}, request}
	return &call{ref: ref, mon: mon}, mon, msg
}

// newProcessCall is newCall for a process of Ergo's, which waits for an answer with the reference ergoRef.
func (n *Node) newProcessCall(from gen.PID, ergoRef gen.Ref, target dist.Signal, request any, flags dist.Flags) (c *call, mon, msg dist.Signal) {
	c, mon, msg = n.newCall(from, target, request, flags)
	opts := gen.MessageOptions{Ref: ergoRef}
	c.done = func(o outcome) {
		err := o.err
		if o.ended {
			err = kernel.ReasonError(o.down)
		}
		if err != nil {
			n.core.RouteSendResponseError(target.To, from, opts, err)
			return
		}
		n.core.RouteSendResponse(target.To, from, opts, o.reply)
	}
	return c, mon, msg
}

// expire gives c up when the caller's deadline has passed: Ergo does not say so when a process stops waiting.
func (l *link) expire(c *call, deadline uint64) {
	if deadline == 0 {
		return
	}
	after := time.Until(time.Unix(int64(deadline), 0)) + time.Second
	c.stop = time.AfterFunc(max(after, time.Second), func() {
		if l.calls.take(c.ref) != nil {
			l.takeBack(c)
			c.fail(gen.ErrTimeout)
		}
	})
}

// takeBack removes the monitor of a call that is over.
func (l *link) takeBack(c *call) {
	if c.mon.Kind == dist.KindInvalid {
		return
	}
	sig := c.mon
	sig.Kind = dist.KindDemonitor
	l.answer(&sig)
}

// giveUp ends a call that nobody waits for any more.
func (l *link) giveUp(c *call) {
	if l.calls.giveUp(c) {
		l.takeBack(c)
	}
}

// spawnReply takes the answer to a spawn request of ours.
func (l *link) spawnReply(sig *dist.Signal) {
	pid, ok := sig.Result.(gen.PID)
	if !ok {
		why, _ := sig.Result.(gen.Atom)
		l.calls.fail(sig.Ref, &ExitReason{Term: why})
		return
	}
	mon := dist.Signal{Kind: dist.KindMonitor, From: sig.To, To: pid, Ref: sig.Ref}
	c, givenUp := l.calls.spawned(sig.Ref, mon)
	switch {
	case c == nil:
	case givenUp:
		l.takeBack(c)
		l.abandon(sig.To, pid, c.linked)
	case c.spawn != nil:
		c.spawn(pid)
	}
}

// answered hands a message to the call it answers: {Tag, Reply}, with our reference in the tag. The answer to a call that
// was given up is dropped, which it is on its way here only if the peer has aliases. It reports false if the message is no
// such thing.
func (l *link) answered(message any) bool {
	t, ok := message.(etf.Tuple)
	if !ok || len(t) != 2 {
		return false
	}
	ref, ok := tagRef(t[0])
	if !ok || !l.node.isCallRef(ref) {
		return false
	}
	c := l.calls.take(ref)
	if c == nil {
		l.node.counters.undelivered.Add(1)
		return true
	}
	l.takeBack(c)
	c.finish(outcome{reply: t[1]})
	return true
}

// tagRef returns the reference in a tag of ours.
func tagRef(tag any) (gen.Ref, bool) {
	switch t := tag.(type) {
	case gen.Ref:
		return t, true
	case etf.ImproperList:
		ref, ok := t.Tail.(gen.Ref)
		return ref, ok
	}
	return gen.Ref{}, false
}

// request is a call that came in, for as long as it has no answer.
type request struct {
	from    gen.PID
	tag     any
	alias   gen.Ref
	isAlias bool
	monitor gen.Ref // of the caller; when it is taken back nobody waits any more
}

// requests are the calls from one peer that have no answer yet, by the reference that Ergo knows them by. The zero value
// is empty.
type requests struct {
	mu        sync.Mutex
	open      map[gen.Ref]request
	byMonitor map[gen.Ref]gen.Ref
}

// add reports whether there was room for it: for max of them.
func (rs *requests) add(ref gen.Ref, r request, max int) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if len(rs.open) >= max {
		return false
	}
	if rs.open == nil {
		rs.open, rs.byMonitor = make(map[gen.Ref]request), make(map[gen.Ref]gen.Ref)
	}
	rs.open[ref] = r
	rs.byMonitor[r.monitor] = ref
	return true
}

func (rs *requests) take(ref gen.Ref) (request, bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r, ok := rs.open[ref]
	if ok {
		delete(rs.open, ref)
		delete(rs.byMonitor, r.monitor)
	}
	return r, ok
}

// abandon forgets the request whose caller has taken its monitor back.
func (rs *requests) abandon(monitor gen.Ref) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if ref, ok := rs.byMonitor[monitor]; ok {
		delete(rs.byMonitor, monitor)
		delete(rs.open, ref)
	}
}

// newRequest reads the {From, Tag} of a gen_server call. The tag is opaque but for where the answer goes and which
// monitor belongs to it: Ref, [alias | Ref], [[alias | AliasRef] | Ref], {Ref, _} and {'$gen_request_id', Ref}.
func newRequest(from any) (request, bool) {
	t, ok := from.(etf.Tuple)
	if !ok || len(t) != 2 {
		return request{}, false
	}
	pid, ok := t[0].(gen.PID)
	if !ok {
		return request{}, false
	}
	r := request{from: pid, tag: t[1]}
	switch tag := t[1].(type) {
	case gen.Ref:
		r.monitor = tag
	case etf.ImproperList:
		r.monitor, _ = tag.Tail.(gen.Ref)
		r.alias, r.isAlias = aliasOf(tag)
	case etf.Tuple:
		for _, e := range tag {
			if ref, ok := e.(gen.Ref); ok {
				r.monitor = ref
			}
		}
	}
	return r, true
}

func aliasOf(tag etf.ImproperList) (gen.Ref, bool) {
	if len(tag.Elems) != 1 {
		return gen.Ref{}, false
	}
	switch head := tag.Elems[0].(type) {
	case gen.Atom:
		ref, ok := tag.Tail.(gen.Ref)
		return ref, ok && head == "alias"
	case etf.ImproperList:
		return aliasOf(head)
	}
	return gen.Ref{}, false
}

// reply sends the answer to the request that Ergo knows by ref. An answer that can't be sent is an error, to the caller
// too, who gets {error, Text}.
func (l *link) reply(from gen.PID, ref gen.Ref, response any) error {
	r, ok := l.requests.take(ref)
	if !ok {
		return gen.ErrResponseIgnored
	}
	sig := l.replySignal(from, r, response)
	err := l.send(context.Background(), &sig)
	if unsendable(err) {
		sig = l.replySignal(from, r, errorTuple(errorText(err)))
		return errors.Join(err, l.send(context.Background(), &sig))
	}
	return err
}

func replyMessage(tag, response any) etf.Tuple { return etf.Tuple{tag, response} }

func errorTuple(what any) etf.Tuple { return etf.Tuple{gen.Atom("error"), what} }
