package gossip

import (
	"errors"
	"testing"
	"time"

	"gonode/strategy"
)

// checkDecoded: whatever comes, it is a packet with a name that is one, or it is dropped for a reason.
func checkDecoded(t *testing.T, s *Strategy, b []byte) {
	set, err := s.settings()
	if err != nil {
		t.Fatal(err)
	}
	p := Packet{At: time.UnixMilli(goldenTime), From: from}
	set.codec(&replay{window: set.MaxSkew}).decode(b, &p)
	if p.Err == nil {
		if err := strategy.CheckName(p.Node); err != nil || p.Kind != Heartbeat && p.Kind != Goodbye || p.Frame == FrameUnknown {
			t.Fatalf("%+v: %v", p, err)
		}
		return
	}
	if why := Drop(0); !errors.As(p.Err, &why) || why >= drops {
		t.Fatalf("%v is no reason", p.Err)
	}
}

// FuzzCompatible tries plain packets, and packets as what a secret encrypts.
func FuzzCompatible(f *testing.F) {
	f.Add(unhex(f, goldenPlain))
	f.Add(unhex(f, goldenPlain26))
	f.Add(unhex(f, goldenBye))
	f.Add(unhex(f, goldenSecret))
	f.Add([]byte(heartbeatPrefix + "\x83t\x00\x00\x00\x01d\x00\x04nodev\xff\xff"))
	block := secretBlock(somePassword)
	f.Fuzz(func(t *testing.T, b []byte) {
		checkDecoded(t, &Strategy{}, b)
		checkDecoded(t, &Strategy{Secret: somePassword}, b)
		checkDecoded(t, &Strategy{Secret: somePassword}, appendSecret(nil, block, b, make([]byte, blockSize)))
	})
}

// FuzzAuthenticated tries packets, and what those who have the key could put into one.
func FuzzAuthenticated(f *testing.F) {
	whole := unhex(f, goldenAuthenticated)
	f.Add(whole)
	key := goldenKey()
	head := whole[:sealedAt]
	aead, err := key.seal(head[saltAt:nonceAt])
	if err != nil {
		f.Fatal(err)
	}
	body, err := aead.Open(nil, head[nonceAt:], whole[sealedAt:], head)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &Strategy{Keys: []Key{key}}
		checkDecoded(t, s, b)
		checkDecoded(t, s, aead.Seal(append([]byte{}, head...), head[nonceAt:], b, head))
	})
}
