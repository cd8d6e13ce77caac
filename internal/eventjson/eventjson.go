package eventjson

import (
	"bytes"
	"encoding/json"
	"time"

	"gonode/etf"
	"gonode/events"
)

// Version is in every object.
const Version = 1

// The names of the kinds of events.
const (
	NodeUp            = "nodeup"
	NodeDown          = "nodedown"
	Synced            = "synced"
	Skipped           = "skipped"
	Decision          = "decision"
	StrategyFailed    = "strategy_failed"
	StrategyRecovered = "strategy_recovered"
)

// MaxReason is how many bytes of a reason, which is any Erlang term, are written.
const MaxReason = 4096

// Name returns the name of the kind of ev, or "" if it is of a kind that this package does not know.
func Name(ev events.Event) string {
	switch ev.(type) {
	case events.NodeUp:
		return NodeUp
	case events.NodeDown:
		return NodeDown
	case events.Synced:
		return Synced
	case events.Skipped:
		return Skipped
	case events.Decision:
		return Decision
	case events.StrategyFailed:
		return StrategyFailed
	case events.StrategyRecovered:
		return StrategyRecovered
	}
	return ""
}

// Seq returns the number of ev on its hub.
func Seq(ev events.Event) uint64 {
	switch ev := ev.(type) {
	case events.NodeUp:
		return ev.Seq
	case events.NodeDown:
		return ev.Seq
	case events.Synced:
		return ev.Seq
	case events.Skipped:
		return ev.Seq
	case events.Decision:
		return ev.Seq
	case events.StrategyFailed:
		return ev.Seq
	case events.StrategyRecovered:
		return ev.Seq
	}
	return 0
}

// Node returns the node that ev is about, or "".
func Node(ev events.Event) string {
	switch ev := ev.(type) {
	case events.NodeUp:
		return ev.Node
	case events.NodeDown:
		return ev.Node
	case events.Decision:
		return ev.Node
	}
	return ""
}

// Reason returns an Erlang term as text, cut off when it is long; "" for nil.
func Reason(term any) string {
	if term == nil {
		return ""
	}
	return etf.FormatLimit(term, MaxReason)
}

// Head is what every object begins with.
type Head struct {
	V     int    `json:"v"`
	Time  string `json:"time"`
	Event string `json:"event"`
	Self  string `json:"self,omitempty"` // the node that tells, where that is not plain
	Seq   uint64 `json:"seq"`
}

type up struct {
	Head
	Node         string `json:"node"`
	Hidden       bool   `json:"hidden"`
	Initial      bool   `json:"initial"` // it was up before the reader came
	Creation     uint32 `json:"creation"`
	ConnectionID uint64 `json:"connection_id"`
}

type down struct {
	Head
	Node         string `json:"node"`
	Hidden       bool   `json:"hidden"`
	Reason       string `json:"reason"` // an Erlang term
	Error        string `json:"error,omitempty"`
	Creation     uint32 `json:"creation"`
	ConnectionID uint64 `json:"connection_id"`
}

type synced struct {
	Head
	Members int `json:"members"`
}

type skipped struct {
	Head
	Count uint64 `json:"count"`
}

type decision struct {
	Head
	Kind    string  `json:"kind"`
	Node    string  `json:"node,omitempty"`
	Source  string  `json:"source,omitempty"`
	Origin  string  `json:"origin,omitempty"`
	Address string  `json:"address,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Error   string  `json:"error,omitempty"`
	Have    int     `json:"have,omitempty"`
	Got     int     `json:"got,omitempty"`
	Times   int     `json:"times,omitempty"`
	After   float64 `json:"after_seconds,omitempty"`
	Text    string  `json:"text"`
}

type strategy struct {
	Head
	Source string `json:"source"`
	Nodes  int    `json:"nodes"` // that stay wanted
	Error  string `json:"error,omitempty"`
}

// Marshal returns ev as a JSON object in one line, without a line end, or nil if it is of a kind that this package does not
// know. self is the node that tells; "" leaves it out.
func Marshal(self string, ev events.Event) []byte {
	v := object(self, ev)
	if v == nil {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil { // these are texts and numbers
		return nil
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func object(self string, ev events.Event) any {
	head := func(at time.Time) Head {
		return Head{V: Version, Time: at.UTC().Format(time.RFC3339Nano), Event: Name(ev), Self: self, Seq: Seq(ev)}
	}
	switch ev := ev.(type) {
	case events.NodeUp:
		return up{Head: head(ev.Time), Node: ev.Node, Hidden: ev.Hidden, Initial: ev.Initial, Creation: ev.Creation,
			ConnectionID: ev.ConnectionID}
	case events.NodeDown:
		return down{Head: head(ev.Time), Node: ev.Node, Hidden: ev.Hidden, Reason: Reason(ev.Reason), Error: text(ev.Err),
			Creation: ev.Creation, ConnectionID: ev.ConnectionID}
	case events.Synced:
		return synced{head(ev.Time), ev.Members}
	case events.Skipped:
		return skipped{head(ev.Time), ev.Count}
	case events.Decision:
		return decision{Head: head(ev.Time), Kind: ev.Kind, Node: ev.Node, Source: ev.Source, Origin: ev.Origin,
			Address: ev.Address, Reason: ev.Reason, Error: text(ev.Err), Have: ev.Have, Got: ev.Got, Times: ev.Times,
			After: ev.After.Seconds(), Text: ev.Text}
	case events.StrategyFailed:
		return strategy{Head: head(ev.Time), Source: ev.Source, Nodes: ev.Nodes, Error: text(ev.Err)}
	case events.StrategyRecovered:
		return strategy{Head: head(ev.Time), Source: ev.Source}
	}
	return nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
