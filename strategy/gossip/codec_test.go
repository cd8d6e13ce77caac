package gossip

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var from = netip.MustParseAddrPort("192.0.2.7:45892")

// speakers are strategies by what they speak.
func speakers() map[string]*Strategy {
	keys := []Key{goldenKey()}
	return map[string]*Strategy{
		"plain":          {},
		"secret":         {Secret: somePassword},
		"other secret":   {Secret: "another"},
		"authenticated":  {Keys: keys},
		"other key":      {Keys: []Key{{1}}},
		"rotating":       {Keys: []Key{{1}, goldenKey()}},
		"plain and auth": {Keys: keys, Frames: FramesBoth},
		"both":           {Keys: keys, Secret: somePassword, Frames: FramesBoth},
		"key unused":     {Keys: keys, Frames: FramesCompatible},
	}
}

// TestWhoHearsWhom: who takes which of the packets of whom, and what becomes of the others.
func TestWhoHearsWhom(t *testing.T) {
	for _, c := range []struct{ sender, receiver, want string }{
		{"plain", "plain", "plain"},
		{"plain", "secret", "refused"},
		{"plain", "authenticated", "refused"},
		{"plain", "both", "refused"},
		{"plain", "plain and auth", "plain"},
		{"secret", "plain", "unknown"},
		{"secret", "secret", "secret"},
		{"secret", "other secret", "unknown"},
		{"secret", "authenticated", "unknown"},
		{"secret", "both", "secret"},
		{"authenticated", "plain", "key"},
		{"authenticated", "secret", "key"},
		{"authenticated", "authenticated", "authenticated"},
		{"authenticated", "other key", "key"},
		{"authenticated", "rotating", "authenticated"},
		{"authenticated", "both", "authenticated"},
		{"authenticated", "key unused", "refused"},
		{"other key", "rotating", "authenticated"},
		{"rotating", "authenticated", "key"},
		{"both", "plain", "unknown key"},
		{"both", "secret", "secret key"},
		{"both", "authenticated", "unknown authenticated"},
		{"both", "both", "secret authenticated"},
	} {
		packets, err := open(t, speakers()[c.sender]).encode(message{kind: Heartbeat, node: "a@h", sent: time.UnixMilli(goldenTime)})
		require.NoError(t, err)
		receiver := open(t, speakers()[c.receiver])
		var got []string
		for _, b := range packets {
			switch p := decoded(receiver, b); {
			case p.Err == nil:
				require.Equal(t, "a@h", p.Node)
				got = append(got, p.Frame.String())
			default:
				got = append(got, p.Err.(Drop).String())
			}
		}
		require.Equal(t, c.want, strings.Join(got, " "), "%s to %s", c.sender, c.receiver)
	}
}

