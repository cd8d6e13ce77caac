package dist

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

type signalCase struct {
	name string
	sig  Signal
	// op returns the operation that must be on the wire, 0 if the peer does not know one.
	op func(f Flags) int
}

func when(f, want Flags, with, without int) int {
	return int(either(f, want, uint8(with), uint8(without)))
}

func altOr(otherwise func(Flags) int) func(Flags) int {
	return func(f Flags) int {
		if f.Has(FlagAltactSig) {
			return 37
		}
		return otherwise(f)
	}
}

func fixed(op int) func(Flags) int { return func(Flags) int { return op } }

func flagged(want Flags, with, without int) func(Flags) int {
	return func(f Flags) int { return when(f, want, with, without) }
}

var (
	token  = etf.Tuple{int64(1), int64(2), int64(3), pidA(1), int64(0)}
	reason = etf.Tuple{gen.Atom("shutdown"), etf.List{int64(1000), gen.Atom("b@h")}}
	args   = etf.List{gen.Atom("x"), []byte("y")}
)

var signalCases = []signalCase{
	{"send", Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: reason}, flagged(FlagSendSender, 22, 2)},
	{"send tt", Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: reason, Token: token}, flagged(FlagSendSender, 23, 12)},
	{"send without sender", Signal{Kind: KindSend, To: pidB(2), Message: reason}, fixed(2)},
	{"priority send", Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: args, Priority: true},
		altOr(flagged(FlagSendSender, 22, 2))},
	{"priority send tt", Signal{Kind: KindSend, From: pidA(1), To: pidB(2), Message: args, Priority: true, Token: token},
		altOr(flagged(FlagSendSender, 23, 12))},
	{"send to name", Signal{Kind: KindSend, From: pidA(1), Target: ToName, ToName: "rex", Message: args}, fixed(6)},
	{"send to name tt", Signal{Kind: KindSend, From: pidA(1), Target: ToName, ToName: "rex", Message: args, Token: token}, fixed(16)},
	{"priority send to name", Signal{Kind: KindSend, From: pidA(1), Target: ToName, ToName: "rex", Message: args, Priority: true},
		altOr(fixed(6))},
	{"send to alias", Signal{Kind: KindSend, From: pidA(1), Target: ToAlias, ToAlias: refB(9), Message: args},
		altOr(flagged(FlagAlias, 33, 0))},
	{"send to alias tt", Signal{Kind: KindSend, From: pidA(1), Target: ToAlias, ToAlias: refB(9), Message: args, Token: token},
		altOr(flagged(FlagAlias, 34, 0))},
	{"exit", Signal{Kind: KindExit, From: pidA(1), To: pidB(2), Message: reason}, flagged(FlagExitPayload, 24, 3)},
	{"exit tt", Signal{Kind: KindExit, From: pidA(1), To: pidB(2), Message: reason, Token: token}, flagged(FlagExitPayload, 25, 13)},
	{"exit2", Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Message: gen.Atom("kill")}, flagged(FlagExitPayload, 26, 8)},
	{"exit2 tt", Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Message: reason, Token: token}, flagged(FlagExitPayload, 27, 18)},
	{"priority exit2", Signal{Kind: KindExit2, From: pidA(1), To: pidB(2), Message: reason, Priority: true},
		altOr(flagged(FlagExitPayload, 26, 8))},
	{"exit2 to alias", Signal{Kind: KindExit2, From: pidA(1), Target: ToAlias, ToAlias: refB(1), Message: reason}, altOr(fixed(0))},
	{"exit2 to name", Signal{Kind: KindExit2, From: pidA(1), Target: ToName, ToName: "x", Message: reason}, altOr(fixed(0))},
	{"link", Signal{Kind: KindLink, From: pidA(1), To: pidB(2)}, fixed(1)},
	{"unlink", Signal{Kind: KindUnlink, From: pidA(1), To: pidB(2)}, flagged(FlagUnlinkID, 0, 4)},
	{"unlink id", Signal{Kind: KindUnlinkID, From: pidA(1), To: pidB(2), ID: 1<<64 - 1}, flagged(FlagUnlinkID, 35, 4)},
	{"unlink ack", Signal{Kind: KindUnlinkAck, From: pidA(1), To: pidB(2), ID: 300}, flagged(FlagUnlinkID, 36, 0)},
	{"monitor", Signal{Kind: KindMonitor, From: pidA(1), To: pidB(2), Ref: refA(1)}, fixed(19)},
	{"monitor name", Signal{Kind: KindMonitor, From: pidA(1), Target: ToName, ToName: "x", Ref: refA(1)}, fixed(19)},
	{"demonitor", Signal{Kind: KindDemonitor, From: pidA(1), To: pidB(2), Ref: refA(1)}, fixed(20)},
	{"demonitor name", Signal{Kind: KindDemonitor, From: pidA(1), Target: ToName, ToName: "x", Ref: refA(1)}, fixed(20)},
	{"down", Signal{Kind: KindDown, From: pidA(1), To: pidB(2), Ref: refB(1), Message: reason}, flagged(FlagExitPayload, 28, 21)},
	{"down of name", Signal{Kind: KindDown, FromName: "x", To: pidB(2), Ref: refB(1), Message: gen.Atom("noproc")},
		flagged(FlagExitPayload, 28, 21)},
	{"spawn request", Signal{Kind: KindSpawnRequest, Ref: refA(1), From: pidA(1), GroupLeader: pidA(2), Module: "m", Function: "f",
		Arity: 2, Options: etf.List{gen.Atom("monitor")}, Message: args}, fixed(29)},
	{"spawn request tt", Signal{Kind: KindSpawnRequest, Ref: refA(1), From: pidA(1), GroupLeader: pidA(2), Module: "m", Function: "f",
		Arity: 255, Options: etf.List{}, Message: args, Token: token}, fixed(30)},
	{"spawn reply", Signal{Kind: KindSpawnReply, Ref: refB(1), To: pidB(1), SpawnFlags: SpawnMonitored, Result: pidA(3)}, fixed(31)},
	{"spawn reply tt", Signal{Kind: KindSpawnReply, Ref: refB(1), To: pidB(1), Result: gen.Atom("notsup"), Token: token}, fixed(32)},
	{"group leader", Signal{Kind: KindGroupLeader, GroupLeader: pidA(1), To: pidB(1)}, fixed(7)},
}

