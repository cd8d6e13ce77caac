package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"gonode/node"
	"gonode/strategy"
)

// Version is "v" in the JSON of /members and /explain.
const Version = 1

// Members is the answer of /members.
type Members struct {
	V       int      `json:"v"`
	Time    string   `json:"time"` // RFC 3339, UTC
	Node    string   `json:"node"` // who answers
	Ready   bool     `json:"ready"`
	Missing string   `json:"missing,omitempty"` // why it is not ready
	Members []Member `json:"members"`           // the node itself, then the others by name
}

// Member is a node that is up, or that is wanted and is not.
type Member struct {
	Node    string `json:"node"`
	Status  string `json:"status"`            // up; or queued, dialing, waiting, leaving, pruned, invalid
	Kind    string `json:"kind,omitempty"`    // self, visible or hidden; empty if it is not up
	Address string `json:"address,omitempty"` // of its end of the connection, or where it is dialled
	Release string `json:"otp_release,omitempty"`

	RTT   *float64 `json:"rtt_ms,omitempty"` // the last round trip
	Since string   `json:"since,omitempty"`  // when it came up

	Via     string   `json:"via,omitempty"` // who made the connection: peer, application or discovery
	Sources []string `json:"sources"`       // the sources of discovery that name it
	Origin  string   `json:"origin,omitempty"`

	Creation     uint32 `json:"creation,omitempty"`
	ConnectionID uint64 `json:"connection_id,omitempty"`
	Connects     uint64 `json:"connects"` // how often it came up

	LastDown   string `json:"last_down,omitempty"`   // when it went down the last time
	LastReason string `json:"last_reason,omitempty"` // and why
	LastError  string `json:"last_error,omitempty"`  // why it can't be connected, or why it went down, for people
	Attempts   int    `json:"attempts,omitempty"`    // that failed since it was up
	NextTry    string `json:"next_try,omitempty"`
}

// Members returns what /members answers.
func (s *Server) Members() Members {
	answer := Members{V: Version, Time: stamp(time.Now()), Node: s.node.Name(), Ready: true}
	if err := s.ready(); err != nil {
		answer.Ready, answer.Missing = false, err.Error()
	}
	byName := map[string]*Member{}
	for _, p := range s.node.Nodes() {
		byName[p.Name] = s.present(p)
	}
	for _, w := range s.node.Wanted() {
		if w.State == strategy.StateSelf {
			continue
		}
		m := byName[w.Node]
		if m == nil {
			m = s.absent(w)
			byName[w.Node] = m
		}
		m.Sources = append(m.Sources, w.WantedBy...)
		if len(w.Wants) > 0 {
			m.Origin = w.Wants[0].Origin
		}
	}
	for _, m := range byName {
		answer.Members = append(answer.Members, *m)
	}
	slices.SortFunc(answer.Members, func(a, b Member) int { return cmp.Compare(a.Node, b.Node) })
	self := Member{
		Node: s.node.Name(), Status: "up", Kind: "self", Address: s.node.Addr().String(), Sources: []string{},
		Creation: s.node.Creation(),
	}
	answer.Members = slices.Insert(answer.Members, 0, self)
	return answer
}

// present describes a node that is up.
func (s *Server) present(p node.Peer) *Member {
	m := &Member{
		Node: p.Name, Status: "up", Kind: kind(p.Hidden), Address: p.Address, Since: stamp(p.Since), Via: via(p.Via),
		Sources: []string{}, Creation: p.Creation, ConnectionID: p.ConnectionID,
	}
	m.remember(s.node.Past(p.Name))
	measured := s.pinger.of(p)
	m.Release = measured.release
	if measured.rtt > 0 {
		ms := float64(measured.rtt) / float64(time.Millisecond)
		m.RTT = &ms
	}
	return m
}

// absent describes a node that is wanted and not up.
func (s *Server) absent(w strategy.Status) *Member {
	m := &Member{
		Node: w.Node, Status: w.State.String(), Address: w.Address, Sources: []string{}, Attempts: w.Attempts,
		NextTry: stamp(w.NextTry),
	}
	if w.State == strategy.StateUp { // it has just come or gone
		m.Status = strategy.StateQueued.String()
	}
	m.remember(s.node.Past(w.Node))
	if w.LastError != nil {
		m.LastError = w.LastError.Error()
	}
	return m
}

func (m *Member) remember(past node.Past) {
	m.Connects, m.LastDown, m.LastReason = past.Connects, stamp(past.Down), string(past.Reason)
	if past.Err != nil {
		m.LastError = past.Err.Error()
	}
}

func kind(hidden bool) string {
	if hidden {
		return "hidden"
	}
	return "visible"
}

func via(v strategy.Via) string {
	switch v {
	case strategy.ViaPeer:
		return "peer"
	case strategy.ViaApplication:
		return "application"
	}
	return "discovery"
}

// stamp writes a time; nothing for the zero one.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func (s *Server) members(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Members()) }

// writeJSON writes v in lines, for people to read too.
func writeJSON(w http.ResponseWriter, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		writeText(w, http.StatusInternalServerError, err.Error()+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b.Bytes())
}