// TestAtoms: every tag an atom can have, and what is no atom.
func TestAtoms(t *testing.T) {
	const head = "68656172746265 61743A3A 83 74 00000001 77 04 6E6F6465 "
	long, tooLong := strings.Repeat("78", 253)+"4068", strings.Repeat("78", 254)+"4068"
	for _, c := range []struct{ term, node string }{
		{"64 0003 614068", "a@h"},
		{"73 03 614068", "a@h"},
		{"76 0003 614068", "a@h"},
		{"77 03 614068", "a@h"},
		{"73 04 61E44068", "aä@h"}, // Latin-1
		{"77 05 61C3A44068", "aä@h"},
		{"64 00FF " + long, strings.Repeat("x", 253) + "@h"},
		{"76 03FC " + strings.Repeat("F09F9880", 253) + strings.Repeat("40", 1) + "F09F9880" + "616263", strings.Repeat("😀", 253) + "@😀abc"},
	} {
		p := decoded(open(t, &Strategy{}), unhex(t, head+c.term))
		if c.node == strings.Repeat("😀", 253)+"@😀abc" {
			require.ErrorIs(t, p.Err, DropName, "258 characters")
			continue
		}
		require.NoError(t, p.Err, c.term)
		require.Equal(t, c.node, p.Node)
	}
	for term, want := range map[string]Drop{
		"":                               DropMalformed, // nothing
		"6D 00000003 614068":             DropMalformed, // a binary
		"6B 0003 614068":                 DropMalformed, // a string
		"64 0004 614068":                 DropMalformed, // cut off
		"64 0003 614068 00":              DropMalformed, // something behind it
		"64 FFFF 614068":                 DropMalformed, // a giant, announced
		"64 0100 " + tooLong:             DropMalformed, // a giant
		"76 FFFF " + long:                DropMalformed,
		"77 03 61C340":                   DropName, // not UTF-8
		"64 0003 616268":                 DropName, // no @
		"64 0000":                        DropName,
		"64 0005 6140 68 0A 0A":          DropName, // a line break
		"64 0003 610068":                 DropName, // NUL
		"77 04 6140 4068":                DropName,
		"52 00":                          DropMalformed, // an atom of a cache that is not there
		"50 FFFFFFFF 789C":               DropMalformed, // compressed
		"74 FFFFFFFF":                    DropMalformed,
		"6C FFFFFFFF " + long:            DropMalformed,
		strings.Repeat("6C00000001", 90): DropMalformed, // deep
	} {
		require.ErrorIs(t, decoded(open(t, &Strategy{}), unhex(t, head+term)).Err, want, term)
	}
	for _, whole := range []string{
		"68656172746265 61743A3A", // no term
		"68656172746265 61743A3A 82 74 00000001 64 0004 6E6F6465 64 0003 614068", // another version
		"68656172746265 61743A3A 83 74 00000002 64 0004 6E6F6465 64 0003 614068", // two keys announced
		"68656172746265 61743A3A 83 74 00000000",                                 // none
		"68656172746265 61743A3A 83 74 00000001 64 0004 6E6F6466 64 0003 614068", // another key
		"68656172746265 61743A3A 83 50 00000100 789C4B4C2A4E04000000FFFF",        // compressed
		"68656172746265 61743A3A 83 68 02 64 0004 6E6F6465 64 0003 614068",       // a tuple
		"68656172746265 61743A3A 83 67 64 0003 614068 0000000000000000 00",       // a pid
	} {
		require.ErrorIs(t, decoded(open(t, &Strategy{}), unhex(t, whole)).Err, DropMalformed, whole)
	}
}

