package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"gonode/dist"
	"gonode/etf"
)

// helloLine is what a node says of itself, in the output.
type helloLine struct {
	Node     string `json:"node"`
	Flags    string `json:"flags"`      // in hex
	FlagText string `json:"flag_names"` // those that are known
	Creation uint32 `json:"creation"`
}

func helloOf(h *dist.Hello) *helloLine {
	return &helloLine{string(h.Name), fmt.Sprintf("0x%x", uint64(h.Flags)), h.Flags.String(), h.Creation}
}

func (h *helloLine) text() string {
	return fmt.Sprintf("%s flags %s creation %d", h.Node, h.Flags, h.Creation)
}

// signalLine is a signal in the output. Identifiers are Erlang text, terms JSON.
type signalLine struct {
	Process  string          `json:"process,omitempty"` // who sends it
	To       string          `json:"to,omitempty"`      // a pid, a name or an alias
	Ref      string          `json:"ref,omitempty"`     // of a monitor or a spawn request
	ID       uint64          `json:"id,omitempty"`      // of an unlink
	Function string          `json:"function,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"`
	Leader   string          `json:"group_leader,omitempty"`
	Priority bool            `json:"priority,omitempty"`
	Token    json.RawMessage `json:"token,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Message  json.RawMessage `json:"message,omitempty"` // the message, the reason or the arguments
	Text     string          `json:"message_text,omitempty"`
}

// signalOf returns a signal for the output, and as text.
func signalOf(s *dist.Signal, asJSON func(any) json.RawMessage) (*signalLine, string) {
	l := &signalLine{ID: s.ID, Priority: s.Priority}
	var words []string
	put := func(to *string, name string, value any) {
		*to = etf.Format(value)
		words = append(words, name+"="+*to)
	}
	if s.From.Node != "" {
		put(&l.Process, "from", s.From)
	} else if s.FromName != "" {
		put(&l.Process, "from", s.FromName)
	}
	switch {
	case s.Target == dist.ToName:
		put(&l.To, "to", s.ToName)
	case s.Target == dist.ToAlias:
		put(&l.To, "to", s.ToAlias)
	case s.To.Node != "":
		put(&l.To, "to", s.To)
	}
	if s.Ref.Node != "" {
		put(&l.Ref, "ref", s.Ref)
	}
	if s.GroupLeader.Node != "" {
		put(&l.Leader, "leader", s.GroupLeader)
	}
	if s.Kind == dist.KindSpawnRequest {
		l.Function = fmt.Sprintf("%s:%s/%d", etf.Format(s.Module), etf.Format(s.Function), s.Arity)
		words = append(words, l.Function)
	}
	if s.ID != 0 {
		words = append(words, fmt.Sprintf("id=%d", s.ID))
	}
	if s.Priority {
		words = append(words, "priority")
	}
	for _, part := range []struct {
		name string
		to   *json.RawMessage
		term any
	}{
		{"options", &l.Options, s.Options}, {"token", &l.Token, s.Token}, {"result", &l.Result, s.Result}, {"message", &l.Message, s.Message},
	} {
		if part.term == nil {
			continue
		}
		*part.to = asJSON(part.term)
		text := etf.FormatLimit(part.term, maxCaptureText)
		words = append(words, part.name+"="+text)
		if part.to == &l.Message {
			l.Text = text
		}
	}
	return l, strings.Join(words, " ")
}

// maxCaptureText is how much of a term stands in a line of text, in bytes. JSON has all of it.
const maxCaptureText = 2000
