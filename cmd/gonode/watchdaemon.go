package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"gonode/cmd/gonode/internal/daemon"
	"gonode/cmd/gonode/internal/output"
	"gonode/events"
	"gonode/internal/eventjson"
)

const (
	answerTime    = 10 * time.Second // how long a daemon may take to begin with its events
	reconnectTime = time.Second      // between attempts to reach one that was there
)

// parseSince reads the id of an event, or its number.
func parseSince(s string) (string, error) {
	if !regexp.MustCompile(`^([0-9a-f]{1,8}-)?[0-9]{1,19}$`).MatchString(s) {
		return "", errors.New("want the id of an event, or its number")
	}
	return s, nil
}

// daemonWatch prints what happens to a daemon. One goroutine has it.
type daemonWatch struct {
	app    *app
	client *daemon.Client
	at     daemon.Address
	out    *output.Stream[eventLine]
	since  string
	until  *counter // nil for none
	wasUp  bool     // before a reset, the node that until waits for
}

// watchDaemon prints the events of a daemon until ctx is done, the output fails or the condition is met.
func (a *app) watchDaemon(ctx context.Context, f *watchFlags) error {
	if f.until != nil && f.since != "" && f.until.node == "" {
		return usagef("--until %q counts from the beginning, and --since leaves that out: give one of them", f.until.text)
	}
	if f.length > 0 {
		timed, cancel := context.WithTimeout(ctx, f.length)
		defer cancel()
		ctx = timed
	}
	w := &daemonWatch{app: a, client: daemon.New(f.address), at: f.address, out: newEventPrinter(f.out.printer(a)).out, since: f.since}
	defer w.client.Close()
	if f.until != nil {
		w.until = newCounter(f.until)
	}
	done := make(chan error, 1)
	go func() { done <- w.run(ctx) }() // ends with ctx; or with the process, if the reader hangs
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(lastLineTime):
			return nil
		}
	}
	if err != nil || f.until == nil || w.until.met(nil) {
		return err
	}
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errInterrupted
	}
	return &conditionError{fmt.Sprintf("%s was not met within %v", f.until.text, f.length)}
}

// run follows the daemon through the ends of connections. One that can't be had the first time is an error.
func (w *daemonWatch) run(ctx context.Context) error {
	for there, away := false, false; ; {
		stream, err := w.client.Events(ctx, w.since, answerTime)
		if err != nil && !there && ctx.Err() == nil {
			return askError(ctx, w.at, answerTime, err)
		}
		if err == nil {
			there, away = true, false
			var over bool
			over, err = w.follow(stream)
			stream.Close()
			if over {
				return err
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if !away {
			away = true
			w.app.notef("%v; connecting again", askError(ctx, w.at, answerTime, err))
		}
		if !pause(ctx, reconnectTime) {
			return nil
		}
	}
}

// errEnded is a daemon that has said goodbye.
var errEnded = errors.New("it has ended")

// follow prints the events of one connection. It is over when the output fails or the condition is met; else err says why
// the connection has ended.
func (w *daemonWatch) follow(stream *daemon.Stream) (over bool, err error) {
	for {
		ev, err := stream.Next()
		switch {
		case errors.Is(err, io.EOF) || err == nil && ev.Name == daemon.End:
			return false, errEnded
		case err != nil:
			return false, err
		}
		if line := daemonLine(ev); line != nil {
			if err := w.out.Write(line); err != nil {
				return true, err
			}
		}
		if ev.ID != "" {
			w.since = ev.ID
		}
		if w.enough(ev) {
			return true, nil
		}
	}
}

// enough reports whether the condition is met with ev.
func (w *daemonWatch) enough(ev daemon.Event) bool {
	if w.until == nil {
		return false
	}
	switch ev.Name {
	case daemon.Reset: // the daemon tells anew who is up
		w.wasUp = w.until.up[w.until.c.node]
		w.until = newCounter(w.until.c)
	case eventjson.NodeUp:
		return w.until.met(events.NodeUp{Node: ev.Node})
	case eventjson.NodeDown:
		return w.until.met(events.NodeDown{Node: ev.Node})
	case eventjson.Synced:
		w.until.gone = w.until.gone || w.wasUp && !w.until.up[w.until.c.node] // it went while we were away
		return w.until.met(events.Synced{})
	}
	return false
}

// resetLine says that what came before is void.
type resetLine struct{ eventHead }

func (l resetLine) text(p output.Printer) string {
	return l.stamp() + " " + p.Paint(output.Warn, "skip") + " what happened before is not known: the node was started anew, or it is too long ago"
}

// daemonLine returns how an event of a daemon is printed, or nil if it is of a kind that is not.
func daemonLine(ev daemon.Event) eventLine {
	h := head(ev.Name, ev.Time)
	h.ID = ev.ID
	switch ev.Name {
	case eventjson.NodeUp:
		return upLine{eventHead: h, Node: ev.Node, Hidden: ev.Hidden, Initial: ev.Initial, Creation: ev.Creation,
			ConnectionID: ev.ConnectionID, Seq: ev.Seq}
	case eventjson.NodeDown:
		return downLine{eventHead: h, Node: ev.Node, Hidden: ev.Hidden, Reason: ev.Reason, Creation: ev.Creation,
			ConnectionID: ev.ConnectionID, Seq: ev.Seq}
	case eventjson.Synced:
		return syncedLine{h, ev.Members, ev.Seq}
	case eventjson.Skipped:
		return skippedLine{h, ev.Count, ev.Seq}
	case daemon.Reset:
		return resetLine{head(ev.Name, time.Now())}
	}
	return nil
}
