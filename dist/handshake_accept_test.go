package dist

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// oldSendName is the packet of OTP 22 and before, which later ones may send too.
func oldSendName(flags Flags, name string) []byte {
	return append([]byte{'n', 0, 5, byte(flags >> 24), byte(flags >> 16), byte(flags >> 8), byte(flags)}, name...)
}

func TestAcceptor(t *testing.T) {
	admit := func(answer Admission) func(*Acceptor) {
		return func(a *Acceptor) { a.Admit = func(context.Context, Hello) Admission { return answer } }
	}
	send := func(name gen.Atom, flags Flags) []byte { return appendSendName(nil, Hello{name, flags, 1001, false}) }
	refuseName := func(a *Acceptor) {
		a.NewName = func(string) (gen.Atom, uint32, error) { return "", 0, errors.New("full") }
	}
	badName := func(a *Acceptor) { a.NewName = func(string) (gen.Atom, uint32, error) { return "no name", 4, nil } }
	poor := Visible &^ (FlagMandatory25Digest | FlagNewFunTags)
	in := packets(goodSendName(), goodReply())
	meant := func(text string) []byte { return packets(goodSendName(), status(text), goodReply()) }
	complement := appendComplement(nil, helloA())

	for name, test := range map[string]struct {
		peer   []byte // all that it says
		change func(*Acceptor)
		said   string // our statuses
		kind   error  // nil is success
		text   []string
	}{
		"ok":                    {peer: in, said: "ok"},
		"admitted":              {peer: in, change: admit(AdmitOK), said: "ok"},
		"simultaneous":          {peer: in, change: admit(AdmitSimultaneous), said: "ok_simultaneous"},
		"nok":                   {peer: in, change: admit(AdmitNok), said: "nok", kind: ErrNok, text: []string{"a@h", "dialling it"}},
		"not allowed":           {peer: in, change: admit(AdmitNotAllowed), said: "not_allowed", kind: ErrNotAllowed, text: []string{"a@h"}},
		"alive, meant":          {peer: meant("true"), change: admit(AdmitAlive), said: "alive"},
		"alive, not meant":      {peer: meant("false"), change: admit(AdmitAlive), said: "alive", kind: ErrAlive},
		"alive, nonsense":       {peer: meant("perhaps"), change: admit(AdmitAlive), said: "alive", kind: ErrMalformed, text: []string{`"perhaps"`}},
		"alive, no status":      {peer: packets(goodSendName(), goodReply()), change: admit(AdmitAlive), said: "alive", kind: ErrMalformed},
		"alive, hangs up":       {peer: packets(goodSendName()), change: admit(AdmitAlive), said: "alive", kind: ErrHangup},
		"busy":                  {peer: in, change: admit(AdmitBusy), kind: ErrBusy},
		"our own name":          {peer: packets(send("b@h", Visible)), said: "nok", kind: ErrNotAllowed, text: []string{"name of this node"}},
		"flags missing":         {peer: packets(send("a@h", poor)), said: "not_allowed", kind: ErrFlags, text: []string{"a@h", "NEW_FUN_TAGS"}},
		"no flags":              {peer: packets(send("a@h", 0)), said: "not_allowed", kind: ErrFlags, text: []string{"UTF8_ATOMS"}},
		"digest flag only":      {peer: packets(send("a@h", FlagMandatory25Digest), goodReply()), said: "ok"},
		"name with a dot":       {peer: packets(send("a.b@h", Visible)), said: "nok", kind: ErrMalformed, text: []string{"a.b@h"}},
		"name without host":     {peer: packets(send("a@", Visible)), kind: ErrMalformed},
		"name without @":        {peer: packets(send("a", Visible)), kind: ErrMalformed, text: []string{"192.0.2.1:5555"}},
		"name without alive":    {peer: packets(send("@h", Visible)), kind: ErrMalformed},
		"no name":               {peer: packets(send("", Visible)), kind: ErrMalformed},
		"two @":                 {peer: packets(send("a@b@h", Visible)), kind: ErrMalformed},
		"long name":             {peer: packets(send(gen.Atom(strings.Repeat("a", 254)+"@h"), Visible)), kind: ErrMalformed},
		"name for a terminal":   {peer: packets(send("\x1b[2J@h", Visible)), said: "nok", kind: ErrMalformed, text: []string{`\x1b[2J@h`}},
		"full name and NAME_ME": {peer: packets(send("a@h", Visible|FlagNameMe)), kind: ErrMalformed, text: []string{"host alone"}},
		"no host and NAME_ME":   {peer: packets(send("", Visible|FlagNameMe)), kind: ErrMalformed},
		"no names left":         {peer: packets(send("h", Hidden|FlagNameMe)), change: refuseName, said: "not_allowed", kind: ErrNotAllowed, text: []string{"full"}},
		"bad name invented":     {peer: packets(send("h", Hidden|FlagNameMe)), change: badName, said: "not_allowed", kind: ErrNotAllowed},
		"old":                   {peer: packets(oldSendName(Visible, "a@h"), complement, goodReply()), said: "ok"},
		"too old":               {peer: packets(oldSendName(Visible&^FlagHandshake23, "a@h")), said: "not_allowed", kind: ErrOldVersion},
		"old, flags missing":    {peer: packets(oldSendName(poor, "a@h")), said: "not_allowed", kind: ErrFlags, text: []string{"NEW_FUN_TAGS"}},
		"old, version 6":        {peer: packets([]byte("n\x00\x06\x01\x00\x00\x00a@h")), kind: ErrMalformed},
		"old, no complement":    {peer: packets(oldSendName(Visible, "a@h"), goodReply()), said: "ok", kind: ErrMalformed},
		"old, hangs up":         {peer: packets(oldSendName(Visible, "a@h")), said: "ok", kind: ErrHangup},
		"send_name to come":     {peer: packets(append(goodSendName(), "more"...), goodReply()), said: "ok"},
		"no send_name":          {peer: packets(goodReply()), kind: ErrMalformed},
		"send_name cut":         {peer: packets(goodSendName()[:15]), kind: ErrMalformed},
		"wrong cookie":          {peer: packets(goodSendName(), appendReply(nil, 1, Digest("?", challengeB))), said: "ok", kind: ErrCookie, text: []string{"a@h does not use the cookie"}},
		"no cookie for it":      {peer: packets(goodSendName(), appendReply(nil, 1, Digest("", challengeB))), change: func(a *Acceptor) { a.Cookie = nil }, said: "ok", kind: ErrCookie, text: []string{"no cookie"}},
		"empty cookie for it":   {peer: packets(goodSendName(), appendReply(nil, 1, Digest("", challengeB))), change: func(a *Acceptor) { a.Cookie = func(gen.Atom) string { return "" } }, said: "ok", kind: ErrCookie},
		"does not want us":      {peer: packets(goodSendName()), said: "ok", kind: ErrHangup, text: []string{"its log tells"}},
		"reply too long":        {peer: packets(goodSendName(), append(goodReply(), 0)), said: "ok", kind: ErrMalformed},
		"no reply":              {peer: packets(goodSendName(), goodAck()), said: "ok", kind: ErrMalformed},
		"port scan":             {kind: ErrHangup, text: []string{"192.0.2.1:5555", "port scan"}},
		"TLS hello":             {peer: []byte{22, 3, 1, 2, 0, 1}, kind: ErrTLS},
		"HTTP":                  {peer: []byte("GET / HTTP/1.1\r\n\r\n"), kind: ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			a := dialled()
			if test.change != nil {
				test.change(a)
			}
			conn := newTape(test.peer)
			res, err := a.Handshake(ctx, conn)
			var statuses []string
			acked := false
			for _, p := range splitPackets(t, conn.out.Bytes()) {
				if p[0] == tagStatus {
					statuses = append(statuses, string(p[1:]))
				}
				acked = acked || p[0] == tagAck
			}
			require.Equal(t, test.said, strings.Join(statuses, " "))
			require.Equal(t, test.kind == nil, acked)
			if test.kind == nil {
				require.NoError(t, err)
				require.Equal(t, helloB(), res.Self)
				require.Equal(t, gen.Atom("a@h"), res.Peer.Name)
				require.Equal(t, uint32(1001), res.Peer.Creation)
				require.Equal(t, res.Peer.Flags.Expand()&Visible, res.Flags)
				return
			}
			requireFailure(t, err, test.kind, test.text...)
			require.Zero(t, res)
		})
	}
}

