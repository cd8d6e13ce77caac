package dist

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

// shaken is how a handshake ended, and when.
type shaken struct {
	res  Result
	err  error
	took time.Duration
}

// shaking runs a handshake in a goroutine that ends with it; the test reads what comes.
func shaking(ctx context.Context, conn net.Conn, handshake func(context.Context, net.Conn) (Result, error)) chan shaken {
	begin := time.Now()
	end := make(chan shaken, 1)
	go func() {
		res, err := handshake(ctx, conn)
		end <- shaken{res, err, time.Since(begin)}
	}()
	return end
}

// The two roles understand each other.
func TestBothRoles(t *testing.T) {
	dynamic := Hello{Name: "h", Flags: Visible | FlagNameMe}
	for name, test := range map[string]struct {
		self      Hello
		admission Admission
		flags     Flags
	}{
		"visible":      {helloA(), AdmitOK, Visible},
		"simultaneous": {helloA(), AdmitSimultaneous, Visible},
		"alive":        {helloA(), AdmitAlive, Visible},
		"hidden":       {Hello{Name: "a@h", Flags: Hidden, Creation: 9}, AdmitOK, Hidden},
		"named":        {dynamic, AdmitOK, Hidden | FlagNameMe},
		"OTP 23":       {Hello{Name: "a@h", Flags: 0x101DF7FBD, Creation: 9}, AdmitOK, 0x101DF7FBD},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				na, nb := net.Pipe()
				defer na.Close()
				defer nb.Close()
				i, a := dialer(), dialled()
				i.Self, i.Challenge, a.Challenge = test.self, nil, nil
				i.Alive = func() bool { return true }
				a.Admit = func(context.Context, Hello) Admission { return test.admission }
				ends := shaking(ctx, na, i.Handshake)
				b := <-shaking(ctx, nb, a.Handshake)
				end := <-ends
				require.NoError(t, end.err)
				require.NoError(t, b.err)
				require.Equal(t, test.flags, end.res.Flags)
				require.Equal(t, test.flags, b.res.Flags)
				require.Equal(t, end.res.Self.Name, b.res.Peer.Name)
				require.Equal(t, end.res.Self.Creation, b.res.Peer.Creation)
				require.Equal(t, end.res.Peer.Name, b.res.Self.Name)

				// No deadline is left behind.
				time.Sleep(time.Hour)
				go func() { nb.Write([]byte("x")) }() // ends with the read
				_, err := io.ReadFull(na, make([]byte, 1))
				require.NoError(t, err)
			})
		})
	}
}

// serveSteps plays a peer that reads and sends by turns, n packets in all, and then falls silent.
func serveSteps(conn net.Conn, n int, sends ...[]byte) {
	s := newShaker(ctx, conn, "", 24*time.Hour, false)
	for i := range n {
		if p := sends[i]; p != nil {
			_ = s.write(p)
		} else {
			_, _ = s.read()
		}
	}
}

// Every step has its 7 s, whichever of them the peer does not take.
func TestStepTimeout(t *testing.T) {
	dialSteps := [][]byte{nil, status("alive"), nil, goodChallenge(), nil}
	acceptSteps := [][]byte{goodSendName(), nil, status("true"), nil}
	i, a := dialer(), dialled()
	i.Alive = func() bool { return true }
	a.Admit = func(context.Context, Hello) Admission { return AdmitAlive }
	for name, test := range map[string]struct {
		handshake func(context.Context, net.Conn) (Result, error)
		steps     [][]byte
	}{
		"initiator": {i.Handshake, dialSteps},
		"acceptor":  {a.Handshake, acceptSteps},
	} {
		for n := range len(test.steps) + 1 {
			synctest.Test(t, func(t *testing.T) {
				na, nb := net.Pipe()
				defer nb.Close()
				defer na.Close()
				go serveSteps(nb, n, test.steps...) // ends when the pipe is closed
				end := <-shaking(ctx, na, test.handshake)
				requireFailure(t, end.err, ErrTimeout, "7s")
				require.Equal(t, DefaultStepTimeout, end.took, "%s, silent after %d", name, n)
			})
		}
	}
}

