package node

import (
	"context"
	"sync"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/etf"
	"gonode/kernel"
)

// jobs are the processes that other nodes have spawned here: each runs one exported function in a goroutine of its own,
// has a pid, and can be linked to, monitored and killed, but receives nothing.
type jobs struct {
	node *Node
	wg   sync.WaitGroup

	mu     sync.Mutex
	closed bool
	byPID  map[gen.PID]*job
	calls  map[gen.Ref]*job // those whose caller waits, by its monitor
}

// job is one such process. It ends when its function does, or before, when it gets an exit; what the function returns
// then is dropped.
type job struct {
	jobs   *jobs
	pid    gen.PID
	call   gen.Ref // the monitor of the caller that waits; zero if nobody does
	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once
}

// start makes the process, or reports why there can't be one.
func (js *jobs) start(call gen.Ref) (*job, gen.Atom) {
	j := &job{jobs: js, pid: js.node.briefPID(), call: call}
	j.ctx, j.cancel = context.WithCancel(context.WithValue(js.node.ctx, selfKey{}, j.pid))
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.closed || len(js.byPID) >= js.node.cfg.MaxCalls {
		j.cancel()
		return nil, "system_limit"
	}
	if js.byPID == nil {
		js.byPID, js.calls = make(map[gen.PID]*job), make(map[gen.Ref]*job)
	}
	js.byPID[j.pid] = j
	if call != (gen.Ref{}) {
		js.calls[call] = j
	}
	js.wg.Add(1)
	return j, ""
}

// running returns how many there are.
func (js *jobs) running() int {
	js.mu.Lock()
	defer js.mu.Unlock()
	return len(js.byPID)
}

// has reports whether pid is one of them.
func (js *jobs) has(pid gen.PID) bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.byPID[pid] != nil
}

// end ends the process for a reason; only the first one counts.
func (j *job) end(reason any) {
	j.once.Do(func() {
		j.cancel()
		js := j.jobs
		js.mu.Lock()
		delete(js.byPID, j.pid)
		delete(js.calls, j.call)
		js.mu.Unlock()
		js.node.relations.ended(j.pid, kernel.ReasonError(reason))
	})
}

// exit hands an exit signal to the process pid and reports whether there is one. Erlang's rules for a process that does
// not trap exits apply.
func (js *jobs) exit(pid gen.PID, reason any) bool {
	js.mu.Lock()
	j := js.byPID[pid]
	js.mu.Unlock()
	switch {
	case j == nil:
		return false
	case reason == gen.Atom("normal"):
	case reason == gen.Atom("kill"):
		j.end(gen.Atom("killed"))
	default:
		j.end(reason)
	}
	return true
}

// abandon tells the function whose caller has taken its monitor back that nobody waits any more.
func (js *jobs) abandon(monitor gen.Ref) {
	js.mu.Lock()
	j := js.calls[monitor]
	js.mu.Unlock()
	if j != nil {
		j.end(gen.Atom("killed"))
	}
}

// stop ends all jobs and waits for their functions until ctx is done; one that does not return is left behind.
func (js *jobs) stop(ctx context.Context) {
	js.mu.Lock()
	js.closed = true
	all := make([]*job, 0, len(js.byPID))
	for _, j := range js.byPID {
		all = append(all, j)
	}
	js.mu.Unlock()
	for _, j := range all {
		j.end(gen.Atom("shutdown"))
	}
	idle := make(chan struct{})
	go func() { js.wg.Wait(); close(idle) }() // ends with the last function
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// spawn answers a SPAWN_REQUEST: the reply goes out before anything else of the new process.
func (l *link) spawn(sig *dist.Signal) {
	n := l.node
	s := kernel.ParseSpawn(sig.Module, sig.Function, sig.Arity, sig.Message, sig.Options)
	reply := dist.Signal{Kind: dist.KindSpawnReply, To: sig.From, Ref: sig.Ref}
	if s.Refused != "" {
		reply.Result = s.Refused
		l.answer(&reply)
		return
	}
	var call gen.Ref
	if s.Call {
		call = sig.Ref
	}
	j, refused := n.jobs.start(call)
	if j == nil {
		reply.Result = refused
		l.answer(&reply)
		return
	}
	n.relations.own(l, j.pid)
	if !l.watchSpawned(j, s, sig) {
		l.refused()
		reply.Result = systemLimit
		l.answer(&reply)
		j.end(systemLimit)
		n.jobs.wg.Done()
		return
	}
	if s.Link {
		reply.SpawnFlags |= dist.SpawnLinked
	}
	if s.Monitor {
		reply.SpawnFlags |= dist.SpawnMonitored
	}
	reply.Result = j.pid
	l.answer(&reply)
	from := sig.From // sig is used again for the next signal
	go func() {      // owned by jobs
		defer n.jobs.wg.Done()
		j.end(s.Exit(n.runExported(j.ctx, from, s.Module, s.Function, s.Args)))
	}()
}

// watchSpawned makes the relations that are asked for with a new process and reports whether there was room for them.
func (l *link) watchSpawned(j *job, s kernel.Spawn, sig *dist.Signal) bool {
	if s.Link && !l.watched.addLink(j.pid, sig.From) {
		return false
	}
	if s.Monitor && !l.watched.addMonitor(j.pid, sig.Ref, watcher{pid: sig.From}) {
		l.watched.removeLink(j.pid, sig.From)
		return false
	}
	return true
}

// runForRex runs a function for rex; it is a kernel.Runner.
func (n *Node) runForRex(from gen.PID, module, function gen.Atom, args etf.List, done func(kernel.Outcome)) {
	j, refused := n.jobs.start(gen.Ref{})
	if j == nil {
		done(kernel.Outcome{Exception: &kernel.Exception{Class: kernel.ClassError, Reason: refused}})
		return
	}
	go func() { // owned by jobs
		defer n.jobs.wg.Done()
		o := n.runExported(j.ctx, from, module, function, args)
		j.end(gen.Atom("normal"))
		done(o)
	}()
}
