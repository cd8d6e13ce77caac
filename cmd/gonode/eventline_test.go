package main

import (
	"bytes"
	"errors"
	"runtime/debug"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/cmd/gonode/internal/output"
	"gonode/etf"
	"gonode/events"
)

func TestPrintEvents(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 2, 3, 456_789_000, time.FixedZone("", 3600))
	up := events.NodeUp{Node: "b@127.0.0.1", Initial: true, Creation: 7, ConnectionID: 3, Seq: 9, Time: at}
	down := events.NodeDown{Node: "b@127.0.0.1", Hidden: true, Creation: 7, ConnectionID: 3, Seq: 10, Time: at,
		Reason: gen.Atom("net_tick_timeout"), Err: errors.New("x")}
	odd := events.NodeDown{Node: "b@127.0.0.1", Time: at, Reason: etf.Tuple{gen.Atom("Elixir.X"), int64(1)}}
	tests := []struct {
		ev         events.Event
		text, json string
	}{
		{
			up, "2026-11-24T00:02:03.456Z up   b@127.0.0.1\n",
			`{"v":1,"time":"2026-11-24T00:02:03.456789Z","event":"nodeup","node":"b@127.0.0.1","hidden":false,"initial":true,"creation":7,"connection_id":3,"seq":9}` + "\n",
		}, {
			down, "2026-11-24T00:02:03.456Z down b@127.0.0.1 net_tick_timeout\n",
			`{"v":1,"time":"2026-11-24T00:02:03.456789Z","event":"nodedown","node":"b@127.0.0.1","hidden":true,"reason":"net_tick_timeout","creation":7,"connection_id":3,"seq":10}` + "\n",
		}, {
			odd, "2026-11-24T00:02:03.456Z down b@127.0.0.1 {'Elixir.X',1}\n",
			`{"v":1,"time":"2026-11-24T00:02:03.456789Z","event":"nodedown","node":"b@127.0.0.1","hidden":false,"reason":"{'Elixir.X',1}","creation":0,"connection_id":0,"seq":0}` + "\n",
		}, {
			events.Synced{Members: 2, Seq: 8, Time: at}, "",
			`{"v":1,"time":"2026-11-24T00:02:03.456789Z","event":"synced","members":2,"seq":8}` + "\n",
		}, {
			events.Skipped{Count: 12, Seq: 30, Time: at}, "2026-11-24T00:02:03.456Z skip 12 events that could not be written in time\n",
			`{"v":1,"time":"2026-11-24T00:02:03.456789Z","event":"skipped","count":12,"seq":30}` + "\n",
		},
	}
	for _, tt := range tests {
		for _, json := range []bool{false, true} {
			var out bytes.Buffer
			p := newEventPrinter(output.Printer{W: &out, Format: map[bool]output.Format{true: output.JSON}[json]})
			require.NoError(t, p.print(tt.ev))
			if json {
				require.Equal(t, tt.json, out.String())
			} else {
				require.Equal(t, tt.text, out.String())
			}
		}
	}
}

func TestReadBuild(t *testing.T) {
	info := &debug.BuildInfo{
		Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-24T00:00:00Z"}, {Key: "vcs.modified", Value: "true"},
		},
	}
	b := readBuild(info, true)
	require.Equal(t, "abc", b.Commit)
	require.True(t, b.Modified)
	require.Contains(t, b.String(), "gonode v1.2.3 commit abc with changes go1")
	require.Contains(t, readBuild(nil, false).String(), "gonode unknown go1")
}
