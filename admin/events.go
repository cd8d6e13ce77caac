package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonode/events"
	"gonode/internal/eventjson"
)

// What a stream of events says besides what happens.
const (
	eventReset = "reset" // the reader can't go on where it was: what it knew is void, the members come anew
	eventEnd   = "end"   // the node or the server ends
)

// retryTime is how long readers wait before they connect again.
const retryTime = 2 * time.Second

// stream is one reader of /events.
type stream struct {
	server *Server
	w      http.ResponseWriter
	rc     *http.ResponseController
	kinds  []string // nil: all
	id     string   // line with the id of the last event, wanted or not; empty while there is none to go on from
}

// events streams what happens. An event's id is the node's creation and the number of the event, so that an id of an earlier
// life of the node is known as such. The members that come first have none: only from the synced that follows on is it
// right to go on from there.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	opts, resume, err := s.subscription(r)
	if err != nil {
		writeText(w, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		s.metrics.streamsRefused.Inc()
		w.Header().Set("Retry-After", "5")
		writeText(w, http.StatusServiceUnavailable, fmt.Sprintf("%d read already\n", s.cfg.MaxStreams))
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)() // if this is not our own server
	st := &stream{server: s, w: w, rc: http.NewResponseController(w), kinds: kindsOf(r)}
	_ = st.rc.SetReadDeadline(time.Time{}) // the one of the request would end the stream
	sub := s.node.Events().Subscribe(ctx, opts...)
	defer sub.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	begin := fmt.Sprintf("retry: %d\n\n", retryTime.Milliseconds())
	if resume && !sub.Resumed() {
		begin += fmt.Sprintf("event: %s\ndata: {\"v\":%d,\"event\":%q}\n\n", eventReset, eventjson.Version, eventReset)
	}
	if st.write(begin) == nil {
		st.follow(ctx, sub)
	}
}

// subscription reads the request: what to subscribe to, and whether the reader was here before.
func (s *Server) subscription(r *http.Request) (opts []events.Option, resume bool, err error) {
	opts = append(opts, events.Buffer(s.cfg.EventBuffer))
	for _, kind := range kindsOf(r) {
		if !slices.Contains(streamed(), kind) {
			return nil, false, fmt.Errorf("there is no event %q; there is: %s", kind, strings.Join(streamed(), ", "))
		}
	}
	if wantsDiscovery(kindsOf(r)) {
		opts = append(opts, events.Discovery())
	}
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("since")
	}
	if id == "" {
		return opts, false, nil
	}
	creation, number, ok := strings.Cut(id, "-")
	if !ok { // since=17
		creation, number = s.creation(), id
	}
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return nil, false, errors.New("since wants the id of an event")
	}
	if creation == s.creation() {
		opts = append(opts, events.Since(seq))
	}
	return opts, true, nil
}

func (s *Server) creation() string { return strconv.FormatUint(uint64(s.node.Creation()), 16) }

// streamed are the kinds of events that can be asked for.
func streamed() []string {
	return []string{
		eventjson.NodeUp, eventjson.NodeDown, eventjson.Decision, eventjson.StrategyFailed, eventjson.StrategyRecovered,
	}
}

// kindsOf returns what the reader asks for with event=nodeup,nodedown; nil are all but those of discovery.
func kindsOf(r *http.Request) []string {
	text := r.URL.Query().Get("event")
	if text == "" {
		return nil
	}
	if text == "all" {
		return streamed()
	}
	return strings.Split(text, ",")
}

func wantsDiscovery(kinds []string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool { return kind != eventjson.NodeUp && kind != eventjson.NodeDown })
}

// follow writes the events until the reader has gone or does not read, or the node ends.
func (st *stream) follow(ctx context.Context, sub *events.Subscription) {
	for {
		waiting, cancel := context.WithTimeout(ctx, st.server.keepAlive)
		ev, err := sub.Next(waiting)
		cancel()
		switch {
		case err == nil:
			err = st.event(ev)
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			err = st.write(st.id + ": still here\n\n") // an id alone is no event
		default:
			_ = st.write(fmt.Sprintf("event: %s\ndata: {\"v\":%d,\"event\":%q}\n\n", eventEnd, eventjson.Version, eventEnd))
		}
		if err != nil {
			return
		}
	}
}

// event writes ev if it is wanted.
func (st *stream) event(ev events.Event) error {
	id := fmt.Sprintf("id: %s-%d\n", st.server.creation(), eventjson.Seq(ev))
	switch ev := ev.(type) {
	case events.NodeUp:
		if ev.Initial {
			id = ""
		}
	case events.Skipped: // what comes next is older than the newest that was skipped
		id = ""
	}
	if id != "" {
		st.id = id
	}
	name := eventjson.Name(ev)
	data := eventjson.Marshal("", ev)
	if data == nil || slices.Contains(streamed(), name) && st.kinds != nil && !slices.Contains(st.kinds, name) {
		return nil
	}
	return st.write(fmt.Sprintf("%sevent: %s\ndata: %s\n\n", id, name, data))
}

// write writes within the time that a reader has for that.
func (st *stream) write(text string) error {
	_ = st.rc.SetWriteDeadline(time.Now().Add(st.server.streamTime))
	if _, err := st.w.Write([]byte(text)); err != nil {
		return err
	}
	return st.rc.Flush()
}
