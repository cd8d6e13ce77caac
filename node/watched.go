package node

import (
	"sync"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/kernel"
)

// watched is what one peer's processes watch here: its monitors of our processes and its links to them. What max does
// not allow is refused at once (Config.MaxRelations). A zero max allows nothing.
type watched struct {
	max int

	mu       sync.Mutex
	targets  map[gen.PID]*watchers // by local process
	monitors map[gen.Ref]gen.PID   // whom the monitor watches
	links    int                   // in all targets
}

// watchers are those of one peer who have to do with one local process.
type watchers struct {
	monitors map[gen.Ref]watcher    // of the peer's, on the local process
	links    map[gen.PID]*linkState // with the peer's
	placed   map[gen.Ref]struct{}   // monitors of the local process, on the peer's
}

// linkState is one link between a process here and one there ("Link Protocol" of the distribution protocol guide). A link
// that we have taken back stays, inactive, until the peer has said that it knows.
type linkState struct {
	active bool
	unlink uint64 // the id of our UNLINK_ID, 0 if there is none under way
}

// watcher is who gets the DOWN, and under which name it asked for the process, if it asked by name.
type watcher struct {
	pid  gen.PID
	name gen.Atom
}

func (w *watched) target(pid gen.PID) *watchers {
	if w.targets == nil {
		w.targets, w.monitors = make(map[gen.PID]*watchers), make(map[gen.Ref]gen.PID)
	}
	t := w.targets[pid]
	if t == nil {
		t = &watchers{
			monitors: make(map[gen.Ref]watcher),
			links:    make(map[gen.PID]*linkState),
			placed:   make(map[gen.Ref]struct{}),
		}
		w.targets[pid] = t
	}
	return t
}

// addMonitor reports whether there was room for it.
func (w *watched) addMonitor(target gen.PID, ref gen.Ref, by watcher) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full() {
		return false
	}
	w.target(target).monitors[ref] = by
	w.monitors[ref] = target
	return true
}

// full reports whether the peer may not have more; the caller holds the lock.
func (w *watched) full() bool { return len(w.monitors)+w.links >= w.max }

// hasMonitor reports whether the peer has a monitor with that reference.
func (w *watched) hasMonitor(ref gen.Ref) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.monitors[ref]
	return ok
}

// removeMonitor reports whether the monitor was there.
func (w *watched) removeMonitor(ref gen.Ref) bool {
	_, _, ok := w.takeMonitor(ref)
	return ok
}

// takeMonitor removes a monitor and returns whom it watched, and for whom.
func (w *watched) takeMonitor(ref gen.Ref) (target gen.PID, by watcher, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	target, ok = w.monitors[ref]
	if ok {
		by = w.targets[target].monitors[ref]
		delete(w.monitors, ref)
		delete(w.targets[target].monitors, ref)
		w.sweep(target)
	}
	return target, by, ok
}

// addLink takes a LINK of the peer's and reports whether there was room for it. One that there is already, in whatever
// state, stays as it is.
func (w *watched) addLink(local, remote gen.PID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.link(local, remote) != nil {
		return true
	}
	if w.full() {
		return false
	}
	w.target(local).links[remote] = &linkState{active: true}
	w.links++
	return true
}

// placeLink makes a link of ours and reports whether a LINK has to be sent.
func (w *watched) placeLink(local, remote gen.PID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.target(local)
	switch s := t.links[remote]; {
	case s == nil:
		w.links++
	case s.active:
		return false
	}
	t.links[remote] = &linkState{active: true}
	return true
}

// takeBackLink makes a link inactive under id and reports whether an UNLINK_ID has to be sent.
func (w *watched) takeBackLink(local, remote gen.PID, id uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.link(local, remote)
	if s == nil || !s.active {
		return false
	}
	s.active, s.unlink = false, id
	return true
}

// unlinked takes the peer's word that it knows of our UNLINK_ID.
func (w *watched) unlinked(local, remote gen.PID, id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.link(local, remote); s != nil && !s.active && s.unlink == id {
		w.dropLink(local, remote)
	}
}

// removeLink ends an active link and reports whether there was one: on an exit or an unlink of the peer's.
func (w *watched) removeLink(local, remote gen.PID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.link(local, remote)
	if s == nil || !s.active {
		return false
	}
	w.dropLink(local, remote)
	return true
}

// dropLink forgets a link; the caller holds the lock.
func (w *watched) dropLink(local, remote gen.PID) {
	delete(w.targets[local].links, remote)
	w.links--
	w.sweep(local)
}