// What Admit is told, and that an old send_name is complete in the result.
func TestAcceptorOld(t *testing.T) {
	a := dialled()
	a.Admit = func(_ context.Context, peer Hello) Admission {
		require.Equal(t, Hello{Name: "a@h", Flags: Visible & (1<<32 - 1), Old: true}, peer)
		return AdmitOK
	}
	self := helloA()
	self.Flags |= FlagNameMe // a complement can't ask for a name any more
	in := packets(oldSendName(Visible, "a@h"), appendComplement(nil, self), goodReply())
	res, err := a.Handshake(ctx, newTape(in))
	require.NoError(t, err)
	require.Equal(t, Hello{Name: "a@h", Flags: Visible, Creation: 1001, Old: true}, res.Peer)
	require.Equal(t, Visible, res.Flags)
}

// The old link ends after the cookie was right and before the ack, or not at all.
func TestTakeover(t *testing.T) {
	stays := errors.New("it does not end")
	for name, test := range map[string]struct {
		cookie string
		answer error
		calls  int
		kind   error
	}{
		"good":         {cookie: testCookie, calls: 1},
		"fails":        {cookie: testCookie, calls: 1, answer: stays},
		"wrong cookie": {cookie: "?", kind: ErrCookie},
	} {
		t.Run(name, func(t *testing.T) {
			reply := appendReply(nil, challengeA, Digest(test.cookie, challengeB))
			conn := newTape(packets(goodSendName(), status("true"), reply))
			calls := 0
			a := dialled()
			a.Admit = func(_ context.Context, peer Hello) Admission {
				require.Equal(t, helloA(), peer)
				return AdmitAlive
			}
			a.Takeover = func(_ context.Context, peer Hello) error {
				require.Equal(t, helloA(), peer)
				require.Equal(t, packets(status("alive"), goodChallenge()), conn.out.Bytes())
				calls++
				return test.answer
			}
			_, err := a.Handshake(ctx, conn)
			require.Equal(t, test.calls, calls)
			if test.calls == 1 && test.answer == nil {
				require.NoError(t, err)
				require.Equal(t, packets(status("alive"), goodChallenge(), goodAck()), conn.out.Bytes())
				return
			}
			requireFailure(t, err, test.kind)
			require.Equal(t, packets(status("alive"), goodChallenge()), conn.out.Bytes(), "no ack")
			if test.answer != nil {
				require.ErrorIs(t, err, stays)
			}
		})
	}
}

func TestAcceptorNames(t *testing.T) {
	a := dialled()
	a.Admit = func(context.Context, Hello) Admission { t.Error("Admit was asked"); return AdmitNok }
	seen := map[gen.Atom]bool{}
	for range 100 {
		conn := newTape(packets(appendSendName(nil, Hello{Name: "h", Flags: Visible | FlagNameMe}), goodReply()))
		res, err := a.Handshake(ctx, conn)
		require.NoError(t, err)
		require.Regexp(t, "^[0-9A-Z]{1,13}@h$", string(res.Peer.Name))
		require.GreaterOrEqual(t, res.Peer.Creation, uint32(4))
		require.False(t, res.Flags.Has(FlagPublished), "a node with a given name is hidden")
		require.False(t, seen[res.Peer.Name])
		seen[res.Peer.Name] = true
		said := splitPackets(t, conn.out.Bytes())
		require.Equal(t, appendNamed(nil, res.Peer.Name, res.Peer.Creation), said[0])
		h, _, err := parseChallenge(said[1])
		require.NoError(t, err)
		require.Equal(t, Hidden|FlagNameMe, h.Flags)
	}
}
