package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/node"
)

// observers learn of the failure of processes on a BEAM, as those of gonode_relations do: by a mailbox of their own (link,
// monitor_pid, monitor_name, call_pid, call_name, spawn_monitor, spawn_link, spawn_undef, rpc), or as an actor by Ergo's
// means (those that begin with actor_).
type observers struct {
	t    *testing.T
	g    *node.Node
	peer gen.Atom
	last atomic.Int64
}

// target is what is observed.
type target struct {
	name gen.ProcessID
	pid  gen.PID
}

// observation is under way.
type observation struct {
	kind    string
	target  target
	started chan gen.PID // what is observed: the target, or what was spawned
	learned chan any
}

const relationsModule = "gonode_relations"

// victim starts one on the BEAM.
func (o *observers) victim() target {
	o.t.Helper()
	v := target{name: gen.ProcessID{Name: gen.Atom(fmt.Sprintf("go_victim_%d", o.last.Add(1))), Node: o.peer}}
	require.NoError(o.t, o.g.Call(ctxFor(o.t, patience), o.maker(), etf.Tuple{gen.Atom("victim"), v.name.Name}, &v.pid))
	return v
}

func (o *observers) maker() gen.ProcessID { return gen.ProcessID{Name: "maker", Node: o.peer} }

// prepare starts an observation of a new victim and returns when it is in force.
func (o *observers) prepare(kind string) *observation {
	o.t.Helper()
	v := o.victim()
	before := o.stays()
	ob := o.start(kind, v)
	eventually(o.t, patience, kind+" is in force", func() bool {
		switch {
		case strings.Contains(kind, "call"):
			var hung int
			require.NoError(o.t, o.g.Call(ctxFor(o.t, patience), v.pid, gen.Atom("hung"), &hung))
			return hung == 1
		case strings.HasPrefix(kind, "spawn"), kind == "rpc":
			return o.stays() > before
		}
		return true
	})
	return ob
}

func (o *observers) stays() (n int) {
	o.t.Helper()
	require.NoError(o.t, o.g.Call(ctxFor(o.t, patience), o.maker(), gen.Atom("stays"), &n))
	return n
}

// start starts an observation. Its goroutine ends with what it learned, at the end of the test at the latest.
func (o *observers) start(kind string, v target) *observation {
	o.t.Helper()
	ob := &observation{kind: kind, target: v, started: make(chan gen.PID, 2), learned: make(chan any, 1)}
	if strings.HasPrefix(kind, "actor_") {
		o.startActor(ob)
	} else {
		ctx := o.t.Context()
		go func() { ob.learned <- o.observe(ctx, kind, v, ob.started) }()
	}
	select {
	case pid := <-ob.started:
		ob.target.pid = pid
	case <-time.After(patience):
		require.FailNow(o.t, kind+" does not start")
	}
	return ob
}

func (o *observers) observe(ctx context.Context, kind string, v target, started chan<- gen.PID) any {
	box, err := o.g.Mailbox("")
	if err != nil {
		return err.Error()
	}
	defer box.Close()
	defer func() { started <- v.pid }() // if it failed
	var monitored node.Spawned
	switch kind {
	case "link":
		err = box.Link(ctx, v.pid)
	case "monitor_pid":
		_, err = box.Monitor(ctx, v.pid)
	case "monitor_name":
		_, err = box.Monitor(ctx, v.name)
	case "call_pid":
		started <- v.pid
		return called(box.Call(ctx, v.pid, gen.Atom("hang"), nil))
	case "call_name":
		started <- v.pid
		return called(box.Call(ctx, v.name, gen.Atom("hang"), nil))
	case "rpc":
		started <- v.pid
		return called(o.g.RPC(ctx, string(o.peer), relationsModule, "stay", nil))
	default:
		monitored, err = o.spawn(ctx, kind, box)
		v.pid = monitored.PID
	}
	if err != nil {
		return called(err)
	}
	started <- v.pid
	m, err := box.Receive(ctx)
	if err != nil {
		return called(err)
	}
	return o.plain(m.Body, v)
}

func (o *observers) spawn(ctx context.Context, kind string, box *node.Mailbox) (node.Spawned, error) {
	function, opt := "stay", node.SpawnMonitor(box.PID())
	switch kind {
	case "spawn_link":
		opt = node.SpawnLink(box.PID())
	case "spawn_undef":
		function = "nothing"
	case "spawn_quick":
		function = "quick"
	}
	return o.g.Spawn(ctx, string(o.peer), relationsModule, function, nil, opt)
}

