package gossip

import (
	"net/netip"
	"testing"
	"time"
)

// BenchmarkPacket: what a packet costs, from the buffer it was read into to the verdict; reading it is the system's.
func BenchmarkPacket(b *testing.B) {
	both := &Strategy{Self: "a@h", Secret: somePassword, Keys: []Key{goldenKey()}, Frames: FramesBoth,
		MaxSkew: 100 * 365 * 24 * time.Hour}
	giant := append([]byte(heartbeatPrefix), 131, 116, 0, 0, 0, 1, 100, 255, 255)
	authenticated := unhex(b, goldenAuthenticated)
	forged := append([]byte{}, authenticated...)
	forged[len(forged)-1]++
	wrongKey := append([]byte{}, authenticated...)
	wrongKey[keyIDAt]++
	for _, c := range []struct {
		name   string
		s      *Strategy
		packet []byte
		limit  int // packets a second
	}{
		{"plain", &Strategy{Self: "b@h"}, unhex(b, goldenPlain), 1e9},
		{"secret", both, appendSecret(nil, secretBlock(somePassword), appendPlain(nil, message{kind: Heartbeat, node: "b@h"}), newIV()), 1e9},
		{"authenticated", both, authenticated, 1e9},
		{"flood", both, unhex(b, goldenPlain), 1},
		{"noise", both, make([]byte, 1000), 1e9},
		{"other_secret", both, make([]byte, 64), 1e9},
		{"giant_atom", &Strategy{Self: "b@h"}, giant, 1e9},
		{"wrong_key", both, wrongKey, 1e9},
		{"forged", both, forged, 1e9},
	} {
		b.Run(c.name, func(b *testing.B) {
			set, err := c.s.settings()
			if err != nil {
				b.Fatal(err)
			}
			n := &network{s: set}
			n.view.Store(&view{})
			r := &receiver{n: n, socket: &socket{}, codec: set.codec(&replay{window: set.MaxSkew}), limiter: newLimiter(c.limit)}
			from := netip.MustParseAddrPort("10.0.0.1:45892")
			b.ReportAllocs()
			for b.Loop() {
				clear(r.codec.replay.now) // each packet is new
				r.packet(c.packet, nil, from)
			}
		})
	}
}

// BenchmarkHeartbeat: what it costs to make one, in every frame.
func BenchmarkHeartbeat(b *testing.B) {
	set, err := (&Strategy{Secret: somePassword, Keys: []Key{goldenKey()}, Frames: FramesBoth}).settings()
	if err != nil {
		b.Fatal(err)
	}
	c := set.codec(&replay{})
	m := message{kind: Heartbeat, node: "a@h", sent: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.encode(m); err != nil {
			b.Fatal(err)
		}
	}
}
