package dist

import (
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// answering serves nc with a handler that sends answer for each signal that comes, as from the same process.
func answering(t *testing.T, nc net.Conn, r Result, cfg Config, answer any) *Conn {
	c := NewConn(nc, r, cfg)
	ended := make(chan struct{})
	go func() { // ends in the cleanup
		defer close(ended)
		_ = c.Serve(func(s *Signal) error { return c.Send(ctx, message(1, 2, answer)) })
	}()
	t.Cleanup(func() {
		c.Abort(nil)
		<-ended
	})
	return c
}

// Answers go out in one write with what else is sent while input is handled, in order, and none is lost when the socket
// does not take all at once: the peer does not read before it has asked everything.
func TestAnswersGather(t *testing.T) {
	for _, size := range []int{10, 30_000, 200_000} {
		na, nb := tcpPair(t)
		ra, rb := helloPair(Visible)
		a := answering(t, na, ra, Config{SendLimit: 1 << 30}, blob(size))
		require.NotNil(t, a.direct)

		const questions = 300
		h := newHalf(t, Visible, Config{})
		for i := range questions {
			require.NoError(t, h.out.add(message(1, uint64(i), int64(i))))
		}
		_, err := nb.Write(h.wire())
		require.NoError(t, err)
		require.Eventually(t, func() bool { return a.Stats().SignalsOut == questions }, 10*time.Second, time.Millisecond)

		b := serve(nb, rb, Config{})
		for range questions {
			require.Equal(t, blob(size), (<-b.got).Message)
		}
		b.Abort(nil)
		<-b.ended
	}
}

// Nothing is written while the signals of one read are handed over, and all answers when they are.
func TestAnswersInOneWrite(t *testing.T) {
	na, nb := tcpPair(t)
	ra, rb := helloPair(Visible)
	const questions = 300
	h := newHalf(t, Visible, Config{})
	for i := range questions {
		require.NoError(t, h.out.add(message(1, uint64(i), int64(i))))
	}
	_, err := nb.Write(h.wire()) // it is there, whole, before the first read
	require.NoError(t, err)

	a := NewConn(na, ra, Config{})
	var written []uint64 // when each question was handed over
	ended := make(chan struct{})
	go func() { // ends with the link
		defer close(ended)
		_ = a.Serve(func(*Signal) error {
			written = append(written, a.Stats().BytesOut)
			return a.Send(ctx, message(1, 2, int64(0)))
		})
	}()
	b := serve(nb, rb, Config{})
	for range questions {
		<-b.got
	}
	b.Abort(nil)
	<-b.ended
	<-ended
	require.Equal(t, make([]uint64, questions), written)
}

// Whoever writes, all is written: senders beside the receive loop, which answers all the time.
func TestSendersBesideAnswers(t *testing.T) {
	na, nb := tcpPair(t)
	ra, rb := helloPair(Visible)
	a := answering(t, na, ra, Config{}, int64(-1))
	b := serve(nb, rb, Config{})
	const each = 2000
	for n := range uint64(3) {
		go func() { // ends when all is sent
			for i := range int64(each) {
				_ = a.Send(ctx, message(n+10, 2, i))
			}
		}()
	}
	go func() { // ends when all is sent
		for i := range int64(each) {
			_ = b.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: i})
		}
	}()
	next := make(map[uint64]int64)
	for range 4 * each {
		s := <-b.got
		if s.From.ID >= 10 {
			require.Equal(t, next[s.From.ID], s.Message)
		}
		next[s.From.ID]++
	}
	require.Equal(t, map[uint64]int64{1: each, 10: each, 11: each, 12: each}, next)
	b.Abort(nil)
	<-b.ended
}

// A link that ends while the receive loop or a sender writes ends like any other.
func TestCloseAmongAnswers(t *testing.T) {
	for i := range 50 {
		na, nb := tcpPair(t)
		ra, rb := helloPair(Visible)
		a := answering(t, na, ra, Config{}, int64(1))
		b := serve(nb, rb, Config{})
		go func() { // ends with the link
			for b.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: int64(0)}) == nil {
			}
		}()
		go func() { // ends with the link
			for range b.got {
			}
		}()
		time.AfterFunc(time.Duration(i)*100*time.Microsecond, func() { a.Close(nil) })
		require.Error(t, <-b.ended)
		<-a.Done()
		close(b.got)
	}
}

func TestPacerKnowsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(new(directSocket))
		flow := func(n int, bytes int, out uint64) {
			for range n {
				time.Sleep(streamTime / 4)
				p.came(bytes, out)
			}
		}
		flow(8, streamBytes/2, 0)
		require.True(t, p.stream)
		flow(8, streamBytes/8, 0)
		require.False(t, p.stream, "too little")
		flow(8, streamBytes/2, 0)
		require.True(t, p.stream)
		flow(8, streamBytes/2, 1)
		flow(8, streamBytes/2, 2)
		flow(4, streamBytes/2, 3)
		require.False(t, p.stream, "something went the other way")
	})
	p := newPacer(nil)
	p.came(1<<30, 0)
	require.Zero(t, p.before(1, 0, nil), "no plain socket, no pace")
}

// After a signal that was answered the next one is looked for, and what was found is not lost.
func TestPacerLooks(t *testing.T) {
	na, nb := tcpPair(t)
	p := newPacer(newDirectSocket(na))
	p.spins = true
	_, err := nb.Write([]byte("next"))
	require.NoError(t, err)
	b := make([]byte, 10)
	var n int
	for out := uint64(1); n == 0 && out < 1000; out++ {
		n = p.before(1, out, b)
	}
	require.Equal(t, "next", string(b[:n]))
	for out := uint64(1000); p.rest == 0; out++ {
		require.Zero(t, p.before(1, out, b))
	}
	require.Equal(t, spinRest, p.rest, "nothing came three times: it does not look for a while")
	require.Zero(t, p.before(1, 1, b))
	require.Equal(t, spinRest-1, p.rest)
}

