package dist

import (
	"math/big"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

// plain is a link with frames that are easily made by hand: no header.
const plain = Visible &^ (FlagDistHdrAtomCache | FlagFragments)

// control returns the frame of a control tuple, with a message after it if there is one.
func control(t testing.TB, tuple etf.Tuple, message ...any) []byte {
	b, err := etf.Append([]byte{passThrough}, tuple)
	require.NoError(t, err)
	for _, m := range message {
		b, err = etf.Append(b, m)
		require.NoError(t, err)
	}
	return b
}

var none = gen.Atom("")

// received has what may come from any release, whatever the flags are.
var received = []struct {
	name    string
	tuple   etf.Tuple
	message []any
	want    Signal
}{
	{"LINK", etf.Tuple{1, pidA(1), pidB(2)}, nil, Signal{Kind: KindLink, From: pidA(1), To: pidB(2)}},
	{"SEND", etf.Tuple{2, none, pidB(2)}, []any{"m"}, Signal{Kind: KindSend, To: pidB(2), Message: []byte("m")}},
	{"SEND with a cookie", etf.Tuple{2, gen.Atom("monster"), pidB(2)}, []any{"m"}, Signal{Kind: KindSend, To: pidB(2), Message: []byte("m")}},
	{"SEND with a number", etf.Tuple{2, 17, pidB(2)}, []any{"m"}, Signal{Kind: KindSend, To: pidB(2), Message: []byte("m")}},
	{"EXIT", etf.Tuple{3, pidA(1), pidB(2), reason}, nil, Signal{Kind: KindExit, From: pidA(1), To: pidB(2), Message: reason}},
	{"UNLINK", etf.Tuple{4, pidA(1), pidB(2)}, nil, Signal{Kind: KindUnlink, From: pidA(1), To: pidB(2)}},
	{"REG_SEND", etf.Tuple{6, pidA(1), none, gen.Atom("rex")}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), Target: ToName, ToName: "rex", Message: args}},
	{"GROUP_LEADER", etf.Tuple{7, pidA(1), pidB(2)}, nil, Signal{Kind: KindGroupLeader, GroupLeader: pidA(1), To: pidB(2)}},
	{"EXIT2", etf.Tuple{8, pidA(1), pidB(2), reason}, nil, Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Message: reason}},
	{"SEND_TT", etf.Tuple{12, none, pidB(2), token}, []any{args}, Signal{Kind: KindSend, To: pidB(2), Token: token, Message: args}},
	{"EXIT_TT", etf.Tuple{13, pidA(1), pidB(2), token, reason}, nil,
		Signal{Kind: KindExit, From: pidA(1), To: pidB(2), Token: token, Message: reason}},
	{"REG_SEND_TT", etf.Tuple{16, pidA(1), none, gen.Atom("rex"), token}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), Target: ToName, ToName: "rex", Token: token, Message: args}},
	{"EXIT2_TT", etf.Tuple{18, pidA(1), pidB(2), token, reason}, nil,
		Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Token: token, Message: reason}},
	{"MONITOR_P", etf.Tuple{19, pidA(1), pidB(2), refA(1)}, nil, Signal{Kind: KindMonitor, From: pidA(1), To: pidB(2), Ref: refA(1)}},
	{"MONITOR_P by name", etf.Tuple{19, pidA(1), gen.Atom("x"), refA(1)}, nil,
		Signal{Kind: KindMonitor, From: pidA(1), Target: ToName, ToName: "x", Ref: refA(1)}},
	{"DEMONITOR_P", etf.Tuple{20, pidA(1), pidB(2), refA(1)}, nil, Signal{Kind: KindDemonitor, From: pidA(1), To: pidB(2), Ref: refA(1)}},
	{"DEMONITOR_P by name", etf.Tuple{20, pidA(1), gen.Atom("x"), refA(1)}, nil,
		Signal{Kind: KindDemonitor, From: pidA(1), Target: ToName, ToName: "x", Ref: refA(1)}},
	{"MONITOR_P_EXIT", etf.Tuple{21, pidA(1), pidB(2), refB(1), reason}, nil,
		Signal{Kind: KindDown, From: pidA(1), To: pidB(2), Ref: refB(1), Message: reason}},
	{"MONITOR_P_EXIT by name", etf.Tuple{21, gen.Atom("x"), pidB(2), refB(1), reason}, nil,
		Signal{Kind: KindDown, FromName: "x", To: pidB(2), Ref: refB(1), Message: reason}},
	{"SEND_SENDER", etf.Tuple{22, pidA(1), pidB(2)}, []any{args}, Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: args}},
	{"SEND_SENDER_TT", etf.Tuple{23, pidA(1), pidB(2), token}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Token: token, Message: args}},
	{"PAYLOAD_EXIT", etf.Tuple{24, pidA(1), pidB(2)}, []any{reason}, Signal{Kind: KindExit, From: pidA(1), To: pidB(2), Message: reason}},
	{"PAYLOAD_EXIT_TT", etf.Tuple{25, pidA(1), pidB(2), token}, []any{reason},
		Signal{Kind: KindExit, From: pidA(1), To: pidB(2), Token: token, Message: reason}},
	{"PAYLOAD_EXIT2", etf.Tuple{26, pidA(1), pidB(2)}, []any{reason}, Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Message: reason}},
	{"PAYLOAD_EXIT2_TT", etf.Tuple{27, pidA(1), pidB(2), token}, []any{reason},
		Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Token: token, Message: reason}},
	{"PAYLOAD_MONITOR_P_EXIT", etf.Tuple{28, pidA(1), pidB(2), refB(1)}, []any{reason},
		Signal{Kind: KindDown, From: pidA(1), To: pidB(2), Ref: refB(1), Message: reason}},
	{"SPAWN_REQUEST", etf.Tuple{29, refA(1), pidA(1), pidA(2), etf.Tuple{gen.Atom("m"), gen.Atom("f"), 1}, etf.List{}}, []any{args},
		Signal{Kind: KindSpawnRequest, Ref: refA(1), From: pidA(1), GroupLeader: pidA(2), Module: "m", Function: "f", Arity: 1,
			Options: etf.List{}, Message: args}},
	{"SPAWN_REQUEST_TT", etf.Tuple{30, refA(1), pidA(1), pidA(2), etf.Tuple{gen.Atom("m"), gen.Atom("f"), 1}, etf.List{}, token}, []any{args},
		Signal{Kind: KindSpawnRequest, Ref: refA(1), From: pidA(1), GroupLeader: pidA(2), Module: "m", Function: "f", Arity: 1,
			Options: etf.List{}, Token: token, Message: args}},
	{"SPAWN_REPLY", etf.Tuple{31, refB(1), pidB(2), 3, pidA(1)}, nil,
		Signal{Kind: KindSpawnReply, Ref: refB(1), To: pidB(2), SpawnFlags: SpawnLinked | SpawnMonitored, Result: pidA(1)}},
	{"SPAWN_REPLY_TT", etf.Tuple{32, refB(1), pidB(2), 0, gen.Atom("badopt"), token}, nil,
		Signal{Kind: KindSpawnReply, Ref: refB(1), To: pidB(2), Result: gen.Atom("badopt"), Token: token}},
	{"ALIAS_SEND", etf.Tuple{33, pidA(1), refB(5)}, []any{args}, Signal{Kind: KindSend, From: pidA(1), Target: ToAlias, ToAlias: refB(5), Message: args}},
	{"ALIAS_SEND_TT", etf.Tuple{34, pidA(1), refB(5), token}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), Target: ToAlias, ToAlias: refB(5), Token: token, Message: args}},
	{"UNLINK_ID", etf.Tuple{35, uint64(1<<64 - 1), pidA(1), pidB(2)}, nil, Signal{Kind: KindUnlinkID, ID: 1<<64 - 1, From: pidA(1), To: pidB(2)}},
	{"UNLINK_ID_ACK", etf.Tuple{36, 1 << 40, pidA(1), pidB(2)}, nil, Signal{Kind: KindUnlinkAck, ID: 1 << 40, From: pidA(1), To: pidB(2)}},

	{"37 to a pid", etf.Tuple{37, 0, pidA(1), pidB(2)}, []any{args}, Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: args}},
	{"37 priority", etf.Tuple{37, 1, pidA(1), pidB(2)}, []any{args}, Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Priority: true, Message: args}},
	{"37 to an alias", etf.Tuple{37, 4, pidA(1), refB(5)}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), Target: ToAlias, ToAlias: refB(5), Message: args}},
	{"37 to a name", etf.Tuple{37, 9, pidA(1), gen.Atom("x")}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), Target: ToName, ToName: "x", Priority: true, Message: args}},
	{"37 token", etf.Tuple{37, 6, pidA(1), refB(5), token}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), Target: ToAlias, ToAlias: refB(5), Token: token, Message: args}},
	{"37 exit", etf.Tuple{37, 17, pidA(1), pidB(2)}, []any{reason}, Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Priority: true, Message: reason}},
	{"37 exit to a name", etf.Tuple{37, 24, pidA(1), gen.Atom("x")}, []any{reason},
		Signal{Kind: KindExit2, From: pidA(1), Target: ToName, ToName: "x", Message: reason}},
	{"37 with an element of the future", etf.Tuple{37, 1 << 20, pidA(1), pidB(2), token, "more"}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: args}},
	{"37 token and more", etf.Tuple{37, 2, pidA(1), pidB(2), token, "more"}, []any{args},
		Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Token: token, Message: args}},
	{"37 with flags beyond 64 bits", etf.Tuple{37, new(big.Int).Or(new(big.Int).Lsh(big.NewInt(1), 70), big.NewInt(1)), pidA(1), pidB(2)},
		[]any{args}, Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Priority: true, Message: args}},
}