// The time is that of a step, not of the whole.
func TestSlowPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		na, nb := net.Pipe()
		defer na.Close()
		defer nb.Close()
		i, a := dialer(), dialled()
		i.StepTimeout = time.Second
		a.StepTimeout = time.Minute
		a.Challenge = func() (uint32, error) { time.Sleep(900 * time.Millisecond); return challengeB, nil }
		a.Admit = func(context.Context, Hello) Admission { time.Sleep(900 * time.Millisecond); return AdmitOK }
		ends := shaking(ctx, nb, a.Handshake)
		end := <-shaking(ctx, na, i.Handshake)
		require.NoError(t, end.err)
		require.Equal(t, 1800*time.Millisecond, end.took)
		require.NoError(t, (<-ends).err)
	})
	synctest.Test(t, func(t *testing.T) { // a peer that sends a byte now and then gets no more time for a packet
		na, nb := net.Pipe()
		defer na.Close()
		over := make(chan struct{})
		go func() { // ends when the pipe is closed
			defer close(over)
			for _, b := range packets(goodSendName()) {
				time.Sleep(time.Second)
				if _, err := nb.Write([]byte{b}); err != nil {
					return
				}
			}
		}()
		end := <-shaking(ctx, na, dialled().Handshake)
		requireFailure(t, end.err, ErrTimeout)
		require.Equal(t, DefaultStepTimeout, end.took)
		na.Close()
		<-over
	})
}

// A context that is done ends a handshake at once, in every state.
func TestHandshakeContext(t *testing.T) {
	gone := errors.New("the peer's own connection came in")
	for name, test := range map[string]struct {
		ctx  func() (context.Context, func())
		is   error
		text string
		took time.Duration
	}{
		"canceled": {func() (context.Context, func()) {
			c, cancel := context.WithCancel(ctx)
			return c, func() { time.Sleep(3 * time.Second); cancel() }
		}, context.Canceled, "context canceled", 3 * time.Second},
		"canceled before": {func() (context.Context, func()) {
			c, cancel := context.WithCancel(ctx)
			cancel()
			return c, func() {}
		}, context.Canceled, "context canceled", 0},
		"deadline": {func() (context.Context, func()) {
			c, cancel := context.WithTimeout(ctx, 2*time.Second)
			return c, func() { time.Sleep(3 * time.Second); cancel() }
		}, context.DeadlineExceeded, "deadline", 2 * time.Second},
		"cause": {func() (context.Context, func()) {
			c, cancel := context.WithCancelCause(ctx)
			return c, func() { time.Sleep(time.Second); cancel(gone) }
		}, gone, "context canceled: " + gone.Error(), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			for _, role := range []func(context.Context, net.Conn) (Result, error){dialer().Handshake, dialled().Handshake} {
				synctest.Test(t, func(t *testing.T) {
					na, nb := net.Pipe()
					defer na.Close()
					defer nb.Close()
					c, cancel := test.ctx()
					ends := shaking(c, na, role)
					cancel()
					end := <-ends
					requireFailure(t, end.err, nil, test.text)
					require.ErrorIs(t, end.err, test.is)
					require.NotErrorIs(t, end.err, ErrTimeout)
					require.Equal(t, test.took, end.took)
				})
			}
		})
	}
}

// A context that is done while the user decides.
func TestHandshakeContextInCallbacks(t *testing.T) {
	c, cancel := context.WithCancel(ctx)
	a := dialled()
	a.Admit = func(got context.Context, _ Hello) Admission { require.Equal(t, c, got); cancel(); return AdmitOK }
	_, err := a.Handshake(c, newTape(packets(goodSendName(), goodReply())))
	requireFailure(t, err, nil)
	require.ErrorIs(t, err, context.Canceled)

	c, cancel = context.WithCancel(ctx)
	a = dialled()
	a.Admit = func(context.Context, Hello) Admission { return AdmitAlive }
	a.Takeover = func(context.Context, Hello) error { cancel(); return nil }
	conn := newTape(packets(goodSendName(), status("true"), goodReply()))
	_, err = a.Handshake(c, conn)
	requireFailure(t, err, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, packets(status("alive"), goodChallenge()), conn.out.Bytes(), "no ack")
}

// canceler is done with its context as soon as the last byte was read: a result may then not be trusted any more, since
// the deadline of the past can be set at any moment.
type canceler struct {
	*tape
	cancel func()
}

func (c canceler) Read(b []byte) (int, error) {
	n, err := c.tape.Read(b)
	if c.in.Len() == 0 {
		c.cancel()
	}
	return n, err
}

func TestHandshakeContextAtTheEnd(t *testing.T) {
	c, cancel := context.WithCancel(ctx)
	conn := canceler{newTape(packets(status("ok"), goodChallenge(), goodAck())), cancel}
	res, err := dialer().Handshake(c, conn)
	requireFailure(t, err, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, res)
}

// A connection that we close ourselves is not the peer's fault, and says nothing of cookies.
func TestHandshakeClosedByUs(t *testing.T) {
	na, nb := tcpPair(t)
	ends := shaking(ctx, na, dialer().Handshake)
	serveSteps(nb, 4, nil, status("ok"), goodChallenge(), nil)
	na.Close()
	end := <-ends
	requireFailure(t, end.err, ErrClosed)
	require.NotErrorIs(t, end.err, ErrCookie)
	require.NotErrorIs(t, end.err, ErrHangup)
}

