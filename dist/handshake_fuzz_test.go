package dist

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzHandshakePackets: what a parser takes is what the append function makes, up to bytes for later versions.
func FuzzHandshakePackets(f *testing.F) {
	for _, packet := range packetsOf() {
		f.Add(packet)
	}
	f.Add(oldSendName(Visible, "a@h"))
	f.Add(status("ok_simultaneous"))
	f.Add([]byte("n\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00b@h"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, parse := range parsers {
			again, err := parse(bytes.Clone(b))
			if err == nil {
				require.True(t, bytes.HasPrefix(b, again), "%s: %x became %x", name, b, again)
			}
		}
	})
}

// requireHonest checks the end of a handshake with a peer that said anything.
func requireHonest(t *testing.T, conn *tape, res Result, err error, secret []byte) {
	if err != nil {
		he, ok := err.(*HandshakeError)
		require.True(t, ok, "%T", err)
		require.NotNil(t, he.Kind)
		require.NotContains(t, err.Error(), testCookie)
		require.Zero(t, res)
		return
	}
	require.True(t, conn.deadline.Load().IsZero())
	require.True(t, res.Flags.Has(Mandatory))
	_, _, err = ParseName(string(res.Peer.Name))
	require.NoError(t, err)
	_, _, err = ParseName(string(res.Self.Name))
	require.NoError(t, err)
	all := make([]byte, conn.in.Size())
	_, _ = conn.in.ReadAt(all, 0)
	require.True(t, bytes.Contains(all, secret), "a peer without the cookie was taken")
}

// FuzzInitiator: a peer may say anything; without the cookie it is never taken.
func FuzzInitiator(f *testing.F) {
	good := packets(goodChallenge(), goodAck())
	for _, s := range []string{"ok", "alive", "nok", "not_allowed", "ok_simultaneous", "?"} {
		f.Add(append(packets(status(s)), good...), false, true)
	}
	f.Add(append(packets(appendNamed(nil, "1A@h", 4)), good...), true, false)
	for _, r := range recordings(f) {
		f.Add(r.recv, r.dynamic, false)
	}
	f.Fuzz(func(t *testing.T, in []byte, asks, alive bool) {
		i := dialer()
		i.Alive = func() bool { return alive }
		if asks {
			i.Self = Hello{Name: "h", Flags: Hidden | FlagNameMe}
		}
		conn := newTape(in)
		res, err := i.Handshake(ctx, conn)
		digest := Digest(testCookie, challengeA)
		requireHonest(t, conn, res, err, digest[:])
	})
}

// FuzzAcceptor: the same for who dials us. And the old link of a peer is only touched for one that knows the cookie.
func FuzzAcceptor(f *testing.F) {
	for n := range int(AdmitBusy) + 1 {
		f.Add(packets(goodSendName(), goodReply()), n)
		f.Add(packets(goodSendName(), status("true"), goodReply()), n)
	}
	f.Add(packets(oldSendName(Visible, "a@h"), appendComplement(nil, helloA()), goodReply()), 0)
	f.Add(packets(appendSendName(nil, Hello{Name: "h", Flags: Hidden | FlagNameMe}), goodReply()), 0)
	for _, r := range recordings(f) {
		f.Add(r.recv, 0)
		f.Add(r.sent, 0)
	}
	f.Fuzz(func(t *testing.T, in []byte, admission int) {
		digest := Digest(testCookie, challengeB)
		a := dialled()
		a.Admit = func(context.Context, Hello) Admission { return Admission(admission) }
		a.Takeover = func(context.Context, Hello) error {
			require.True(t, bytes.Contains(in, digest[:]))
			return nil
		}
		conn := newTape(in)
		res, err := a.Handshake(ctx, conn)
		requireHonest(t, conn, res, err, digest[:])
	})
}
