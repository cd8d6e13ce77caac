package admin

import (
	"net/http"
	"time"

	"gonode/strategy"
)

// Explanation is the answer of /explain/{node}.
type Explanation struct {
	V       int        `json:"v"`
	Node    string     `json:"node"`
	Because string     `json:"because"` // in a sentence
	Known   bool       `json:"known"`
	State   string     `json:"state,omitempty"`
	Wants   []Want     `json:"wants"`   // which sources name it
	Sources []Source   `json:"sources"` // all there are
	History []Decision `json:"history"` // what was decided on it, the oldest first
}

// Want is that a source names the node.
type Want struct {
	Source  string `json:"source"`
	Origin  string `json:"origin,omitempty"`
	Address string `json:"address,omitempty"`
	Kept    string `json:"kept,omitempty"` // why it counts although the last answer does not name the node
}

// Source is where discovery is with a source.
type Source struct {
	Name    string `json:"name"`
	Nodes   int    `json:"nodes"`
	Spoke   bool   `json:"answered"`
	Ended   bool   `json:"ended,omitempty"`
	Last    string `json:"last_answer,omitempty"`
	Error   string `json:"error,omitempty"`
	Suspect *int   `json:"suspect,omitempty"` // how many nodes the answer has that is not believed yet
}

// Decision is something that discovery decided on the node.
type Decision struct {
	Time  string `json:"time"`
	Kind  string `json:"kind"`
	Text  string `json:"text"` // all of it in a line
	Times int    `json:"times,omitempty"`
	Error string `json:"error,omitempty"`
}

// maxName is how long the name of a node can be: an atom of 255 characters of up to 4 bytes.
const maxName = 1020

func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("node")
	if len(name) > maxName {
		writeText(w, http.StatusBadRequest, "no node has so long a name\n")
		return
	}
	e := s.node.Explain(name)
	if r.URL.Query().Get("format") == "text" {
		writeText(w, http.StatusOK, e.String())
		return
	}
	writeJSON(w, explanation(e))
}

func explanation(e strategy.Explanation) Explanation {
	answer := Explanation{
		V: Version, Node: e.Node, Because: e.Because, Known: e.Known, Wants: []Want{}, Sources: []Source{}, History: []Decision{},
	}
	if e.Known {
		answer.State = e.Status.State.String()
	}
	for _, w := range e.Status.Wants {
		answer.Wants = append(answer.Wants, Want{Source: w.Source, Origin: w.Origin, Address: w.Address, Kept: w.Kept})
	}
	for _, s := range e.Sources {
		source := Source{Name: s.Name, Nodes: s.Nodes, Spoke: s.Spoke, Ended: s.Ended, Last: stamp(s.Last), Error: errorText(s.Err)}
		if s.Suspect >= 0 {
			source.Suspect = &s.Suspect
		}
		answer.Sources = append(answer.Sources, source)
	}
	for _, d := range e.History {
		answer.History = append(answer.History, Decision{
			Time: d.Time.UTC().Format(time.RFC3339Nano), Kind: string(d.Kind), Text: d.String(), Times: d.Times, Error: errorText(d.Err),
		})
	}
	return answer
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
