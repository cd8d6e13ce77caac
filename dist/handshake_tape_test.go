package dist

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/internal/wire"
)

const testCookie = "monster"

// tape is a connection to a peer that has said all it will ever say. After that it hangs up.
type tape struct {
	in       *bytes.Reader
	out      bytes.Buffer
	deadline atomic.Pointer[time.Time]
}

func newTape(in []byte) *tape { return &tape{in: bytes.NewReader(in)} }

func (c *tape) Read(b []byte) (int, error)         { return c.in.Read(b) }
func (c *tape) Write(b []byte) (int, error)        { return c.out.Write(b) }
func (c *tape) SetDeadline(t time.Time) error      { c.deadline.Store(&t); return nil }
func (c *tape) SetReadDeadline(t time.Time) error  { panic("SetDeadline is enough") }
func (c *tape) SetWriteDeadline(t time.Time) error { panic("SetDeadline is enough") }
func (c *tape) LocalAddr() net.Addr                { return nil }
func (c *tape) RemoteAddr() net.Addr               { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5555} }
func (c *tape) Close() error                       { panic("a handshake closes nothing") }

// left returns what nobody read.
func (c *tape) left() []byte {
	b, _ := io.ReadAll(c.in)
	return b
}

// packets joins packets, each with its length.
func packets(all ...[]byte) []byte {
	var b []byte
	for _, p := range all {
		b = append(wire.AppendUint16(b, uint16(len(p))), p...)
	}
	return b
}

// packets32 is packets for TLS.
func packets32(all ...[]byte) []byte {
	var b []byte
	for _, p := range all {
		b = append(wire.AppendUint32(b, uint32(len(p))), p...)
	}
	return b
}

// splitPackets is the reverse of packets.
func splitPackets(t testing.TB, b []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for len(b) > 0 {
		require.GreaterOrEqual(t, len(b), 2)
		n := int(b[0])<<8 | int(b[1])
		require.GreaterOrEqual(t, len(b)-2, n)
		all = append(all, b[2:2+n])
		b = b[2+n:]
	}
	return all
}

func status(text string) []byte { return appendStatus(nil, text) }

// drawn is a source of challenges that always draws n.
func drawn(n uint32) func() (uint32, error) {
	return func() (uint32, error) { return n, nil }
}

func sameCookie(gen.Atom) string { return testCookie }

const (
	challengeA = 0x0A0A0A0A // of the node that dials, a@h
	challengeB = 0xB0B0B0B0 // of the node that is dialled, b@h
)

func helloA() Hello { return Hello{Name: "a@h", Flags: Visible, Creation: 1001} }
func helloB() Hello { return Hello{Name: "b@h", Flags: Visible, Creation: 2002} }

// dialer is a@h, which dials b@h.
func dialer() *Initiator {
	return &Initiator{Self: helloA(), Peer: "b@h", Cookie: testCookie, Challenge: drawn(challengeA)}
}

// dialled is b@h.
func dialled() *Acceptor {
	return &Acceptor{Self: helloB(), Cookie: sameCookie, Challenge: drawn(challengeB)}
}

// The packets of a good handshake.
func goodSendName() []byte  { return appendSendName(nil, helloA()) }
func goodChallenge() []byte { return appendChallenge(nil, helloB(), challengeB) }
func goodReply() []byte     { return appendReply(nil, challengeA, Digest(testCookie, challengeB)) }
func goodAck() []byte       { return appendAck(nil, Digest(testCookie, challengeA)) }

// requireFailure checks all that every error of a handshake owes its reader.
func requireFailure(t testing.TB, err error, kind error, text ...string) {
	t.Helper()
	require.Error(t, err)
	he, ok := err.(*HandshakeError)
	require.True(t, ok, "%T", err)
	require.NotEmpty(t, he.Step)
	require.NotEmpty(t, he.Peer)
	if kind != nil {
		require.ErrorIs(t, err, kind)
		require.Equal(t, kind, he.Kind)
	} else {
		require.NoError(t, he.Kind)
	}
	for _, s := range text {
		require.ErrorContains(t, err, s)
	}
	for _, n := range []uint32{challengeA, challengeB} {
		d := Digest(testCookie, n)
		for _, secret := range []string{testCookie, hex.EncodeToString(d[:]), fmt.Sprint(n), fmt.Sprintf("%x", n)} {
			require.NotContains(t, err.Error(), secret)
		}
	}
	require.NotContains(t, err.Error(), "\n")
}
