package events

import (
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

type (
	tuple = etf.Tuple
	list  = etf.List
)

const (
	yes gen.Atom = "true"
	no  gen.Atom = "false"
)

var (
	caller = gen.PID{Node: "a@h", ID: 1, Creation: 1}
	other  = gen.PID{Node: "b@h", ID: 2, Creation: 1}
)

func TestParse(t *testing.T) {
	subscribe := func(options any) any { return tuple{atomSubscribe, other, options} }
	tests := []struct {
		name   string
		term   any
		want   Request
		isCall bool // only as a call
	}{
		{"subscribe", tuple{atomSubscribe, other}, Request{Op: OpSubscribe, PID: other}, false},
		{"no options", subscribe(list{}), Request{Op: OpSubscribe, PID: other}, false},
		{"info", subscribe(list{atomInfo}), Request{Op: OpSubscribe, PID: other, Info: true}, false},
		{"both", subscribe(list{atomInfo, atomReplay}), Request{Op: OpSubscribe, PID: other, Info: true, Replay: true}, false},
		{"keywords", subscribe(list{tuple{atomInfo, no}, tuple{atomReplay, yes}}), Request{Op: OpSubscribe, PID: other, Replay: true}, false},
		{"Go booleans", subscribe(list{tuple{atomInfo, true}}), Request{Op: OpSubscribe, PID: other, Info: true}, false},
		{"map", subscribe(etf.Map{{Key: atomInfo, Value: yes}}), Request{Op: OpSubscribe, PID: other, Info: true}, false},
		{"empty map", subscribe(etf.Map{}), Request{Op: OpSubscribe, PID: other}, false},
		{"unsubscribe", tuple{atomUnsubscribe, other}, Request{Op: OpUnsubscribe, PID: other}, false},
		{"publish", tuple{atomPublish, tuple{gen.Atom("x"), int64(1)}}, Request{Op: OpPublish, Event: tuple{gen.Atom("x"), int64(1)}}, false},
		{"cast", tuple{gen.Atom("$gen_cast"), tuple{atomSubscribe, other}}, Request{Op: OpSubscribe, PID: other}, false},
		{"subscribe me", atomSubscribe, Request{Op: OpSubscribe, PID: caller}, true},
		{"unsubscribe me", atomUnsubscribe, Request{Op: OpUnsubscribe, PID: caller}, true},
		{"members", atomMembers, Request{Op: OpMembers}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCall(caller, tt.term)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			got, err = ParseMessage(tt.term)
			if tt.isCall {
				require.ErrorIs(t, err, ErrRequest)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestParseNonsense(t *testing.T) {
	for _, term := range []any{
		nil, int64(1), []byte("subscribe"), list{}, list{atomSubscribe}, tuple{}, tuple{atomSubscribe}, gen.Atom("nonsense"),
		tuple{atomSubscribe, atomInfo}, tuple{atomSubscribe, other, atomInfo}, tuple{atomSubscribe, other, list{}, list{}},
		tuple{atomSubscribe, other, list{gen.Atom("nonsense")}}, tuple{atomSubscribe, other, list{int64(1)}},
		tuple{atomSubscribe, other, list{tuple{atomInfo, int64(1)}}}, tuple{atomSubscribe, other, list{tuple{atomInfo}}},
		tuple{atomSubscribe, other, list{tuple{atomInfo, list{}}}}, tuple{atomSubscribe, other, list{tuple{list{}, yes}}},
		tuple{atomSubscribe, other, etf.Map{{Key: tuple{}, Value: yes}}}, tuple{atomSubscribe, other, etf.Map{{Key: atomInfo, Value: etf.Map{}}}},
		tuple{atomUnsubscribe, other, list{}}, tuple{atomPublish}, tuple{atomPublish, list{}, list{}}, tuple{list{}, list{}},
		tuple{gen.Atom("$gen_cast"), gen.Atom("subscribe")}, etf.Map{},
	} {
		_, err := ParseCall(caller, term)
		require.ErrorIs(t, err, ErrRequest, "%v", term)
		_, err = ParseMessage(term)
		require.ErrorIs(t, err, ErrRequest, "%v", term)
	}
}

func TestTerm(t *testing.T) {
	up := NodeUp{Node: "a@h", ConnectionID: 3}
	down := NodeDown{Node: "a@h", Hidden: true, ConnectionID: 3, Reason: gen.Atom("disconnect")}
	tests := []struct {
		got  any
		want string
	}{
		{up.Term(false), "{nodeup,'a@h'}"},
		{up.Term(true), "{nodeup,'a@h',#{node_type=>visible,connection_id=>3}}"},
		{down.Term(false), "{nodedown,'a@h'}"},
		{down.Term(true), "{nodedown,'a@h',#{node_type=>hidden,connection_id=>3,nodedown_reason=>disconnect}}"},
		{NodeDown{Node: "a@h"}.Term(true), "{nodedown,'a@h',#{node_type=>visible,connection_id=>0,nodedown_reason=>undefined}}"},
	}
	for _, tt := range tests {
		want, err := etf.ParseText(tt.want)
		require.NoError(t, err)
		require.True(t, etf.Equal(want, tt.got), "want %s, got %s", tt.want, etf.Format(tt.got))
		_, err = etf.Append(nil, tt.got)
		require.NoError(t, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"subscribe", "members", "{subscribe,1}", "{publish,{a,b}}", "{unsubscribe,x}", "{'$gen_cast',{publish,1}}",
		"{subscribe,x,[info,{replay,true}]}", "{subscribe,x,#{info => true}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		term, err := etf.ParseText(text)
		if err != nil {
			return
		}
		// ParseText has no pids; x is one.
		if tuple, ok := term.(etf.Tuple); ok && len(tuple) > 1 && tuple[1] == gen.Atom("x") {
			tuple[1] = other
		}
		byMessage, err := ParseMessage(term)
		byCall, callErr := ParseCall(caller, term)
		if err == nil {
			require.NoError(t, callErr)
			require.Equal(t, byMessage, byCall)
		}
	})
}
