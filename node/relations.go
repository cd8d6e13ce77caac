package node

import (
	"sync"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/kernel"
)

// Links and monitors in Erlang's sense are kept here, in watched and in placedMonitor, and not in Ergo, whose relations
// are of another kind: one a pair of processes, one way, without a reference, those that cross the wire placed from the
// node and not from the process, and all under one lock. Ergo also does not look again after it has placed one, so that
// the end of a process meanwhile is told to nobody. It holds one relation for each process that is watched, placed by a
// process of ours, so that we learn that it ended, and why.

// relations knows which processes of this node are watched, and by whom: over which links from elsewhere, and what is
// between two of them. The zero value is empty.
type relations struct {
	node    *Node
	watcher gen.PID // the process of ours that Ergo tells of the end of others

	mu     sync.Mutex
	links  map[gen.PID]map[*link]struct{}        // by watched process; nil stands for this node itself
	local  map[gen.PID]map[gen.Ref]*localMonitor // monitors by processes of this node
	linked map[gen.PID]map[gen.PID]struct{}      // links between processes of this node, under both of them
}

// there reports whether there is such a process. One that has ended is not there, also while those who watch it have yet
// to be told: who comes now comes too late, as in Erlang.
func (r *relations) there(pid gen.PID) bool {
	if pid == r.node.core.PID() {
		return true // the node itself, as the group leader of what we have others run: it ends with the connection
	}
	_, err := r.node.ergo.ProcessState(pid)
	return err == nil || r.node.jobs.has(pid)
}

// watch makes sure that we hear of the end of target, and that l does. It reports false if there is no such process: then
// all who watch it have been told, but not those of l. What l wants to tell must be in its table before, so that an end in
// between is not missed, and who takes it out of there tells it.
func (r *relations) watch(l *link, target gen.PID) bool {
	if target == r.node.core.PID() {
		return true
	}
	r.mu.Lock()
	links, known := r.links[target]
	if !known {
		links = make(map[*link]struct{})
		if r.links == nil {
			r.links = make(map[gen.PID]map[*link]struct{})
		}
		r.links[target] = links
	}
	links[l] = struct{}{}
	r.mu.Unlock()
	if known {
		return true
	}
	err := r.node.core.RouteMonitorPID(r.watcher, target)
	if err == nil {
		// Ergo does not look again after it has placed the monitor, so a process that ends meanwhile is never told.
		_, err = r.node.ergo.ProcessState(target)
	}
	if err == nil {
		return true
	}
	r.end(target, gen.ErrProcessUnknown, l) // those who came meanwhile took it for known
	return false
}

// addLocal notes a monitor between processes of this node.
func (r *relations) addLocal(m *localMonitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.local == nil {
		r.local = make(map[gen.PID]map[gen.Ref]*localMonitor)
	}
	if r.local[m.target] == nil {
		r.local[m.target] = make(map[gen.Ref]*localMonitor)
	}
	r.local[m.target][m.ref] = m
}

// stopLocal forgets a monitor between processes of this node and reports whether it was there.
func (r *relations) stopLocal(m *localMonitor) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.local[m.target][m.ref]
	delete(r.local[m.target], m.ref)
	return ok
}

// addLink notes a link between processes of this node and reports whether it is new.
func (r *relations) addLink(a, b gen.PID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.linked[a][b]; ok {
		return false
	}
	if r.linked == nil {
		r.linked = make(map[gen.PID]map[gen.PID]struct{})
	}
	for _, pair := range [][2]gen.PID{{a, b}, {b, a}} {
		if r.linked[pair[0]] == nil {
			r.linked[pair[0]] = make(map[gen.PID]struct{})
		}
		r.linked[pair[0]][pair[1]] = struct{}{}
	}
	return true
}

// removeLink forgets a link between processes of this node and reports whether it was there.
func (r *relations) removeLink(a, b gen.PID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.linked[a][b]; !ok {
		return false
	}
	r.dropLink(a, b)
	r.dropLink(b, a)
	return true
}

// dropLink forgets b among those linked to a; the caller holds the lock.
func (r *relations) dropLink(a, b gen.PID) {
	delete(r.linked[a], b)
	if len(r.linked[a]) == 0 {
		delete(r.linked, a)
	}
}

// own notes that target, which is no process of Ergo's, is about to be watched over l. Its end is told with ended.
func (r *relations) own(l *link, target gen.PID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.links == nil {
		r.links = make(map[gen.PID]map[*link]struct{})
	}
	r.links[target] = map[*link]struct{}{l: {}}
}

// ended tells all who watch a process that it has ended. It runs in the watcher process, or where a job ended.
func (r *relations) ended(target gen.PID, reason error) { r.end(target, reason, nil) }

// end tells all who watch a process that it has ended, but for one link.
func (r *relations) end(target gen.PID, reason error, but *link) {
	r.mu.Lock()
	links, local, linked := r.links[target], r.local[target], r.linked[target]
	delete(r.links, target)
	delete(r.local, target)
	delete(r.linked, target)
	for other := range linked {
		r.dropLink(other, target)
	}
	r.mu.Unlock()
	for l := range links {
		if l != nil && l != but {
			l.ended(target, reason)
		}
	}
	for _, m := range local {
		m.down(reason)
	}
	for other := range linked {
		if !r.node.jobs.exit(other, kernel.ReasonTerm(reason)) {
			r.node.exitSignal(target, other, reason)
		}
	}
	r.node.suspended.drop(target)
}

// forget removes a link that has ended. What Ergo watches stays watched.
func (r *relations) forget(l *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, links := range r.links {
		delete(links, l)
	}
}

// watcherProcess is the process that Ergo tells of the end of those that are watched from elsewhere.
type watcherProcess struct {
	act.Actor
	relations *relations
}

// HandleMessage implements act.ActorBehavior.
func (w *watcherProcess) HandleMessage(_ gen.PID, message any) error {
	if down, ok := message.(gen.MessageDownPID); ok {
		w.relations.ended(down.PID, down.Reason)
	}
	return nil
}
