package eventjson

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/events"
)

// TestMarshal: the objects, whole, as others rely on them.
func TestMarshal(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 5000, time.FixedZone("", 3600))
	const head = `{"v":1,"time":"2026-05-04T02:02:01.000005Z","event":`
	for _, c := range []struct {
		ev   events.Event
		want string
	}{
		{events.NodeUp{Node: "a@h", Hidden: true, Initial: true, Creation: 3, ConnectionID: 4, Seq: 5, Time: at},
			`"nodeup","seq":5,"node":"a@h","hidden":true,"initial":true,"creation":3,"connection_id":4}`},
		{events.NodeDown{Node: "a@h", Reason: etf.Tuple{gen.Atom("bad <thing>"), int64(1)}, Err: errors.New("x"), Seq: 5, Time: at},
			`"nodedown","seq":5,"node":"a@h","hidden":false,"reason":"{'bad <thing>',1}","error":"x","creation":0,"connection_id":0}`},
		{events.Synced{Members: 2, Seq: 5, Time: at}, `"synced","seq":5,"members":2}`},
		{events.Skipped{Count: 2, Seq: 5, Time: at}, `"skipped","seq":5,"count":2}`},
		{events.Decision{Kind: "failed", Node: "a@h", Source: "s", Err: errors.New("no"), Times: 2, After: time.Second, Text: "failed a@h", Seq: 5, Time: at},
			`"decision","seq":5,"kind":"failed","node":"a@h","source":"s","error":"no","times":2,"after_seconds":1,"text":"failed a@h"}`},
		{events.StrategyFailed{Source: "s", Nodes: 2, Err: errors.New("403"), Seq: 5, Time: at},
			`"strategy_failed","seq":5,"source":"s","nodes":2,"error":"403"}`},
		{events.StrategyRecovered{Source: "s", Seq: 5, Time: at}, `"strategy_recovered","seq":5,"source":"s","nodes":0}`},
	} {
		require.Equal(t, head+c.want, string(Marshal("", c.ev)))
		require.EqualValues(t, 5, Seq(c.ev))
	}
	require.Contains(t, string(Marshal("go@h", events.NodeUp{})), `"self":"go@h"`)
	require.Nil(t, Marshal("", nil))
	require.Empty(t, Name(nil))
}

// TestReason: a term may be as large as a peer likes; what is written of it is not.
func TestReason(t *testing.T) {
	require.Empty(t, Reason(nil))
	require.Less(t, len(Reason(strings.Repeat("x", 1<<20))), 2*MaxReason)
	line := Marshal("", events.NodeDown{Reason: "two\nlines"})
	require.NotContains(t, string(line), "\n")
}
