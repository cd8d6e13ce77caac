package dist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
)

func TestConnBothWays(t *testing.T) {
	for _, f := range flagSets() {
		a, b := link(t, f, Config{FragmentSize: 1000})
		for i := range uint64(3) {
			require.NoError(t, a.Send(ctx, message(1, i, blob(int(i)*2000))))
			require.NoError(t, b.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(i), Message: int64(i)}))
		}
		for i := range uint64(3) {
			s := <-b.got
			require.Equal(t, pidB(i), s.To)
			require.Equal(t, blob(int(i)*2000), s.Message)
			require.Equal(t, int64(i), (<-a.got).Message)
		}
		a.Close(nil)
		err := <-b.ended
		require.Equal(t, ReasonConnectionClosed, Reason(err))
		require.ErrorIs(t, err, io.EOF)
		err = <-a.ended
		require.ErrorIs(t, err, ErrDisconnect)
		require.Equal(t, ReasonDisconnect, Reason(err))
	}
}

func TestConnManySenders(t *testing.T) {
	a, b := link(t, Visible, Config{FragmentSize: 500, SendLimit: 10_000})
	const senders, each = 8, 500
	var wg sync.WaitGroup
	for n := range uint64(senders) {
		wg.Go(func() {
			for i := range each {
				size := 0
				if i%50 == 0 {
					size = 5000
				}
				m := etf.Tuple{int64(i), gen.Atom(fmt.Sprintf("a%d", i)), blob(size)}
				if err := a.Send(ctx, message(n+1, 1, m)); err != nil {
					panic(err)
				}
			}
		})
	}
	next := make(map[uint64]int64)
	for range senders * each {
		s := <-b.got
		require.Equal(t, next[s.From.ID], s.Message.(etf.Tuple)[0])
		next[s.From.ID]++
	}
	wg.Wait()
	st := a.Stats()
	require.Equal(t, uint64(senders*each), st.SignalsOut)
	require.Equal(t, uint64(senders*each), b.Stats().SignalsIn)
	require.Equal(t, "b@h", string(a.Peer().Name))
	require.Equal(t, "a@h", string(a.Self().Name))
	require.Equal(t, Visible, a.Flags())
	require.Equal(t, a.RemoteAddr(), b.LocalAddr())
}

// bubble runs f in a synctest bubble with a link over a pipe; ends tells what Serve of a returned.
func bubble(t *testing.T, cfg Config, f func(a *served, peer net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		na, nb := net.Pipe()
		r, _ := helloPair(Visible)
		a := serve(na, r, cfg)
		f(a, nb)
		a.Abort(nil)
		_ = nb.Close()
		synctest.Wait()
	})
}

// discard reads until the end, and returns how many bytes that were.
func discard(nc net.Conn) <-chan int64 {
	n := make(chan int64, 1)
	go func() { // ends when nc is closed
		k, _ := io.Copy(io.Discard, nc)
		n <- k
	}()
	return n
}

func TestTickTimeout(t *testing.T) {
	for _, ticking := range []time.Duration{0, 100 * time.Millisecond} { // last sign of life
		bubble(t, Config{TickTime: 8 * time.Second}, func(a *served, peer net.Conn) {
			n := discard(peer)
			start := time.Now()
			if ticking > 0 {
				time.Sleep(ticking)
				_, err := peer.Write([]byte{0, 0, 0, 0})
				require.NoError(t, err)
			}
			err := <-a.ended
			took := time.Since(start)
			require.ErrorIs(t, err, ErrTickTimeout)
			require.Equal(t, ReasonTickTimeout, Reason(err))
			require.GreaterOrEqual(t, took, 7*time.Second)
			require.LessOrEqual(t, took, 8*time.Second+ticking)
			require.GreaterOrEqual(t, <-n/4, int64(3))
			require.Equal(t, err, a.Err())
		})
	}
}

func TestTicksKeepLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		na, nb := net.Pipe()
		ra, rb := helloPair(Hidden)
		a, b := serve(na, ra, Config{TickTime: 4 * time.Second}), serve(nb, rb, Config{TickTime: 4 * time.Second})
		time.Sleep(100*time.Second + time.Millisecond)
		require.NoError(t, a.Err())
		require.NoError(t, b.Err())
		require.EqualValues(t, 100, a.Stats().TicksOut)
		require.EqualValues(t, 100, b.Stats().TicksIn)
		require.Zero(t, b.Stats().SignalsIn)
		a.Close(nil)
		<-a.ended
		<-b.ended
	})
}

// No tick is sent in a quarter in which something else was, unless the peer is hidden and silent.
func TestTickOnlyWhenIdle(t *testing.T) {
	for _, tc := range []struct {
		flags Flags
		ticks uint64
	}{{Visible, 0}, {Hidden, 3}} {
		synctest.Test(t, func(t *testing.T) {
			na, nb := net.Pipe()
			r, _ := helloPair(tc.flags)
			a := serve(na, r, Config{TickTime: 40 * time.Second})
			discard(nb)
			for range 30 {
				time.Sleep(time.Second)
				require.NoError(t, a.Send(ctx, message(1, 2, gen.Atom("x"))))
			}
			synctest.Wait()
			require.Equal(t, tc.ticks, a.Stats().TicksOut)
			a.Abort(nil)
			_ = nb.Close()
			<-a.ended
		})
	}
}

// A handler that takes long is not the peer's silence, and a frame that trickles in is a sign of life.
func TestTickTimeoutIsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		na, nb := net.Pipe()
		r, _ := helloPair(Visible)
		a := NewConn(na, r, Config{TickTime: 4 * time.Second})
		discard(nb)
		ended := make(chan error, 1)
		go func() { // ends with the link
			ended <- a.Serve(func(*Signal) error { time.Sleep(time.Minute); return nil })
		}()
		h := newHalf(t, Visible, Config{})
		require.NoError(t, h.out.add(&Signal{Kind: KindSend, From: pidA(1), To: pidB(1), Message: blob(30)}))
		for _, c := range h.wire() {
			_, err := nb.Write([]byte{c})
			require.NoError(t, err)
			time.Sleep(3 * time.Second)
		}
		time.Sleep(55 * time.Second)
		require.NoError(t, a.Err())
		require.EqualValues(t, 1, a.Stats().SignalsIn)
		require.ErrorIs(t, <-ended, ErrTickTimeout)
		_ = nb.Close()
	})
}

func TestNoTicks(t *testing.T) {
	bubble(t, Config{TickTime: -1}, func(a *served, peer net.Conn) {
		n := discard(peer)
		time.Sleep(24 * time.Hour)
		require.NoError(t, a.Err())
		a.Abort(nil)
		require.Zero(t, <-n)
		<-a.ended
	})
}

func TestBackPressure(t *testing.T) {
	bubble(t, Config{SendLimit: 1000, TickTime: -1}, func(a *served, peer net.Conn) {
		for a.Stats().Pending < 1000 {
			require.NoError(t, a.Send(ctx, message(1, 2, blob(100))))
		}
		tctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		before := a.Stats()
		require.ErrorIs(t, a.Send(tctx, message(1, 2, blob(100))), context.DeadlineExceeded)
		require.Equal(t, before, a.Stats())
		require.NoError(t, a.Post(message(1, 2, gen.Atom("posted")))) // does not wait

		sent := make(chan error, 1)
		go func() { sent <- a.Send(ctx, message(1, 2, gen.Atom("waited"))) }() // ends below
		synctest.Wait()
		require.Empty(t, sent)
		discard(peer)
		require.NoError(t, <-sent)
		synctest.Wait()
		require.Zero(t, a.Stats().Pending)
	})
}

