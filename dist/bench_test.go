package dist

import (
	"fmt"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

var small any = etf.Tuple{gen.Atom("ok"), int64(42)}

// BenchmarkEncode queues small messages without a socket.
func BenchmarkEncode(b *testing.B) {
	for _, f := range []Flags{Visible, Visible &^ FlagDistHdrAtomCache, plain} {
		b.Run(layout(f), func(b *testing.B) {
			h := newHalf(b, f, Config{})
			s := message(1, 2, small)
			require.NoError(b, h.out.add(s))
			b.ReportAllocs()
			for b.Loop() {
				h.out.buf = h.out.buf[:0]
				_ = h.out.add(s)
			}
		})
	}
}

// BenchmarkEncodeMaps queues a list of 50 maps with atoms for keys.
func BenchmarkEncodeMaps(b *testing.B) {
	maps := make(etf.List, 50)
	for i := range maps {
		maps[i] = etf.Map{
			{Key: gen.Atom("id"), Value: int64(i)}, {Key: gen.Atom("name"), Value: []byte("some user")},
			{Key: gen.Atom("active"), Value: gen.Atom("true")}, {Key: gen.Atom("score"), Value: float64(i)},
			{Key: gen.Atom("tags"), Value: etf.List{gen.Atom("admin"), gen.Atom("staff")}},
		}
	}
	h := newHalf(b, Visible, Config{})
	s := message(1, 2, maps)
	b.ReportAllocs()
	for b.Loop() {
		h.out.buf = h.out.buf[:0]
		_ = h.out.add(s)
	}
}

// BenchmarkDecode reads small messages without a socket; what it allocates is the message.
func BenchmarkDecode(b *testing.B) {
	for _, f := range []Flags{Visible, Visible &^ FlagDistHdrAtomCache, plain} {
		b.Run(layout(f), func(b *testing.B) {
			h := newHalf(b, f, Config{})
			h.pass(message(1, 2, small))
			require.NoError(b, h.out.add(message(1, 2, small)))
			frame := h.wire()[4:]
			var s Signal
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.in.frame(frame, &s)
			}
		})
	}
}

func layout(f Flags) string {
	return fmt.Sprintf("cache=%t,fragments=%t", f.Has(FlagDistHdrAtomCache), f.Has(FlagFragments))
}

// BenchmarkLink sends messages over the loopback, one way.
func BenchmarkLink(b *testing.B) {
	for _, size := range []int{0, 1000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			na, nb := tcpPair(b)
			ra, rb := helloPair(Visible)
			a, peer := NewConn(na, ra, Config{}), NewConn(nb, rb, Config{})
			ended := make(chan error, 2)
			go func() { ended <- a.Serve(func(*Signal) error { return nil }) }() // ended below
			n, all := 0, make(chan struct{})
			want := -1
			go func() { // ended below
				ended <- peer.Serve(func(s *Signal) error {
					if n++; s.Message == gen.Atom("last") {
						want = n
						close(all)
					}
					return nil
				})
			}()
			s := message(1, 2, small)
			if size > 0 {
				s.Message = blob(size)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_ = a.Send(ctx, s)
			}
			_ = a.Send(ctx, message(1, 2, gen.Atom("last")))
			<-all
			b.StopTimer()
			_ = want
			a.Abort(nil)
			<-ended
			<-ended
		})
	}
}

// BenchmarkPingPong sends one message there and back.
func BenchmarkPingPong(b *testing.B) {
	na, nb := tcpPair(b)
	ra, rb := helloPair(Visible)
	a, peer := NewConn(na, ra, Config{}), NewConn(nb, rb, Config{})
	ended, back := make(chan error, 2), make(chan struct{}, 1)
	go func() { ended <- a.Serve(func(*Signal) error { back <- struct{}{}; return nil }) }() // ended below
	go func() {                                                                              // ended below
		reply := &Signal{Kind: KindSend, From: pidB(2), To: pidA(1), Message: small}
		ended <- peer.Serve(func(*Signal) error { return peer.Post(reply) })
	}()
	s := message(1, 2, small)
	for b.Loop() {
		_ = a.Send(ctx, s)
		<-back
	}
	a.Abort(nil)
	<-ended
	<-ended
}