// A peer that closes with bytes of ours unread resets the connection.
func TestHandshakeReset(t *testing.T) {
	na, nb := tcpPair(t)
	require.NoError(t, nb.(*net.TCPConn).SetLinger(0))
	ends := shaking(ctx, na, dialer().Handshake)
	serveSteps(nb, 3, nil, status("ok"), goodChallenge())
	nb.Close()
	require.Error(t, (<-ends).err)
}

// A wrong cookie, seen from both sides: neither waits for a timer.
func TestCookiesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		na, nb := net.Pipe()
		defer na.Close()
		i, a := dialer(), dialled()
		a.Cookie = func(peer gen.Atom) string { return "of " + string(peer) }
		ends := shaking(ctx, na, i.Handshake)
		b := <-shaking(ctx, nb, a.Handshake)
		nb.Close()
		end := <-ends
		requireFailure(t, b.err, ErrCookie, "a@h does not use the cookie")
		requireFailure(t, end.err, ErrCookie, "the cookie is not the one b@h uses")
		require.Zero(t, end.took)
	})
}

func TestHandshakeTLS(t *testing.T) {
	na, nb := net.Pipe()
	defer na.Close()
	defer nb.Close()
	i, a := dialer(), dialled()
	i.TLS, a.TLS = true, true
	server := tls.Server(nb, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
	client := tls.Client(na, &tls.Config{InsecureSkipVerify: true})
	ends := shaking(ctx, client, i.Handshake)
	require.NoError(t, (<-shaking(ctx, server, a.Handshake)).err)
	require.NoError(t, (<-ends).err)
}

// One side speaks TLS, the other does not; both say so as far as they can see it.
func TestTLSMismatch(t *testing.T) {
	t.Run("dialled without", func(t *testing.T) {
		na, nb := tcpPair(t)
		i := dialer()
		i.TLS = true
		ends := shaking(ctx, tls.Client(na, &tls.Config{InsecureSkipVerify: true}), i.Handshake)
		b := <-shaking(ctx, nb, dialled().Handshake)
		nb.Close()
		requireFailure(t, b.err, ErrTLS, "it speaks TLS")
		require.Error(t, (<-ends).err)
	})
	t.Run("dialler without", func(t *testing.T) {
		na, nb := tcpPair(t)
		a := dialled()
		a.TLS = true
		ends := shaking(ctx, na, dialer().Handshake)
		b := <-shaking(ctx, tls.Server(nb, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}), a.Handshake)
		nb.Close()
		requireFailure(t, b.err, ErrTLS, "the peer does not")
		requireFailure(t, (<-ends).err, ErrHangup, "speaks TLS")
	})
}

// stubborn is a connection of which something does not work.
type stubborn struct {
	*tape
	writes   int   // that work
	err      error // of the others
	deadline error
}

func (c *stubborn) RemoteAddr() net.Addr { return nil }

func (c *stubborn) SetDeadline(time.Time) error { return c.deadline }

func (c *stubborn) Write(b []byte) (int, error) {
	if c.writes--; c.writes < 0 {
		return 0, c.err
	}
	return c.tape.Write(b)
}

// Every write may fail, and a connection without deadlines is not used.
func TestHandshakeWrites(t *testing.T) {
	lost := errors.New("no route to host")
	i, a := dialer(), dialled()
	i.Alive = func() bool { return true }
	a.Admit = func(context.Context, Hello) Admission { return AdmitAlive }
	toDialer := packets(status("alive"), goodChallenge(), goodAck())
	toDialled := packets(goodSendName(), status("true"), goodReply())
	for n := range 3 {
		_, err := i.Handshake(ctx, &stubborn{tape: newTape(toDialer), writes: n, err: lost})
		requireFailure(t, err, nil, "no route")
		_, err = a.Handshake(ctx, &stubborn{tape: newTape(toDialled), writes: n, err: lost})
		requireFailure(t, err, nil, "no route")
		_, err = i.Handshake(ctx, &stubborn{tape: newTape(toDialer), writes: n, err: syscall.EPIPE})
		requireFailure(t, err, ErrHangup)
	}
	i.Alive = nil
	_, err := i.Handshake(ctx, &stubborn{tape: newTape(toDialer), writes: 1, err: lost})
	requireFailure(t, err, nil, "no route")

	// A refusal is the error, also if the peer is gone when it is told.
	a.Admit = func(context.Context, Hello) Admission { return AdmitNotAllowed }
	_, err = a.Handshake(ctx, &stubborn{tape: newTape(toDialled), err: syscall.EPIPE})
	requireFailure(t, err, ErrNotAllowed)

	_, err = a.Handshake(ctx, &stubborn{tape: newTape(toDialled), deadline: os.ErrNoDeadline})
	requireFailure(t, err, nil, "a peer")
	require.ErrorIs(t, err, os.ErrNoDeadline)
}
