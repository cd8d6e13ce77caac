package dist

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

func TestInitiator(t *testing.T) {
	yes := func() bool { return true }
	no := func() bool { return false }
	asking := func(i *Initiator) { i.Self = Hello{Name: "h", Flags: Hidden | FlagNameMe} }
	rest := packets(goodChallenge(), goodAck())
	other := goodChallenge()
	other[len(other)-3] = 'c' // c@h
	poor := helloB()
	poor.Flags &^= FlagMandatory25Digest | FlagUTF8Atoms | FlagBigCreation

	for name, test := range map[string]struct {
		peer   []byte // all that it says
		change func(*Initiator)
		said   string // what we say after our name and before our reply
		kind   error  // nil is success
		text   []string
	}{
		"ok":                        {peer: append(packets(status("ok")), rest...)},
		"ok_simultaneous":           {peer: append(packets(status("ok_simultaneous")), rest...)},
		"nok":                       {peer: packets(status("nok")), kind: ErrNok, text: []string{"b@h", "wait"}},
		"not_allowed":               {peer: packets(status("not_allowed")), kind: ErrNotAllowed, text: []string{"b@h", "net_kernel:allow/1"}},
		"alive, no opinion":         {peer: packets(status("alive")), said: "false", kind: ErrAlive, text: []string{"stays"}},
		"alive, declined":           {peer: packets(status("alive")), change: func(i *Initiator) { i.Alive = no }, said: "false", kind: ErrAlive},
		"alive, meant":              {peer: append(packets(status("alive")), rest...), change: func(i *Initiator) { i.Alive = yes }, said: "true"},
		"alive, but it stays":       {peer: packets(status("alive")), change: func(i *Initiator) { i.Alive = yes }, said: "true", kind: ErrHangup, text: []string{"stays with the connection"}},
		"unknown status":            {peer: packets(status("maybe\n")), kind: ErrMalformed, text: []string{`"maybe\n"`}},
		"half a status":             {peer: packets(status("named:")), kind: ErrMalformed},
		"no status":                 {peer: packets(goodChallenge()), kind: ErrMalformed, text: []string{"78"}},
		"name not asked for":        {peer: packets(appendNamed(nil, "X@h", 4)), kind: ErrMalformed, text: []string{"did not ask"}},
		"ok where a name was asked": {peer: packets(status("ok")), change: asking, kind: ErrMalformed, text: []string{"asked for a name", `"ok"`}},
		"alive where one was":       {peer: packets(status("alive")), change: asking, kind: ErrMalformed, text: []string{"asked for a name"}},
		"bad name given":            {peer: packets(appendNamed(nil, "X", 4)), change: asking, kind: ErrMalformed, text: []string{"no node name"}},
		"hangs up at once":          {kind: ErrHangup, text: []string{"b@h", "closed by the peer", "TLS"}},
		"another node":              {peer: packets(status("ok"), other), kind: ErrName, text: []string{"b@h", "c@h"}},
		"a name for a terminal":     {peer: packets(status("ok"), appendChallenge(nil, Hello{Name: "\x1b[2J", Flags: Visible}, 1)), kind: ErrName, text: []string{`\x1b[2J`}},
		"flags missing":             {peer: packets(status("ok"), appendChallenge(nil, poor, 1)), kind: ErrFlags, text: []string{"UTF8_ATOMS|BIG_CREATION", "OTP 23"}},
		"too old":                   {peer: packets(status("ok"), []byte("n\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00b@h")), kind: ErrOldVersion, text: []string{"OTP 23"}},
		"no challenge":              {peer: packets(status("ok"), goodAck()), kind: ErrMalformed},
		"challenge cut":             {peer: packets(status("ok"), goodChallenge()[:20]), kind: ErrMalformed, text: []string{"at byte"}},
		"challenge of the future":   {peer: packets(status("ok"), append(goodChallenge(), "more"...), goodAck())},
		"our cookie is wrong":       {peer: packets(status("ok"), goodChallenge()), kind: ErrCookie, text: []string{"the cookie is not the one b@h uses"}},
		"its cookie is wrong":       {peer: packets(status("ok"), goodChallenge(), appendAck(nil, Digest("?", challengeA))), kind: ErrCookie, text: []string{"b@h"}},
		"no ack":                    {peer: packets(status("ok"), goodChallenge(), goodReply()), kind: ErrMalformed},
		"ack too long":              {peer: packets(status("ok"), goodChallenge(), append(goodAck(), 0)), kind: ErrMalformed, text: []string{"left over"}},
		"empty packet":              {peer: []byte{0, 0}, kind: ErrMalformed, text: []string{"0 bytes"}},
		"too much":                  {peer: []byte{0x10, 0x01}, kind: ErrMalformed, text: []string{"4097 bytes"}},
		"HTTP":                      {peer: []byte("HTTP/1.1 400 Bad Request\r\n"), kind: ErrMalformed, text: []string{"no Erlang node"}},
		"TLS alert":                 {peer: []byte{21, 3, 3, 0, 2, 2, 40}, kind: ErrTLS, text: []string{"inet_tls"}},
		"TLS hello":                 {peer: []byte{22, 3, 1, 2, 0}, kind: ErrTLS},
		"no cookie of our own":      {change: func(i *Initiator) { i.Cookie = "" }, kind: ErrCookie, text: []string{"no cookie"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := dialer()
			if test.change != nil {
				test.change(i)
			}
			before := *i
			conn := newTape(test.peer)
			res, err := i.Handshake(ctx, conn)
			require.Equal(t, before.Self, i.Self)
			said := splitPackets(t, conn.out.Bytes())
			if len(said) > 0 {
				require.Equal(t, appendSendName(nil, i.Self), said[0])
				said = said[1:]
			}
			if test.said != "" {
				require.Equal(t, test.said, string(said[0][1:]))
				said = said[1:]
			}
			if test.kind == nil {
				require.NoError(t, err)
				require.Equal(t, [][]byte{goodReply()}, said)
				require.Equal(t, Result{Self: helloA(), Peer: helloB(), Flags: Visible}, res)
				return
			}
			requireFailure(t, err, test.kind, test.text...)
			require.Zero(t, res)
		})
	}
}