// arrives is what the peer gets of s under op.
func arrives(s Signal, op int) Signal {
	switch op {
	case 2, 12:
		s.From = gen.PID{}
	case 4:
		s.Kind, s.ID = KindUnlink, 0
	}
	if op != 37 {
		s.Priority = false
	}
	return s
}

func TestSignals(t *testing.T) {
	for _, f := range flagSets() {
		h := newHalf(t, f, Config{})
		for round := range 2 { // the second finds its atoms in the cache
			for _, tc := range signalCases {
				name := fmt.Sprintf("%s, %d, %s", tc.name, round, f)
				want := tc.op(f)
				op, err := h.out.choose(&tc.sig)
				if want == 0 {
					require.ErrorIs(t, err, ErrUnsupported, name)
					continue
				}
				require.NoError(t, err, name)
				require.Equal(t, want, int(op.code), name)
				require.Equal(t, arrives(tc.sig, want), h.pass(&tc.sig), name)
			}
		}
	}
}

// Every prefix of a control tuple with its message fails.
func TestSignalPrefixes(t *testing.T) {
	for _, f := range []Flags{Visible, Visible &^ FlagAltactSig, Visible &^ (FlagDistHdrAtomCache | FlagFragments),
		Visible &^ (FlagExitPayload | FlagSendSender | FlagUnlinkID | FlagDistHdrAtomCache)} {
		for _, tc := range signalCases {
			if tc.op(f) == 0 {
				continue
			}
			h := newHalf(t, f, Config{})
			require.NoError(t, h.out.add(&tc.sig))
			frame := h.wire()[4:]
			for n := 1; n < len(frame); n++ {
				_, err := newHalf(t, f, Config{}).in.frame(frame[:n], new(Signal))
				require.ErrorIs(t, err, ErrMalformedFrame, "%s: %d of %d bytes", tc.name, n, len(frame))
				var fe *FrameError
				require.ErrorAs(t, err, &fe)
				require.LessOrEqual(t, fe.Offset, n)
			}
			// what follows the last term is ignored
			_, err := newHalf(t, f, Config{}).in.frame(append(frame, 1, 2, 3), new(Signal))
			require.NoError(t, err)
		}
	}
}

