package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/events"
	"gonode/node"
)

// sse is a reader of /events.
type sse struct {
	t    *testing.T
	resp *http.Response
	r    *bufio.Reader
	id   string // of the last event
}

// message is one event as it came.
type message struct {
	event, data string
	hasID       bool
}

func read(t *testing.T, url, lastID string) *sse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(t, err)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return &sse{t: t, resp: resp, r: bufio.NewReader(resp.Body), id: lastID}
}

// next returns the next event, as a browser would see it.
func (s *sse) next() message {
	s.t.Helper()
	var m message
	for {
		line, err := s.r.ReadString('\n')
		require.NoError(s.t, err)
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "event":
			m.event = value
		case "data":
			m.data = value
		case "id":
			s.id, m.hasID = value, true
		case "":
			if m.data != "" {
				return m
			}
			m = message{}
		}
	}
}

// texts returns the next events as text, up to and with one of a kind.
func (s *sse) until(kind string) []string {
	s.t.Helper()
	var all []string
	for {
		m := s.next()
		var v struct {
			V           int
			Event, Node string
			Initial     bool
		}
		require.NoError(s.t, json.Unmarshal([]byte(m.data), &v))
		require.Equal(s.t, m.event, v.Event)
		require.Equal(s.t, 1, v.V)
		text := strings.TrimSpace(m.event + " " + strings.TrimSuffix(v.Node, "@127.0.0.1"))
		if v.Initial {
			require.False(s.t, m.hasID, "one can't go on from the middle of the members")
			text = "initial " + text
		}
		all = append(all, text)
		if m.event == kind {
			return all
		}
	}
}

// TestEvents: the members, then what happens; and a reader that was away goes on where it was.
func TestEvents(t *testing.T) {
	port := freePort(t)
	a, b := start(t, "a", port), start(t, "b", port)
	_, url := serve(t, a, Config{PingInterval: -1})
	require.NoError(t, a.Connect(within(t), b.Name()))
	first := read(t, url+"/events", "")
	require.Equal(t, "text/event-stream", first.resp.Header.Get("Content-Type"))
	require.Equal(t, []string{"initial nodeup b", "synced"}, first.until("synced"))
	require.True(t, a.Disconnect(b.Name()))
	require.Equal(t, []string{"nodedown b"}, first.until("nodedown"))
	first.resp.Body.Close()

	c := start(t, "c", port)
	require.NoError(t, a.Connect(within(t), c.Name()))
	require.NoError(t, a.Connect(within(t), b.Name()))
	for name, again := range map[string]*sse{
		"by header": read(t, url+"/events", first.id),
		"by query":  read(t, url+"/events?since="+first.id, ""),
		"by number": read(t, url+"/events?since="+first.id[strings.Index(first.id, "-")+1:], ""),
	} {
		require.Equal(t, []string{"nodeup c", "nodeup b", "synced"}, again.until("synced"), name)
	}
	require.Equal(t, []string{"synced"}, read(t, url+"/events?event=nodedown", first.id).until("synced"))
	all := read(t, url+"/events?since=0", "")
	require.Equal(t, []string{"nodeup b", "nodedown b", "nodeup c", "nodeup b", "synced"}, all.until("synced"))

	// An id of an earlier life of the node, or one that is yet to come.
	for _, id := range []string{"1-3", fmt.Sprintf("%x-%d", a.Creation(), 1<<40)} {
		require.Equal(t, []string{"reset", "initial nodeup c", "initial nodeup b", "synced"}, read(t, url+"/events", id).until("synced"))
	}
	for _, query := range []string{"since=x", "since=1-x", "event=nodeupp", "event=synced"} {
		code, body := get(t, url+"/events?"+query)
		require.Equal(t, http.StatusBadRequest, code, body)
	}
}