// startActor observes as an actor of Ergo's.
func (o *observers) startActor(ob *observation) {
	v := ob.target
	pid := spawnEach(o.t, o.g, "", gen.ProcessOptions{}, &each{message: func(e *each, message any) error {
		if message != "begin" {
			ob.learned <- o.plain(message, v)
			return gen.TerminateReasonNormal
		}
		var err error
		switch ob.kind {
		case "actor_link":
			e.SetTrapExit(true)
			err = e.LinkPID(v.pid)
		case "actor_monitor_pid":
			err = e.MonitorPID(v.pid)
		case "actor_monitor_name":
			err = e.MonitorProcessID(v.name)
		case "actor_call_pid":
			ob.started <- v.pid
			_, err = e.CallWithTimeout(v.pid, gen.Atom("hang"), 30)
			ob.learned <- called(err)
			return nil
		case "actor_call_name":
			ob.started <- v.pid
			_, err = e.CallWithTimeout(v.name, gen.Atom("hang"), 30)
			ob.learned <- called(err)
			return nil
		}
		if err != nil {
			ob.learned <- called(err)
		}
		ob.started <- v.pid
		return nil
	}})
	require.NoError(o.t, o.g.Runtime().Send(pid, "begin"))
}

// called is what a call that ended with err has learned.
func called(err error) any { return etf.Tuple{gen.Atom("call"), reasonOf(err)} }

// plain is what an observer of gonode_relations says for a message.
func (o *observers) plain(message any, v target) any {
	down := func(process any, reason error) any {
		switch process {
		case v.pid:
			process = gen.Atom("the_pid")
		case v.name:
			process = etf.Tuple{gen.Atom("the_name"), gen.Atom("the_node")}
		}
		return etf.Tuple{gen.Atom("down"), process, reasonOf(reason)}
	}
	switch m := message.(type) {
	case node.Exit:
		return etf.Tuple{gen.Atom("exit"), reasonOf(m.Reason)}
	case gen.MessageExitPID:
		return etf.Tuple{gen.Atom("exit"), reasonOf(m.Reason)}
	case node.Down:
		return down(m.Process, m.Reason)
	case gen.MessageDownPID:
		return down(m.PID, m.Reason)
	case gen.MessageDownProcessID:
		return down(m.ProcessID, m.Reason)
	}
	return fmt.Sprintf("%T %v", message, message)
}

// reasonOf is the term that an error stands for.
func reasonOf(err error) any {
	if exit, ok := errors.AsType[*node.ExitReason](err); ok {
		return exit.Term
	}
	for known, term := range map[error]gen.Atom{
		gen.TerminateReasonNormal:   "normal",
		gen.TerminateReasonShutdown: "shutdown",
		gen.ErrNoConnection:         "noconnection",
		gen.ErrProcessUnknown:       "noproc",
	} {
		if errors.Is(err, known) {
			return term
		}
	}
	if _, ok := errors.AsType[*node.ConnectError](err); ok {
		return gen.Atom("noconnection")
	}
	return fmt.Sprint(err)
}

// result waits for what is learned.
func (o *observers) result(ob *observation, d time.Duration) any {
	select {
	case what := <-ob.learned:
		return what
	case <-time.After(d):
		// It is not to wait for ever.
		_ = o.g.Exit(gen.PID{}, ob.target.pid, gen.Atom("kill"))
		return gen.Atom("nothing")
	}
}

// comparable is what a BEAM has learned, as Go says it: gen_server and rpc have their own words for noconnection, and the
// exit of a spawned process names it.
func comparable(what any) any {
	for erlang, plain := range map[string]string{
		"{call, {nodedown, the_node}}":  "{call, noconnection}",
		"{badrpc, nodedown}":            "{call, noconnection}",
		"{error, {erpc, noconnection}}": "{call, noconnection}",
	} {
		if term, err := etf.ParseText(erlang); err == nil && etf.Equal(term, what) {
			term, _ = etf.ParseText(plain)
			return term
		}
	}
	if t, ok := what.(etf.Tuple); ok && len(t) == 3 && t[0] == gen.Atom("exit") {
		return etf.Tuple{t[0], t[2]}
	}
	return what
}