func TestSignalErrors(t *testing.T) {
	local := &etf.Identity{Node: "a@h", Creation: ourCreation, Runtime: 77}
	other := gen.PID{Node: "c@h", ID: 1, Creation: 5}
	old := pidB(2)
	old.Creation--
	for _, tc := range []struct {
		name string
		sig  Signal
		want error
	}{
		{"zero value", Signal{}, ErrSignal},
		{"unknown kind", Signal{Kind: 200, From: pidA(1), To: pidB(1)}, ErrSignal},
		{"unknown target", Signal{Kind: KindSend, Target: 9, From: pidA(1)}, ErrSignal},
		{"link to a name", Signal{Kind: KindLink, From: pidA(1), Target: ToName, ToName: "x"}, ErrSignal},
		{"monitor of an alias", Signal{Kind: KindMonitor, From: pidA(1), Target: ToAlias, ToAlias: refB(1), Ref: refA(1)}, ErrSignal},
		{"wrong link", Signal{Kind: KindSend, From: pidA(1), To: other}, ErrSignal},
		{"not our process", Signal{Kind: KindLink, From: other, To: pidB(1)}, ErrSignal},
		{"no sender", Signal{Kind: KindSend, Target: ToName, ToName: "x"}, ErrSignal},
		{"id 0", Signal{Kind: KindUnlinkID, From: pidA(1), To: pidB(1)}, ErrSignal},
		{"ack of id 0", Signal{Kind: KindUnlinkAck, From: pidA(1), To: pidB(1)}, ErrSignal},
		{"arity", Signal{Kind: KindSpawnRequest, Ref: refA(1), From: pidA(1), GroupLeader: pidA(2), Arity: 256}, ErrSignal},
		{"spawn result", Signal{Kind: KindSpawnReply, Ref: refB(1), To: pidB(1), Result: "x"}, ErrSignal},
		{"stale exit", Signal{Kind: KindExit, From: pidA(1), To: old, Message: reason}, ErrStale},
		{"stale unlink", Signal{Kind: KindUnlinkID, ID: 1, From: pidA(1), To: old}, ErrStale},
	} {
		h := newHalf(t, Visible, Config{Local: local})
		require.ErrorIs(t, h.out.add(&tc.sig), tc.want, tc.name)
		require.Zero(t, h.out.pending(), tc.name)
	}
	// a stale send, link or monitor is not the sender's mistake
	for _, k := range []Kind{KindSend, KindLink, KindMonitor} {
		h := newHalf(t, Visible, Config{})
		require.NoError(t, h.out.add(&Signal{Kind: k, From: pidA(1), To: old, Ref: refA(1)}))
	}
	h := newHalf(t, Visible&^FlagDistMonitorName, Config{})
	require.ErrorIs(t, h.out.add(&Signal{Kind: KindMonitor, From: pidA(1), To: pidB(1), Ref: refA(1)}), ErrUnsupported)
	require.NoError(t, h.out.add(&Signal{Kind: KindDown, From: pidA(1), To: pidB(1), Ref: refB(1)}))
}

func TestEncodeErrorLeavesNothing(t *testing.T) {
	for _, f := range []Flags{Visible, Visible &^ FlagDistHdrAtomCache, Visible &^ (FlagDistHdrAtomCache | FlagFragments)} {
		h := newHalf(t, f, Config{})
		require.NoError(t, h.out.add(message(1, 2, gen.Atom("first"))))
		before, pending := h.out.atomSlots(), h.out.pending()
		err := h.out.add(message(1, 2, etf.Tuple{gen.Atom("never"), gen.Atom("seen"), make(chan int)}))
		require.Error(t, err)
		require.Equal(t, pending, h.out.pending())
		require.Equal(t, before, h.out.atomSlots())
		require.NoError(t, h.out.add(message(1, 2, etf.Tuple{gen.Atom("never"), gen.Atom("first")})))
		got, err := h.receive(h.wire())
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, etf.Tuple{gen.Atom("never"), gen.Atom("first")}, got[1].Message)
	}
}

// atomSlots returns a copy of what the peer's cache should hold.
func (o *outbox) atomSlots() map[int]gen.Atom {
	if o.atoms == nil {
		return nil
	}
	m := make(map[int]gen.Atom)
	for i, used := range o.atoms.used {
		if used {
			m[i] = o.atoms.slots[i]
		}
	}
	return m
}

func TestReason(t *testing.T) {
	require.Equal(t, gen.Atom(""), Reason(nil))
	require.Equal(t, ReasonConnectionClosed, Reason(errors.New("x")))
	err := fmt.Errorf("send: %w", &LinkError{Peer: "b@h", Reason: ReasonTickTimeout, Err: ErrTickTimeout})
	require.Equal(t, ReasonTickTimeout, Reason(err))
}

func TestNames(t *testing.T) {
	const all = ^Flags(0)
	for k := range kindCount {
		require.NotEmpty(t, k.String())
		none := operationFor(&Signal{Kind: k}, all) == 0 && operationFor(&Signal{Kind: k}, 0) == 0
		require.Equal(t, k == KindInvalid, none, k.String())
	}
	require.Equal(t, "invalid", Kind(200).String())
	require.Equal(t, "pid name alias", fmt.Sprint(ToPID, " ", ToName, " ", ToAlias))
	for code, op := range operations {
		if op.kind != KindInvalid {
			require.Equal(t, code, int(op.code))
		}
	}
}

// A link on which a fragmented message is never completed is given up.
func TestFragmentAge(t *testing.T) {
	bubble(t, Config{MaxFragmentAge: time.Minute, TickTime: 40 * time.Second}, func(a *served, peer net.Conn) {
		discard(peer)
		writer := make(chan struct{})
		go func() { // ends with the link
			defer close(writer)
			first := "\x00\x00\x00\x13\x83E\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00"
			_, err := io.WriteString(peer, first)
			for ; err == nil; _, err = peer.Write(tickFrame[:]) {
				time.Sleep(10 * time.Second)
			}
		}()
		start := time.Now()
		err := <-a.ended
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, "MaxFragmentAge")
		require.Equal(t, 65*time.Second, time.Since(start)) // at the next check
		<-writer
	})
}

// Who sends a signal need not allocate it.
func TestSendAllocatesNothing(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	from, to := pidA(1), pidB(2)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		h.out.buf = h.out.buf[:0]
		if err := h.out.add(&Signal{Kind: KindSend, From: from, To: to, Message: small}); err != nil {
			t.Error(err)
		}
	}))
}