func TestControlReceived(t *testing.T) {
	for _, tc := range received {
		frame := control(t, tc.tuple, tc.message...)
		in := newHalf(t, plain, Config{}).in
		for range 2 { // the second time pids are known
			s := Signal{Kind: KindDown, FromName: "left over"}
			whole, err := in.frame(frame, &s)
			require.NoError(t, err, tc.name)
			require.True(t, whole)
			require.Equal(t, tc.want, s, tc.name)
		}
		for n := 1; n < len(frame); n++ {
			_, err := newHalf(t, plain, Config{}).in.frame(frame[:n], new(Signal))
			require.ErrorIs(t, err, ErrMalformedFrame, "%s: %d bytes", tc.name, n)
		}
	}
}

func TestControlRefused(t *testing.T) {
	stranger := gen.PID{Node: "c@h", ID: 1, Creation: 1}
	for name, b := range map[string][]byte{
		"not a tuple":             control(t, nil)[:2],
		"list":                    append([]byte{112, 131}, 106),
		"empty tuple":             control(t, etf.Tuple{}),
		"op 0":                    control(t, etf.Tuple{0, pidA(1), pidB(1)}),
		"op 5":                    control(t, etf.Tuple{5}),
		"op 38":                   control(t, etf.Tuple{38, pidA(1), pidB(1)}),
		"op -1":                   control(t, etf.Tuple{-1, pidA(1), pidB(1)}),
		"huge op":                 control(t, etf.Tuple{uint64(1)<<63 + 1, pidA(1), pidB(1)}),
		"op is an atom":           control(t, etf.Tuple{gen.Atom("x"), pidA(1), pidB(1)}),
		"too few":                 control(t, etf.Tuple{1, pidA(1)}),
		"too many":                control(t, etf.Tuple{1, pidA(1), pidB(1), pidB(1)}),
		"37 too few":              control(t, etf.Tuple{37, 0, pidA(1)}, args),
		"37 says name":            control(t, etf.Tuple{37, 8, pidA(1), pidB(1)}, args),
		"37 says alias":           control(t, etf.Tuple{37, 4, pidA(1), pidB(1)}, args),
		"from is no pid":          control(t, etf.Tuple{22, gen.Atom("x"), pidB(1)}, args),
		"to is no pid":            control(t, etf.Tuple{22, pidA(1), gen.Atom("x")}, args),
		"name is no atom":         control(t, etf.Tuple{6, pidA(1), none, pidB(1)}, args),
		"alias is no ref":         control(t, etf.Tuple{33, pidA(1), pidB(1)}, args),
		"unlink 0":                control(t, etf.Tuple{35, 0, pidA(1), pidB(1)}),
		"ack 0":                   control(t, etf.Tuple{36, 0, pidA(1), pidB(1)}),
		"unlink -1":               control(t, etf.Tuple{35, -1, pidA(1), pidB(1)}),
		"unlink of 65 bits":       control(t, etf.Tuple{35, new(big.Int).Lsh(big.NewInt(1), 65), pidA(1), pidB(1)}),
		"link of a stranger":      control(t, etf.Tuple{1, stranger, pidB(1)}),
		"monitor of a stranger":   control(t, etf.Tuple{19, stranger, pidB(1), refA(1)}),
		"exit of a stranger":      control(t, etf.Tuple{3, stranger, pidB(1), reason}),
		"exit2 of a stranger":     control(t, etf.Tuple{26, stranger, pidB(1)}, reason),
		"no message":              control(t, etf.Tuple{22, pidA(1), pidB(1)}),
		"message without version": append(control(t, etf.Tuple{22, pidA(1), pidB(1)}), 106),
		"mfa":                     control(t, etf.Tuple{29, refA(1), pidA(1), pidA(1), etf.Tuple{gen.Atom("m")}, etf.List{}}, args),
		"mfa is a list":           control(t, etf.Tuple{29, refA(1), pidA(1), pidA(1), etf.List{gen.Atom("m")}, etf.List{}}, args),
		"arity":                   control(t, etf.Tuple{29, refA(1), pidA(1), pidA(1), etf.Tuple{gen.Atom("m"), gen.Atom("f"), 256}, etf.List{}}, args),
		"options":                 control(t, etf.Tuple{29, refA(1), pidA(1), pidA(1), etf.Tuple{gen.Atom("m"), gen.Atom("f"), 1}, none}, args),
		"spawn result":            control(t, etf.Tuple{31, refB(1), pidB(1), 0, 17}),
		"compressed":              append(control(t, etf.Tuple{22, pidA(1), pidB(1)}), 131, 80, 0, 0, 0, 1, 0),
		"huge tuple":              {112, 131, 105, 255, 255, 255, 255, 97, 1},
	} {
		_, err := newHalf(t, plain, Config{}).in.frame(b, new(Signal))
		require.ErrorIs(t, err, ErrMalformedFrame, name)
	}
	_, err := newHalf(t, plain, Config{}).in.frame(control(t, etf.Tuple{22, pidA(1), 7}, args), new(Signal))
	var fe *FrameError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, FrameError{Op: 22, Offset: 24, Err: fe.Err}, *fe)
	require.EqualError(t, err, "malformed frame: operation 22, byte 24: a pid is wanted")
}

