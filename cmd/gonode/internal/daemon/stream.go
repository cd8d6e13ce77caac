package daemon

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"gonode/internal/eventjson"
)

// What a Stream gets besides the events that eventjson names.
const (
	Reset = "reset" // it can't go on where the reader was: the members come anew
	End   = "end"   // the daemon ends
)

// Event is what a Stream gets.
type Event struct {
	ID   string // to go on from; empty if one can't
	Name string // of eventjson, or Reset or End

	Time         time.Time
	Node         string
	Hidden       bool
	Initial      bool
	Reason       string
	Error        string
	Creation     uint32
	ConnectionID uint64 `json:"connection_id"`
	Seq          uint64
	Members      int
	Count        uint64
	Text         string
}

// QuietTime is how long a daemon that is well says nothing at most: three times what it says it is still there.
const QuietTime = 45 * time.Second

// maxLine is how long a line of a stream can be.
const maxLine = 1 << 20

// ErrQuiet is a stream on which nothing came for QuietTime.
var ErrQuiet = errors.New("nothing was heard from it")

// Stream is one connection to /events. One goroutine reads it and closes it.
type Stream struct {
	body   io.ReadCloser
	lines  *bufio.Scanner
	cancel context.CancelCauseFunc
	quiet  *time.Timer
	ctx    context.Context
}

// Events connects to /events. since is the id of the last event that the reader has, or empty. The stream ends with ctx; the
// daemon has to begin it within timeout.
func (c *Client) Events(ctx context.Context, since string, timeout time.Duration) (*Stream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(timeout, func() { cancel(context.DeadlineExceeded) })
	header := http.Header{"Accept": {"text/event-stream"}}
	if since != "" {
		header.Set("Last-Event-ID", since)
	}
	resp, err := c.get(ctx, "/events", header)
	late.Stop()
	if err == nil && !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		resp.Body.Close()
		err = errors.New("it does not answer as gonode run does")
	}
	if err != nil {
		defer cancel(nil)
		if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && cause != nil {
			return nil, cause
		}
		return nil, err
	}
	s := &Stream{body: resp.Body, lines: bufio.NewScanner(resp.Body), cancel: cancel, ctx: ctx}
	s.lines.Buffer(nil, maxLine)
	s.quiet = time.AfterFunc(QuietTime, func() { cancel(ErrQuiet) }) // ended by Close
	return s, nil
}

// Close ends the connection.
func (s *Stream) Close() {
	s.quiet.Stop()
	s.cancel(nil)
	_ = s.body.Close()
}

// Next waits for the next event. An error ends the stream: io.EOF if the daemon has ended it.
func (s *Stream) Next() (Event, error) {
	var id, name string
	var data []byte
	for s.lines.Scan() {
		s.quiet.Reset(QuietTime)
		line := s.lines.Bytes()
		if len(line) == 0 {
			if data != nil {
				return decode(id, name, data)
			}
			id, name = "", ""
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "id":
			id = string(value)
		case "event":
			name = string(value)
		case "data":
			data = append(data, value...)
		}
		if len(data) > maxLine {
			return Event{}, bufio.ErrTooLong
		}
	}
	if cause := context.Cause(s.ctx); cause != nil {
		return Event{}, cause
	}
	if err := s.lines.Err(); err != nil {
		return Event{}, endOf(err)
	}
	return Event{}, io.EOF
}

func decode(id, name string, data []byte) (Event, error) {
	var ev Event
	var head struct{ V int }
	if json.Unmarshal(data, &head) != nil || head.V == 0 || json.Unmarshal(data, &ev) != nil {
		return Event{}, errors.New("what it sends is no event of gonode run")
	}
	if head.V > eventjson.Version {
		return Event{}, fmt.Errorf("it sends events of version %d, and this program knows %d: use a newer one", head.V, eventjson.Version)
	}
	ev.ID, ev.Name = id, name
	return ev, nil
}