func TestSendersAreReleasedByTheEnd(t *testing.T) {
	bubble(t, Config{SendLimit: 10, TickTime: -1}, func(a *served, peer net.Conn) {
		require.NoError(t, a.Send(ctx, message(1, 2, blob(100))))
		sent := make(chan error, 3)
		for range 3 {
			go func() { sent <- a.Send(ctx, message(1, 2, blob(100))) }() // ends with the link
		}
		synctest.Wait()
		cause := errors.New("shutting down")
		a.Abort(cause)
		for range 3 {
			err := <-sent
			require.ErrorIs(t, err, ErrClosed)
			require.ErrorIs(t, err, cause)
		}
		require.ErrorIs(t, <-a.ended, cause)
		require.ErrorIs(t, a.Post(message(1, 2, blob(1))), ErrClosed)
	})
}

func TestPostLimit(t *testing.T) {
	bubble(t, Config{PostLimit: 1000, TickTime: -1}, func(a *served, _ net.Conn) {
		var err error
		for i := 0; err == nil && i < 100; i++ {
			err = a.Post(message(1, 2, blob(100)))
		}
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorIs(t, err, ErrOverload)
		require.ErrorIs(t, <-a.ended, ErrOverload)
	})
}

func TestCloseWritesWhatIsPending(t *testing.T) {
	na, nb := tcpPair(t)
	ra, rb := helloPair(Visible)
	a := serve(na, ra, Config{SendLimit: 64 << 20})
	first := newOutbox(rb, Config{}.withDefaults())
	require.NoError(t, first.add(&Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: blob(1)}))
	_, err := nb.Write(first.buf)
	require.NoError(t, err)
	<-a.got // its Serve is running
	for range 100 {
		require.NoError(t, a.Send(ctx, message(1, 2, blob(100_000))))
	}
	go a.Close(nil) // idempotent, from any goroutine
	a.Close(errors.New("second"))
	b := serve(nb, rb, Config{})
	require.ErrorIs(t, <-b.ended, io.EOF)
	require.Len(t, b.got, 100)
	<-a.Done()
	<-a.ended
}

func TestCloseTime(t *testing.T) {
	bubble(t, Config{TickTime: -1, CloseTime: 3 * time.Second}, func(a *served, _ net.Conn) {
		require.NoError(t, a.Send(ctx, message(1, 2, blob(100)))) // which nobody reads
		synctest.Wait()
		start := time.Now()
		a.Close(&LinkError{Reason: "shutdown", Err: errors.New("node stops")})
		require.ErrorIs(t, a.Send(ctx, message(1, 2, blob(100))), ErrClosed)
		require.Equal(t, gen.Atom("shutdown"), Reason(<-a.ended))
		require.Equal(t, 3*time.Second, time.Since(start))
		<-a.Done()
	})
}

func TestCloseBeforeServe(t *testing.T) {
	na, nb := net.Pipe()
	defer nb.Close()
	r, _ := helloPair(Visible)
	c := NewConn(na, r, Config{})
	c.Close(nil)
	<-c.Done()
	require.ErrorIs(t, c.Serve(nil), ErrDisconnect)
	require.Error(t, c.Serve(nil))
	require.NotErrorIs(t, c.Serve(nil), ErrDisconnect)
}

// Nothing is handed over after Close, and what arrives does not keep the peer from closing.
func TestCloseDiscards(t *testing.T) {
	na, nb := tcpPair(t)
	r, rb := helloPair(Visible)
	c := NewConn(na, r, Config{})
	b := serve(nb, rb, Config{})
	for range 10 {
		require.NoError(t, b.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: blob(10)}))
	}
	n := 0
	err := c.Serve(func(*Signal) error { n++; c.Close(nil); return nil })
	require.ErrorIs(t, err, ErrDisconnect)
	require.Equal(t, 1, n)
	<-b.ended
}

func TestHandlerError(t *testing.T) {
	na, nb := tcpPair(t)
	r, rb := helloPair(Visible)
	c := NewConn(na, r, Config{})
	b := serve(nb, rb, Config{})
	require.NoError(t, b.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: blob(10)}))
	bad := errors.New("bad signal")
	err := c.Serve(func(*Signal) error { return bad })
	require.ErrorIs(t, err, bad)
	require.Equal(t, ReasonDisconnect, Reason(err))
	require.Equal(t, "link to b@h: bad signal", err.Error())
	<-b.ended
}

