package node

import (
	"context"

	"gonode/dist"
)

// Shutdown ends the node and returns when nothing of it is left: no goroutine, no socket, no name in epmd. It stops
// looking for peers, lets its processes end (the reason is shutdown), closes the connections after what was sent, and
// ends the subscriptions to its events. When ctx is done it stops being polite. Calling it again waits for the first
// call. It returns ctx's error if it could not finish politely.
func (n *Node) Shutdown(ctx context.Context) error {
	n.shutdown.Do(func() { n.stop(ctx) })
	<-n.done
	return ctx.Err()
}

func (n *Node) stop(ctx context.Context) {
	defer close(n.done)
	n.mu.Lock()
	n.stopping = true
	n.mu.Unlock()
	if n.listener != nil {
		n.listener.ln.Close()
	}
	if n.stopEngine != nil {
		n.stopEngine()
	}
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

// stopErgo lets the processes end. Ergo waits for ever for one that does not; when ctx is done they are killed.
func (n *Node) stopErgo(ctx context.Context) {
	stopped := make(chan struct{})
	go func() { // ends with Ergo: at the latest when all processes are killed
		defer close(stopped)
		n.ergo.Stop()
	}()
	select {
	case <-stopped:
	case <-ctx.Done():
		if pids, err := n.ergo.ProcessList(); err == nil {
			for _, pid := range pids {
				n.ergo.Kill(pid)
			}
		}
		<-stopped
	}
}

// closeLinks closes all connections after what waits to be sent, or at once when ctx is done.
func (n *Node) closeLinks(ctx context.Context) {
	n.mu.Lock()
	links := make([]*link, 0, len(n.links))
	for _, l := range n.links {
		links = append(links, l)
	}
	n.mu.Unlock()
	for _, l := range links {
		l.conn.Close(dist.ErrDisconnect)
	}
	for _, l := range links {
		select {
		case <-l.gone:
		case <-ctx.Done():
			l.conn.Abort(dist.ErrDisconnect)
		}
	}
}