// Names that no peer would answer are found before anything is sent.
func TestInitiatorOwnName(t *testing.T) {
	for _, self := range []Hello{
		{Name: "", Flags: Visible},
		{Name: "a", Flags: Visible},
		{Name: "a.b@h", Flags: Visible},
		{Name: "a@h", Flags: Hidden | FlagNameMe},
		{Name: "", Flags: Hidden | FlagNameMe},
		{Name: gen.Atom(strings.Repeat("h", 256)), Flags: Hidden | FlagNameMe},
	} {
		i := dialer()
		i.Self = self
		conn := newTape(nil)
		_, err := i.Handshake(ctx, conn)
		requireFailure(t, err, nil)
		_, ok := errors.AsType[*NameError](err)
		require.True(t, ok, "%v", err)
		require.Zero(t, conn.out.Len())
	}
}

func TestInitiatorNamed(t *testing.T) {
	i := dialer()
	i.Self = Hello{Name: "h", Flags: Hidden | FlagNameMe}
	b := helloB()
	b.Flags = b.Flags&^FlagPublished | FlagNameMe
	named := append(appendNamed(nil, "1A@h", 42), "for later versions"...)
	conn := newTape(packets(named, appendChallenge(nil, b, challengeB), goodAck()))
	res, err := i.Handshake(ctx, conn)
	require.NoError(t, err)
	require.Equal(t, gen.Atom("1A@h"), res.Self.Name)
	require.Equal(t, uint32(42), res.Self.Creation)
	require.False(t, res.Flags.Has(FlagPublished))
	require.Equal(t, gen.Atom("h"), i.Self.Name, "the value is for any number of handshakes")
}

// The old link is ended before we say that we mean it: OTP 23 waits for that.
func TestInitiatorAliveOrder(t *testing.T) {
	conn := newTape(packets(status("alive"), goodChallenge(), goodAck()))
	i := dialer()
	asked := 0
	i.Alive = func() bool {
		asked++
		require.Equal(t, packets(goodSendName()), conn.out.Bytes())
		return true
	}
	_, err := i.Handshake(ctx, conn)
	require.NoError(t, err)
	require.Equal(t, 1, asked)
}

func TestChallengeFails(t *testing.T) {
	broken := errors.New("no randomness")
	draw := func() (uint32, error) { return 0, broken }
	i, a := dialer(), dialled()
	i.Challenge, a.Challenge = draw, draw
	_, err := i.Handshake(ctx, newTape(packets(status("ok"), goodChallenge(), goodAck())))
	requireFailure(t, err, nil, "draw a challenge")
	require.ErrorIs(t, err, broken)
	_, err = a.Handshake(ctx, newTape(packets(goodSendName(), goodReply())))
	requireFailure(t, err, nil, "draw a challenge")
	require.ErrorIs(t, err, broken)
}

// Over TLS every length has 4 bytes.
func TestLength32(t *testing.T) {
	i := dialer()
	i.TLS = true
	conn := newTape(append(packets32(status("ok"), goodChallenge(), goodAck()), 0, 0, 0, 0))
	_, err := i.Handshake(ctx, conn)
	require.NoError(t, err)
	require.Equal(t, packets32(goodSendName(), goodReply()), conn.out.Bytes())
	require.Equal(t, []byte{0, 0, 0, 0}, conn.left())

	a := dialled()
	a.TLS = true
	conn = newTape(append(packets32(goodSendName(), goodReply()), 0, 0, 0, 0))
	_, err = a.Handshake(ctx, conn)
	require.NoError(t, err)
	require.Equal(t, packets32(status("ok"), goodChallenge(), goodAck()), conn.out.Bytes())
	require.Equal(t, []byte{0, 0, 0, 0}, conn.left())

	for _, length := range [][]byte{{0, 0, 0, 0}, {0, 0, 0x10, 1}, {0x80, 0, 0, 0}, bytes.Repeat([]byte{255}, 4), {22, 3, 1, 2}} {
		_, err = a.Handshake(ctx, newTape(length))
		requireFailure(t, err, ErrMalformed, "announces")
	}
}
