package node

import (
	"context"
	"time"

	"gonode/dist"
)

// Shutdown ends the node and returns when nothing of it is left: no goroutine, no socket, no name in epmd. It stops
// looking for peers, lets its processes end (the reason is shutdown), closes the connections after what was sent, and
// ends the subscriptions to its events. When ctx is done it stops being polite. Calling it again waits for the first
// call. It returns ctx's error if it could not finish politely. It must not be called from a process of the node.
func (n *Node) Shutdown(ctx context.Context) error {
	n.shutdown.Do(func() { n.stop(ctx) })
	<-n.done
	return ctx.Err()
}

func (n *Node) stop(ctx context.Context) {
	defer close(n.done)
	n.spawning.Lock()
	n.mu.Lock()
	n.stopping = true
	n.mu.Unlock()
	n.spawning.Unlock()
	if n.listener != nil {
		n.listener.ln.Close()
	}
	if n.stopEngine != nil {
		n.stopEngine()
	}
	n.jobs.stop(ctx)
	if n.ergo != nil {
		n.stopErgo(ctx)
	}
	n.closeLinks(ctx)
	n.cancel()
	n.wg.Wait()
	n.hub.Close()
	if n.bridge != nil {
		n.bridge.close()
	}
	if n.keeper != nil {
		n.keeper.Close()
	}
}

func (n *Node) isStopping() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stopping
}

// killGrace is how long Shutdown waits for processes that it had to kill.
const killGrace = time.Second

// stopErgo lets the processes end. Ergo waits for ever for one that does not; when ctx is done the connections are cut,
// which frees those that wait to send, and all are killed. Go code that never returns can't be ended: it is left behind.
func (n *Node) stopErgo(ctx context.Context) {
	stopped := make(chan struct{})
	go func() { // ends with Ergo, which ends with its last process
		defer close(stopped)
		n.ergo.Stop()
	}()
	select {
	case <-stopped:
		return
	case <-ctx.Done():
	}
	for _, l := range n.allLinks() {
		l.conn.Abort(l.stopped())
	}
	if pids, err := n.ergo.ProcessList(); err == nil {
		for _, pid := range pids {
			n.ergo.Kill(pid)
		}
	}
	select {
	case <-stopped:
	case <-time.After(killGrace):
		n.log.Error("processes do not end and are left behind")
	}
}

// closeLinks closes all connections after what waits to be sent, or at once when ctx is done.
func (n *Node) closeLinks(ctx context.Context) {
	links := n.allLinks()
	for _, l := range links {
		l.conn.Close(l.stopped())
	}
	for _, l := range links {
		select {
		case <-l.gone:
		case <-ctx.Done():
			l.conn.Abort(l.stopped())
		}
	}
}

// stopped is why a link ends when the node does.
func (l *link) stopped() error {
	return &dist.LinkError{Peer: l.peer, Reason: "shutdown", Err: errStopping}
}