// TestPrefixes: every part of a packet that is not the whole is none, in each frame.
func TestPrefixes(t *testing.T) {
	for name, s := range speakers() {
		packets, err := open(t, s).encode(message{kind: Heartbeat, node: "a@h", address: ":1", sent: time.UnixMilli(goldenTime)})
		require.NoError(t, err)
		for _, whole := range packets {
			for n := range whole {
				require.Error(t, decoded(open(t, s), whole[:n]).Err, "%s: %d of %d bytes", name, n, len(whole))
			}
			require.NoError(t, decoded(open(t, s), whole).Err)
			longer := append(whole[:len(whole):len(whole)], 0)
			require.Error(t, decoded(open(t, s), longer).Err, "%s: a byte more", name)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zä✓😀]{1,120}@[a-z0-9.-]{1,100}`).Draw(t, "name")
		m := message{
			kind: rapid.SampledFrom([]Kind{Heartbeat, Goodbye}).Draw(t, "kind"),
			node: name, address: "host.example:1234", sent: time.UnixMilli(goldenTime),
			interval: time.Duration(rapid.IntRange(1, 1<<31).Draw(t, "interval")) * time.Millisecond,
		}
		for _, s := range speakers() {
			set, err := s.settings()
			require.NoError(t, err)
			c := set.codec(&replay{window: set.MaxSkew})
			packets, err := c.encode(m)
			require.NoError(t, err)
			for _, b := range packets {
				require.LessOrEqual(t, len(b), maxPacket)
				p := decoded(c, b)
				require.NoError(t, p.Err)
				require.Equal(t, m.kind, p.Kind)
				require.Equal(t, m.node, p.Node)
				if p.Frame == FrameAuthenticated {
					require.Equal(t, m, message{p.Kind, p.Node, p.Address, p.Sent, p.Interval})
				}
			}
		}
	})
}

// TestLongestFits: the longest name and address are not longer than what is looked at.
func TestLongestFits(t *testing.T) {
	m := message{kind: Goodbye, node: strings.Repeat("😀", 200) + "@" + strings.Repeat("😀", 54), address: strings.Repeat("h", 250) + ":1234",
		sent: time.UnixMilli(goldenTime)}
	for _, s := range []*Strategy{{}, {Secret: "x"}, {Keys: []Key{goldenKey()}}} {
		packets, err := open(t, s).encode(m)
		require.NoError(t, err)
		p := decoded(open(t, s), packets[0])
		require.NoError(t, p.Err, p.Detail)
		require.Equal(t, m.node, p.Node)
	}
	require.ErrorIs(t, decoded(open(t, &Strategy{}), make([]byte, maxPacket+1)).Err, DropOversized)
}

func TestAuthenticatedRefuses(t *testing.T) {
	key := goldenKey()
	sealed := func(m message) []byte {
		b, err := appendAuthenticated(nil, key, m, newRandom())
		require.NoError(t, err)
		return b
	}
	good := goldenMessage()
	for name, c := range map[string]struct {
		change func(*message)
		want   Drop
	}{
		"too old":     {func(m *message) { m.sent = m.sent.Add(-DefaultMaxSkew - time.Millisecond) }, DropStale},
		"from future": {func(m *message) { m.sent = m.sent.Add(DefaultMaxSkew + time.Millisecond) }, DropStale},
		"end of time": {func(m *message) { m.sent = time.UnixMilli(1<<63 - 1) }, DropStale},
		"other kind":  {func(m *message) { m.kind = 3 }, DropMalformed},
		"no kind":     {func(m *message) { m.kind = 0 }, DropMalformed},
		"bad name":    {func(m *message) { m.node = "nobody" }, DropName},
		"no name":     {func(m *message) { m.node = "" }, DropName},
	} {
		m := good
		c.change(&m)
		require.ErrorIs(t, decoded(open(t, &Strategy{Keys: []Key{key}}), sealed(m)).Err, c.want, name)
	}
	for _, within := range []time.Duration{-DefaultMaxSkew, DefaultMaxSkew} {
		m := good
		m.sent = m.sent.Add(within)
		require.NoError(t, decoded(open(t, &Strategy{Keys: []Key{key}}), sealed(m)).Err)
	}

	b := sealed(good)
	for i := range b { // one bit at a time, everywhere
		changed := append([]byte{}, b...)
		changed[i] ^= 1
		want := DropForged
		switch {
		case i < len(magic):
			want = DropUnknown
		case i == len(magic):
			want = DropVersion
		case i < saltAt:
			want = DropKey
		}
		require.ErrorIs(t, decoded(open(t, &Strategy{Keys: []Key{key}}), changed).Err, want, "byte %d", i)
	}

	c := open(t, &Strategy{Keys: []Key{key}})
	require.NoError(t, decoded(c, b).Err)
	require.ErrorIs(t, decoded(c, b).Err, DropReplayed)
}

// TestAddress: where a node listens is what it says, with the host the packet came from if it says none.
func TestAddress(t *testing.T) {
	for address, want := range map[string]string{
		"":               "",
		":9100":          "192.0.2.7:9100",
		"0.0.0.0:9100":   "192.0.2.7:9100",
		"[::]:9100":      "192.0.2.7:9100",
		"10.0.0.1:9100":  "10.0.0.1:9100",
		"h.example:9100": "h.example:9100",
		"[fd00::1]:9100": "[fd00::1]:9100",
		"nonsense":       "",
		"10.0.0.1:":      "",
		"10.0.0.1:1\n":   "",
		"a b:1":          "",
	} {
		m := goldenMessage()
		m.address = address
		b, err := appendAuthenticated(nil, goldenKey(), m, newRandom())
		require.NoError(t, err)
		p := decoded(open(t, &Strategy{Keys: []Key{goldenKey()}}), b)
		require.NoError(t, p.Err)
		require.Equal(t, want, p.Address, address)
	}
}

// TestLaterVersion: bytes behind the address are for later, and do not disturb.
func TestLaterVersion(t *testing.T) {
	b, err := appendAuthenticated(nil, goldenKey(), goldenMessage(), goldenRandom())
	require.NoError(t, err)
	head := b[:sealedAt]
	aead, err := goldenKey().seal(head[saltAt:nonceAt])
	require.NoError(t, err)
	body, err := aead.Open(nil, head[nonceAt:], b[sealedAt:], head)
	require.NoError(t, err)
	longer := aead.Seal(append([]byte{}, head...), head[nonceAt:], append(body, "and more"...), head)
	p := decoded(open(t, &Strategy{Keys: []Key{goldenKey()}}), longer)
	require.NoError(t, p.Err)
	require.Equal(t, "a@h", p.Node)
}

// TestSecretPadding: what decrypts to a heartbeat with wrong padding is none.
func TestSecretPadding(t *testing.T) {
	block, iv := secretBlock(somePassword), make([]byte, 16)
	for _, end := range []string{"\x00", "\x11", "\x10", "\x02\x03\x03"} {
		plain := append(appendPlain(nil, message{kind: Heartbeat, node: "a@h"}), make([]byte, 32)...)[:48]
		copy(plain[48-len(end):], end)
		b := append([]byte{}, iv...)
		b = append(b, plain...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(b[aes.BlockSize:], plain)
		require.ErrorIs(t, decoded(open(t, &Strategy{Secret: somePassword}), b).Err, DropMalformed, "%q", end)
	}
}

func TestKey(t *testing.T) {
	key := NewKey()
	require.NotEqual(t, key, NewKey())
	parsed, err := ParseKey(" " + key.Text() + "\n")
	require.NoError(t, err)
	require.Equal(t, key, parsed)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		require.Equal(t, "key "+key.ID(), fmt.Sprintf(verb, key), "no verb prints the key")
		require.NotContains(t, fmt.Sprintf(verb, &Strategy{Keys: []Key{key}}), key.Text())
	}
	for _, bad := range []string{"", "secret", key.Text()[1:], key.ID()} {
		_, err := ParseKey(bad)
		require.ErrorContains(t, err, "32")
		if bad != "" {
			require.NotContains(t, err.Error(), bad)
		}
	}
}

func TestCheck(t *testing.T) {
	for want, s := range map[string]*Strategy{
		"own name":            {Self: "nobody"},
		"own address":         {Address: "here"},
		"port -1":             {Port: -1},
		"TTL 256":             {TTL: 256},
		"no multicast":        {Groups: addrs("10.0.0.1")},
		"is a multicast":      {Groups: addrs("230.1.1.251"), BroadcastOnly: true},
		"group 1 is empty":    {Groups: []netip.Addr{{}}},
		"need a key":          {Frames: FramesBoth},
		"there are no frames": {Frames: 9, Keys: []Key{{1}}},
		"all zeros":           {Keys: []Key{{}}},
		"interval 1ms":        {Interval: time.Millisecond},
		"expire":              {Expire: time.Second},
		"a limit is negative": {MaxNodes: -1},
		"seed \"a b\"":        {Seeds: []string{"a b"}},
		"is no port":          {Seeds: []string{"host:http"}},
		"seed \"\"":           {Seeds: []string{""}},
		"seed \"a@h\"":        {Seeds: []string{"a@h"}},
	} {
		require.ErrorContains(t, s.Check(), want)
	}
	for _, s := range []*Strategy{
		{}, {Self: "a@h", Seeds: []string{"a", "a:1", "10.0.0.1", "10.0.0.1:1", "::1", "[::1]:1"}},
		{BroadcastOnly: true}, {BroadcastOnly: true, Groups: addrs("255.255.255.255")},
		{Groups: addrs(DefaultGroup, LibclusterGroup, DefaultGroupIPv6)},
	} {
		require.NoError(t, s.Check())
	}
	require.Equal(t, "gossip", (&Strategy{}).String())
}

func TestTexts(t *testing.T) {
	for _, f := range []Frames{FramesDefault, FramesCompatible, FramesAuthenticated, FramesBoth} {
		text, err := f.MarshalText()
		require.NoError(t, err)
		var back Frames
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, f, back)
	}
	var f Frames
	require.ErrorContains(t, f.UnmarshalText([]byte("all")), `"all" are no frames: want compatible, authenticated, both`)
	names := map[string]bool{}
	for d := range drops {
		require.Regexp(t, `^[a-z]+$`, d.String(), "it names a metric")
		require.NotContains(t, names, d.String())
		names[d.String()] = true
		require.ErrorContains(t, d, "gossip: packet dropped: ")
	}
	require.Equal(t, "Drop(99)", Drop(99).String())
	require.Equal(t, "authenticated goodbye", fmt.Sprint(FrameAuthenticated, " ", Goodbye))
}