func TestHandlerPanic(t *testing.T) {
	na, nb := tcpPair(t)
	r, rb := helloPair(Visible)
	c := NewConn(na, r, Config{})
	b := serve(nb, rb, Config{})
	require.NoError(t, b.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: blob(10)}))
	require.Panics(t, func() { _ = c.Serve(func(*Signal) error { panic("x") }) })
	<-b.ended
	<-c.Done()
}

// What the peer sent before it went is handed over, although writing to it fails already.
func TestHangup(t *testing.T) {
	bubble(t, Config{TickTime: -1}, func(a *served, peer net.Conn) {
		c := NewConn(&readOnly{Conn: peer}, helloOf(Visible), Config{TickTime: -1})
		ended := make(chan error, 1)
		got := make(chan any, 1)
		go func() { // ends with the link
			ended <- c.Serve(func(s *Signal) error { got <- s.Message; return nil })
		}()
		require.NoError(t, c.Send(ctx, &Signal{Kind: KindSend, From: pidB(1), To: pidA(1), Message: blob(1)}))
		synctest.Wait()
		require.ErrorIs(t, c.Err(), errReadOnly)
		require.NoError(t, a.Send(ctx, message(1, 2, gen.Atom("last words"))))
		require.Equal(t, gen.Atom("last words"), <-got)
		a.Abort(nil)
		require.ErrorIs(t, <-ended, errReadOnly)
		<-a.ended
	})
}

func helloOf(f Flags) Result { _, b := helloPair(f); return b }

var errReadOnly = errors.New("broken pipe")

// readOnly is a socket to which nothing can be written.
type readOnly struct{ net.Conn }

func (*readOnly) Write([]byte) (int, error) { return 0, errReadOnly }

func TestGarbage(t *testing.T) {
	for name, b := range map[string]string{
		"http":               "GET / HTTP/1.1\r\n\r\n",
		"too large":          "\xff\xff\xff\xff",
		"incompatible frame": "\x00\x00\x00\x04p\x83a\x01",
		"op 5":               "\x00\x00\x00\x07\x83D\x00h\x01a\x05",
		"one byte":           "\x00\x00\x00\x01\x83",
	} {
		bubble(t, Config{MaxFrame: 1 << 20}, func(a *served, peer net.Conn) {
			go func() { _, _ = io.WriteString(peer, b) }() // ends with the link
			err := <-a.ended
			require.ErrorIs(t, err, ErrMalformedFrame, name)
			require.Equal(t, ReasonConnectionClosed, Reason(err))
		})
	}
	bubble(t, Config{}, func(a *served, peer net.Conn) {
		_, err := peer.Write([]byte{0, 0, 0, 9, 1})
		require.NoError(t, err)
		_ = peer.Close()
		require.ErrorContains(t, <-a.ended, "in the middle of a frame")
	})
}

// A length costs nothing until its bytes come.
func TestFrameMemory(t *testing.T) {
	f := newFrameBuffer(64, 128<<20)
	f.got(copy(f.space(), []byte{7, 255, 255, 255}))
	total := 4
	for range 1000 {
		_, ok, err := f.next()
		require.NoError(t, err)
		require.False(t, ok)
		n := min(100, len(f.space()))
		f.got(n)
		total += n
		require.LessOrEqual(t, len(f.buf), max(64, 2*total))
	}
}

func TestFrameBufferCuts(t *testing.T) {
	var wire []byte
	for i := range 300 {
		wire = append(wire, 0, 0, byte(i>>8), byte(i))
		wire = append(wire, blob(i)...)
	}
	for _, step := range []int{1, 3, 7, 64, 1000} {
		f := newFrameBuffer(64, 1<<20)
		next := 0
		for b := wire; len(b) > 0; {
			n := copy(f.space(), b[:min(step, len(b))])
			f.got(n)
			b = b[n:]
			for {
				frame, ok, err := f.next()
				require.NoError(t, err)
				if !ok {
					break
				}
				require.Equal(t, blob(next), append([]byte{}, frame...))
				next++
			}
		}
		require.Equal(t, 300, next)
		require.False(t, f.partial())
	}
}