// TestEventsOfDiscovery: for those who ask.
func TestEventsOfDiscovery(t *testing.T) {
	source := make(fed)
	a := start(t, "a", freePort(t), discovers(source))
	_, url := serve(t, a, Config{})
	source.say("nobody")
	s := read(t, url+"/events?event=decision&since=0", "")
	var kinds []string
	for len(kinds) < 3 {
		if m := s.next(); m.event == "decision" {
			var d struct{ Kind, Node, Text string }
			require.NoError(t, json.Unmarshal([]byte(m.data), &d))
			require.Equal(t, "nobody@127.0.0.1", d.Node)
			require.NotEmpty(t, d.Text)
			kinds = append(kinds, d.Kind)
		}
	}
	require.Equal(t, []string{"wanted", "dialed", "failed"}, kinds)
}

// TestEventsEnd: streams end with the node and with the server, and say so.
func TestEventsEnd(t *testing.T) {
	port := freePort(t)
	for what, end := range map[string]func(*node.Node, *Server) error{
		"node":   func(n *node.Node, _ *Server) error { return shutdown(n) },
		"server": func(_ *node.Node, s *Server) error { return shutdown(s) },
	} {
		t.Run(what, func(t *testing.T) {
			n := start(t, what, port)
			server, url := serve(t, n, Config{})
			s := read(t, url+"/events", "")
			s.until("synced")
			begin := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- end(n, server) }() // ends when all streams have
			require.Equal(t, []string{"end"}, s.until("end"))
			require.NoError(t, <-ended)
			require.Less(t, time.Since(begin), 5*time.Second)
		})
	}
}

// TestEventsKeepAlive: a reader sees that the stream lives longer than requests may take, and ids go on although what it
// does not want is left out.
func TestEventsKeepAlive(t *testing.T) {
	a := start(t, "a", freePort(t))
	_, url := serve(t, a, Config{}, func(s *Server) { s.keepAlive = 10 * time.Millisecond })
	s := read(t, url+"/events?event=nodedown", "")
	s.until("synced")
	before := s.id
	a.Events().Publish(events.NodeUp{Node: "x@h"})
	for signs := 0; signs < 3 || s.id == before; {
		line, err := s.r.ReadString('\n')
		require.NoError(t, err)
		if strings.HasPrefix(line, ":") {
			signs++
		}
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			s.id = strings.TrimSpace(id)
		}
	}
}

// TestStreamLimit: one reader too many is refused, and counted; its place is free when one goes.
func TestStreamLimit(t *testing.T) {
	a := start(t, "a", freePort(t))
	_, url := serve(t, a, Config{MaxStreams: 1})
	s := read(t, url+"/events", "")
	s.until("synced")
	code, _ := get(t, url+"/events?since=0")
	require.Equal(t, http.StatusServiceUnavailable, code)
	_, text := get(t, url+"/metrics")
	require.Contains(t, text, "gonode_event_streams_refused_total 1\n")
	require.Contains(t, text, "gonode_event_streams 1\n")
	s.resp.Body.Close()
	require.Eventually(t, func() bool {
		_, text := get(t, url+"/metrics")
		return strings.Contains(text, "gonode_event_streams 0\n")
	}, patience, time.Millisecond)
	read(t, url+"/events", "").until("synced")
}

// TestSlowReader: one that does not read is given up, and costs no more than its buffer until then.
func TestSlowReader(t *testing.T) {
	a := start(t, "a", freePort(t))
	s, url := serve(t, a, Config{EventBuffer: 16, PingInterval: -1}, func(s *Server) { s.streamTime = 200 * time.Millisecond })
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.(*net.TCPConn).SetReadBuffer(4096))
	fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.Eventually(t, func() bool { return len(s.streams) == 1 }, patience, time.Millisecond)
	deadline := time.Now().Add(patience)
	for len(s.streams) == 1 {
		require.Less(t, time.Now(), deadline, "it is never given up")
		a.Events().Publish(events.NodeUp{Node: "x@h"})
		a.Events().Publish(events.NodeDown{Node: "x@h", Reason: strings.Repeat("x", 2000)})
		require.LessOrEqual(t, a.Events().Stats().Queued, 2*events.DefaultBuffer, "with those of the event server")
	}
	require.NotZero(t, a.Events().Stats().Skipped)
}