// While a stream runs the loop reads what has gathered and leaves a part of it; what does not gather it does not wait for
// long, and without anything it comes back with nothing.
func TestPacerLetsGather(t *testing.T) {
	na, nb := tcpPair(t)
	p := newPacer(newDirectSocket(na))
	p.stream = true
	b := make([]byte, 64<<10)
	require.Zero(t, p.before(moreBurst, 0, b))

	_, err := nb.Write(make([]byte, 100))
	require.NoError(t, err)
	begin := time.Now()
	require.Equal(t, 100, p.before(moreBurst, 0, b))
	require.GreaterOrEqual(t, time.Since(begin), streamPause, "more could have come")

	_, err = nb.Write(make([]byte, streamWait))
	require.NoError(t, err)
	require.Equal(t, streamRead, p.before(moreBurst, 0, b))

	require.Zero(t, p.before(1, 0, b), "a single signal: the stream is over for now, and is waited for as ever")
}

// After several signals the loop waits for more, but not for long.
func TestPacerWaitsForMore(t *testing.T) {
	na, nb := tcpPair(t)
	p := newPacer(newDirectSocket(na))
	p.spins, p.alone = true, false
	b := make([]byte, 64<<10)
	begin := time.Now()
	require.Zero(t, p.before(moreBurst, 1, b))
	require.GreaterOrEqual(t, time.Since(begin), moreTime)

	_, err := nb.Write(make([]byte, moreWait-1))
	require.NoError(t, err)
	begin = time.Now()
	require.Equal(t, moreWait-1, p.before(moreBurst, 2, b), "what has come is not lost")
	require.GreaterOrEqual(t, time.Since(begin), moreTime)

	_, err = nb.Write(make([]byte, 4*moreWait))
	require.NoError(t, err)
	require.Equal(t, 4*moreWait, p.before(moreBurst, 3, b))
}

// Amid a message the loop reads what is there, and looks again after a nap if nothing is.
func TestPacerNapsAmidMessage(t *testing.T) {
	na, nb := tcpPair(t)
	p := pacer{direct: newDirectSocket(na), spins: true}
	b := make([]byte, 10)
	_, err := nb.Write([]byte("rest"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.direct.waiting() == 4 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 4, p.amid(b))
	begin := time.Now()
	require.Zero(t, p.amid(b))
	require.GreaterOrEqual(t, time.Since(begin), amidNap)
	p.spins = false
	_, err = nb.Write([]byte("rest"))
	require.NoError(t, err)
	require.Zero(t, p.amid(b), "the only core is needed for the peer")
}

// With one processor the loop has the others take their turn every spinTurn, whatever it finds; with more it need not, nor
// after it was asleep.
func TestPacerTakesTurns(t *testing.T) {
	na, _ := tcpPair(t)
	looks := map[string]func(*pacer, uint64) int{
		"single": func(p *pacer, out uint64) int { p.rest = 0; return p.before(1, out, make([]byte, 1)) },
		"many":   func(p *pacer, out uint64) int { return p.before(moreBurst, out, make([]byte, 1)) },
		"amid":   func(p *pacer, _ uint64) int { return p.amid(make([]byte, 1)) },
	}
	for name, look := range looks {
		for _, alone := range []bool{true, false} {
			p := pacer{direct: newDirectSocket(na), spins: true, alone: alone}
			t.Cleanup(p.others.close)
			look(&p, 1)
			require.Nil(t, p.others.out, name)
			if alone {
				require.WithinDuration(t, time.Now(), p.turn, time.Minute)
			}
			for n := 0; p.others.out == nil && n < 100; n++ { // more than once if the test is held up for a lull
				p.turn = time.Now().Add(-2 * spinTurn)
				look(&p, uint64(2+n))
			}
			require.Equal(t, alone, p.others.out != nil, name)
		}
	}
}

// With one processor a goroutine whose socket is ready runs when the turnstile is passed, though the one that passes is
// never asleep.
func TestTurnstile(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var others turnstile
	defer others.close()
	others.pass()
	na, nb := tcpPair(t)
	var got atomic.Int64
	read := make(chan struct{})
	go func() { // ends with nb
		defer close(read)
		for b := make([]byte, 1); ; got.Add(1) {
			if _, err := na.Read(b); err != nil {
				return
			}
		}
	}()
	for n := int64(1); n <= 1000; n++ {
		others.pass() // the reader waits, after this
		_, err := nb.Write([]byte{1})
		require.NoError(t, err)
		passes := 0
		for got.Load() < n {
			others.pass()
			passes++
		}
		require.LessOrEqual(t, passes, 20)
	}
	require.NoError(t, nb.Close())
	<-read
}

// What a flood needed is not kept by a link that only whispers since.
func TestLargeBuffersGo(t *testing.T) {
	h := newHalf(t, Visible, Config{})
	for range 2 {
		for range 10_000 {
			require.NoError(t, h.out.add(message(1, 2, blob(100))))
		}
		_, err := h.receive(h.wire())
		require.NoError(t, err)
	}
	most := func() (n int) {
		for _, b := range append(h.out.spares, h.out.buf) {
			n = max(n, cap(b))
		}
		return n
	}
	require.Greater(t, most(), 1<<20, "what is needed again is kept")
	for range 3 * maxWasted {
		h.pass(message(1, 2, int64(1)))
	}
	require.LessOrEqual(t, most(), maxQuietSize)
}