// link returns the state of a link, nil if there is none; the caller holds the lock.
func (w *watched) link(local, remote gen.PID) *linkState {
	if t := w.targets[local]; t != nil {
		return t.links[remote]
	}
	return nil
}

// addPlaced notes a monitor that a local process has placed on one of the peer's.
func (w *watched) addPlaced(local gen.PID, ref gen.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target(local).placed[ref] = struct{}{}
}

func (w *watched) removePlaced(local gen.PID, ref gen.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.targets[local]; t != nil {
		delete(t.placed, ref)
		w.sweep(local)
	}
}

// sweep forgets a target that nobody watches; the caller holds the lock.
func (w *watched) sweep(target gen.PID) {
	if t := w.targets[target]; t != nil && len(t.monitors) == 0 && len(t.links) == 0 && len(t.placed) == 0 {
		delete(w.targets, target)
	}
}

// take removes all who watch target and returns them.
func (w *watched) take(target gen.PID) *watchers {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.targets[target]
	if t == nil {
		return nil
	}
	delete(w.targets, target)
	w.links -= len(t.links)
	for ref := range t.monitors {
		delete(w.monitors, ref)
	}
	return t
}

// monitor answers a MONITOR_P: the process is watched from now on, or the DOWN goes out at once.
func (l *link) monitor(sig *dist.Signal) {
	target, by := sig.To, watcher{pid: sig.From}
	if sig.Target == dist.ToName {
		by.name = sig.ToName
		pid, err := l.node.ergo.ProcessPID(sig.ToName)
		if err != nil {
			l.sendDown(gen.PID{}, sig.Ref, by, gen.Atom("noproc"))
			return
		}
		target = pid
	}
	if !l.node.relations.there(target) {
		l.sendDown(target, sig.Ref, by, gen.Atom("noproc"))
		return
	}
	if !l.watched.addMonitor(target, sig.Ref, by) {
		l.refused()
		l.sendDown(target, sig.Ref, by, systemLimit)
		return
	}
	if !l.node.relations.watch(l, target) && l.watched.removeMonitor(sig.Ref) {
		l.sendDown(target, sig.Ref, by, gen.Atom("noproc"))
	}
}

// linkTo answers a LINK.
func (l *link) linkTo(sig *dist.Signal) {
	target, by := sig.To, sig.From
	noproc := dist.Signal{Kind: dist.KindExit, From: target, To: by, Message: gen.Atom("noproc")}
	if !l.node.relations.there(target) {
		l.answer(&noproc)
		return
	}
	if !l.watched.addLink(target, by) {
		l.refused()
		l.tell(&dist.Signal{Kind: dist.KindExit, From: target, To: by, Message: systemLimit})
		return
	}
	if !l.node.relations.watch(l, target) && l.watched.removeLink(target, by) {
		l.answer(&noproc)
	}
}

// systemLimit is the reason for what is refused because there is too much of it.
const systemLimit gen.Atom = "system_limit"

// refused counts a relation or a call that was one too many.
func (l *link) refused() { l.node.counters.refused.Add(1) }

// sendDown sends a DOWN. For a monitor by name the pid is not sent, but keeps the DOWN behind what the process sent.
func (l *link) sendDown(target gen.PID, ref gen.Ref, to watcher, reason any) {
	l.tell(&dist.Signal{Kind: dist.KindDown, From: target, FromName: to.name, To: to.pid, Ref: ref, Message: reason})
}

// ended tells the peer's watchers that a process here has ended.
func (l *link) ended(target gen.PID, reason error) {
	t := l.watched.take(target)
	if t == nil {
		return
	}
	term := kernel.ReasonTerm(reason)
	for by, s := range t.links {
		if s.active {
			l.tell(&dist.Signal{Kind: dist.KindExit, From: target, To: by, Message: term})
		}
	}
	for ref := range t.placed {
		if c := l.calls.take(ref); c != nil {
			l.takeBack(c)
		}
	}
	for ref, by := range t.monitors {
		l.requests.abandon(ref) // the caller takes no monitor back that has fired
		l.sendDown(target, ref, by, term)
	}
}

// breakLinks tells the processes here that were linked to the peer's that the connection is gone.
func (l *link) breakLinks() {
	l.watched.mu.Lock()
	targets := l.watched.targets
	l.watched.targets, l.watched.monitors, l.watched.links = nil, nil, 0
	l.watched.mu.Unlock()
	noconnection := gen.Atom("noconnection")
	for target, t := range targets {
		for by, s := range t.links {
			if s.active && !l.node.jobs.exit(target, noconnection) {
				l.node.exitSignal(by, target, kernel.ReasonError(noconnection))
			}
		}
	}
}