// The processes of our own node cross as the wire numbers them, and come back as the runtime does.
func TestControlIdentity(t *testing.T) {
	local := &etf.Identity{Node: "a@h", Creation: ourCreation, Runtime: 1 << 40}
	own := gen.PID{Node: "a@h", ID: 70_000, Creation: local.Runtime}
	h := newHalf(t, Visible, Config{Local: local})
	h.in.control.terms.Local = nil // the peer has another
	want := gen.PID{Node: "a@h", ID: 2<<32 | 70_000&0x7fff, Creation: ourCreation}
	for range 3 {
		require.Equal(t, want, h.pass(&Signal{Kind: KindSend, From: own, To: pidB(2), Message: own}).From)
	}
	h.in.control.terms.Local = local
	h.in.control.memo = pidMemo{}
	for range 3 {
		s := h.pass(&Signal{Kind: KindSend, From: own, To: pidB(2), Message: own})
		require.Equal(t, own, s.From)
		require.Equal(t, own, s.Message)
	}
}

// An own pid is small on the way to OTP 23, and a large one of another node is an error that costs only the message.
func TestSmallIDs(t *testing.T) {
	h := newHalf(t, Visible&^FlagV4NC, Config{})
	require.Error(t, h.out.add(message(1<<20, 2, args)))
	require.NoError(t, h.out.add(message(1<<15-1, 2, args)))
	h = newHalf(t, Visible, Config{})
	require.NoError(t, h.out.add(message(1<<20, 2, args)))
}
