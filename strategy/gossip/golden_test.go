package gossip

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What libcluster puts on the wire on OTP 25, recorded; a later release writes the atoms with tag 119.
const (
	goldenPlain   = "68656172746265 61743A3A 83 74 00000001 64 0004 6E6F6465 64 0003 614068"
	goldenPlain26 = "68656172746265 61743A3A 83 74 00000001 77 04 6E6F6465 77 03 614068"
	goldenSecret  = "00000000000000000000000000000000 506F109BEAE05DE5DB8C36F0E0274BD3F461C30BD52FE3A275EB88323450E1FB"
	goldenBye     = "676F6F64627965 3A3A 83 74 00000001 64 0004 6E6F6465 64 0003 614068"
	somePassword  = "somepassword"
)

// The authenticated frame of docs/protocol.md, which integration opens in Erlang.
const (
	goldenTime          = 1_700_000_000_000 // ms
	goldenAuthenticated = "676E6701 47F10273 303132333435363738393A3B3C3D3E3F 404142434445464748494A4B " +
		"68BDD293B38B2CEFE2BFAE5F1550E0CE58A58F74AF3D571660F27502D7885C07 585F2932487A969E"
)

func goldenKey() (k Key) {
	for i := range k {
		k[i] = byte(i)
	}
	return k
}

// goldenRandom is 0x30, 0x31, ...
func goldenRandom() []byte {
	b := make([]byte, saltSize+nonceSize)
	for i := range b {
		b[i] = byte(0x30 + i)
	}
	return b
}

func goldenMessage() message {
	return message{kind: Heartbeat, node: "a@h", address: ":9100", sent: time.UnixMilli(goldenTime), interval: 5 * time.Second}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", "\t", "").Replace(text))
	require.NoError(t, err)
	return b
}

// open makes a codec as a strategy would have it.
func open(t testing.TB, s *Strategy) *codec {
	t.Helper()
	set, err := s.settings()
	require.NoError(t, err)
	return set.codec(&replay{window: set.MaxSkew})
}

func decoded(c *codec, b []byte) Packet {
	p := Packet{At: time.UnixMilli(goldenTime), From: from}
	c.decode(b, &p)
	return p
}

func TestGoldenPlain(t *testing.T) {
	m := message{kind: Heartbeat, node: "a@h"}
	require.Equal(t, unhex(t, goldenPlain), appendPlain(nil, m))
	packets, err := open(t, &Strategy{}).encode(m)
	require.NoError(t, err)
	require.Equal(t, [][]byte{unhex(t, goldenPlain)}, packets)
	for _, text := range []string{goldenPlain, goldenPlain26} {
		p := decoded(open(t, &Strategy{}), unhex(t, text))
		require.NoError(t, p.Err)
		require.Equal(t, "a@h", p.Node)
		require.Equal(t, FramePlain, p.Frame)
		require.Equal(t, Heartbeat, p.Kind)
	}
	require.Equal(t, unhex(t, goldenBye), appendPlain(nil, message{kind: Goodbye, node: "a@h"}))
}

func TestGoldenSecret(t *testing.T) {
	plain := appendPlain(nil, message{kind: Heartbeat, node: "a@h"})
	block := secretBlock(somePassword)
	require.Equal(t, unhex(t, goldenSecret), appendSecret(nil, block, plain, make([]byte, 16)))
	p := decoded(open(t, &Strategy{Secret: somePassword}), unhex(t, goldenSecret))
	require.NoError(t, p.Err)
	require.Equal(t, "a@h", p.Node)
	require.Equal(t, FrameSecret, p.Frame)

	c := open(t, &Strategy{Secret: somePassword})
	one, err := c.encode(message{kind: Heartbeat, node: "a@h"})
	require.NoError(t, err)
	two, err := c.encode(message{kind: Heartbeat, node: "a@h"})
	require.NoError(t, err)
	require.Len(t, one[0], 48)
	require.NotEqual(t, one[0][:16], two[0][:16], "each packet has a fresh IV")
	require.NotEqual(t, one[0][16:], two[0][16:])
}

func TestGoldenAuthenticated(t *testing.T) {
	b, err := appendAuthenticated(nil, goldenKey(), goldenMessage(), goldenRandom())
	require.NoError(t, err)
	require.Equal(t, hexOf(unhex(t, goldenAuthenticated)), hexOf(b))

	p := decoded(open(t, &Strategy{Keys: []Key{goldenKey()}}), b)
	require.NoError(t, p.Err)
	require.Equal(t, Packet{
		At: time.UnixMilli(goldenTime), From: from, Size: len(b), Frame: FrameAuthenticated, Kind: Heartbeat, Node: "a@h",
		Key: goldenKey().ID(), Address: "192.0.2.7:9100", Sent: time.UnixMilli(goldenTime), Interval: 5 * time.Second,
	}, p)
	appended, err := appendAuthenticated([]byte("before"), goldenKey(), goldenMessage(), goldenRandom())
	require.NoError(t, err)
	require.True(t, bytes.Equal(append([]byte("before"), b...), appended))
}

func hexOf(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
