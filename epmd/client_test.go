package epmd

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeEPMD answers each connection with the same bytes, once it has read a request, and closes it unless hang is set.
func fakeEPMD(t *testing.T, f *fakeNet, reply string, hang bool) *Client {
	lns, err := f.Listen(t.Context(), []string{"127.0.0.1"}, DefaultPort)
	require.NoError(t, err)
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			conn, err := lns[0].Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, maxRequest))
			io.WriteString(conn, reply)
			if hang {
				io.Copy(io.Discard, conn)
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { lns[0].Close(); <-done })
	return &Client{Dial: f.Dial, Timeout: 3 * time.Second}
}

func TestClientErrors(t *testing.T) {
	lookup := func(c *Client) error { _, err := c.Lookup(context.Background(), "127.0.0.1", "a"); return err }
	names := func(c *Client) error { _, err := c.Names(context.Background(), "127.0.0.1"); return err }
	dump := func(c *Client) error { _, err := c.Dump(context.Background(), "127.0.0.1"); return err }
	kill := func(c *Client) error { return c.Kill(context.Background(), "127.0.0.1") }
	stop := func(c *Client) error { return c.Stop(context.Background(), "127.0.0.1", "a") }
	register := func(c *Client) error {
		_, err := c.Register(context.Background(), "127.0.0.1", Node{Name: "a"})
		return err
	}
	for _, tt := range []struct {
		name   string
		reply  string
		hang   bool
		call   func(*Client) error
		reason Reason
		text   string
	}{
		{"lookup, none", "w\x01", false, lookup, ReasonNotFound, "epmd: cannot look up a at 127.0.0.1:4369: epmd knows no node of that name"},
		{"lookup, open after", "w\x01", true, lookup, ReasonNotFound, ""},
		{"lookup, closed", "", false, lookup, ReasonClosed, "closed the connection"},
		{"lookup, cut", "w\x00\x15", false, lookup, ReasonClosed, ""},
		{"lookup, silent", "", true, lookup, ReasonTimeout, "no answer in time"},
		{"lookup, slow", "w\x00\x15", true, lookup, ReasonTimeout, ""},
		{"lookup, not epmd", "HTTP/1.1 400\r\n", false, lookup, ReasonNonsense, "not epmd's"},
		{"names, closed", "", false, names, ReasonClosed, ""},
		{"names, not epmd", "HTTP/1.1 400\r\n", false, names, ReasonNonsense, ""},
		{"names, short", "\x00\x00", false, names, ReasonNonsense, ""},
		{"names, no end", "\x00\x00\x11\x11name a at port 1\n", true, names, ReasonTimeout, ""},
		{"names, too much", strings.Repeat("x", maxNames+1), false, names, ReasonNonsense, "more than"},
		{"dump, short", "\x00", false, dump, ReasonNonsense, ""},
		{"register, closed", "", false, register, ReasonClosed, "only to its own host"},
		{"register, cut", "v\x00\x00", false, register, ReasonClosed, ""},
		{"register, not epmd", "SSH-2.0", false, register, ReasonNonsense, ""},
		{"kill, no", "NO", false, kill, ReasonRefused, "nodes are registered"},
		{"kill, not epmd", "HTTP/1.1 400\r\n", false, kill, ReasonNonsense, ""},
		{"stop, unknown", "NOEXISTSTOPPED", false, stop, ReasonNotFound, ""},
		{"stop, strict", "", false, stop, ReasonClosed, ""},
		{"stop, not epmd", "x", false, stop, ReasonNonsense, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := tt.call(fakeEPMD(t, newFakeNet(), tt.reply, tt.hang))
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, tt.reason, e.Reason, "%v", err)
				require.ErrorContains(t, err, tt.text)
				require.Equal(t, tt.reason == ReasonTimeout, e.Timeout())
				require.Equal(t, tt.reason == ReasonNotFound, errors.Is(err, ErrNotFound))
			})
		})
	}
}

// epmd says only that it refused; a name that nobody holds a moment later was not the reason, or is free now.
func TestRegisterRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		_, err := fakeEPMD(t, f, "v\x01\x00\x00\x00\x63", false).Register(t.Context(), "127.0.0.1", Node{Name: "a"})
		require.ErrorIs(t, err, ErrTaken, "the port is not known, as the second answer is nonsense")
		require.ErrorContains(t, err, "on this host: choose")
		require.Equal(t, 2, f.dials)
	})
}

func TestClientInvalid(t *testing.T) {
	f := newFakeNet()
	c := &Client{Dial: f.Dial}
	for _, n := range []Node{{}, {Name: "a b"}, {Name: strings.Repeat("a", 300)}, {Name: "a", Extra: make([]byte, maxExtra+1)}} {
		_, err := c.Register(t.Context(), "127.0.0.1", n)
		require.True(t, failedBecause(err, ReasonInvalid), "%v", err)
	}
	for _, name := range []string{"", "a\x00b", strings.Repeat("a", 4000)} {
		_, err := c.Lookup(t.Context(), "127.0.0.1", name)
		require.True(t, failedBecause(err, ReasonInvalid), "%v", err)
	}
	require.Zero(t, f.dials)
}

func TestClientCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeEPMD(t, newFakeNet(), "", true)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		time.AfterFunc(time.Second, func() { cancel(why) })
		start := time.Now()
		_, err := c.Lookup(ctx, "127.0.0.1", "a")
		require.Equal(t, time.Second, time.Since(start))
		require.True(t, failedBecause(err, ReasonCanceled), "%v", err)
		require.ErrorIs(t, err, why)

		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err = c.Lookup(short, "127.0.0.1", "a")
		require.True(t, failedBecause(err, ReasonTimeout), "%v", err)
	})
}

func TestClientNetwork(t *testing.T) {
	lns, err := Listen(t.Context(), []string{"127.0.0.1"}, 0)
	require.NoError(t, err)
	c := &Client{Port: portOf(lns[0])}
	closeAll(lns)
	_, err = c.Lookup(t.Context(), "127.0.0.1", "a")
	require.True(t, failedBecause(err, ReasonNoServer), "%v", err)
	require.ErrorContains(t, err, "ERL_EPMD_PORT")

	for want, cause := range map[Reason]error{
		ReasonResolve:     &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere", IsNotFound: true}},
		ReasonTimeout:     &net.OpError{Op: "dial", Err: context.DeadlineExceeded},
		ReasonUnreachable: &net.OpError{Op: "dial", Err: errors.New("no route to host")},
	} {
		c.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, cause }
		_, err = c.Names(t.Context(), "nowhere")
		require.True(t, failedBecause(err, want), "%v", err)
		require.ErrorIs(t, err, cause)
	}
}

func TestClientIPv6(t *testing.T) {
	c := Client{Port: 1234}
	require.Equal(t, "[::1]:1234", c.addr("::1"))
	require.Equal(t, "[::1]:1234", c.addr("[::1]"))
	require.Equal(t, "h:4369", new(Client).addr("h"))

	synctest.Test(t, func(t *testing.T) {
		f := newFakeNet()
		f.from = "::1"
		s := serveFake(t, f, &Server{}, "[::1]")
		reg, err := s.Register(t.Context(), "::1", Node{Name: "a", Port: 6})
		require.NoError(t, err)
		defer reg.Close()
		n, err := s.Lookup(t.Context(), "[::1]", "a")
		require.NoError(t, err)
		require.EqualValues(t, 6, n.Port)
	})
}

func TestRegistrationWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg, err := fakeEPMD(t, newFakeNet(), "v\x00\x00\x00\x00\x07", true).Register(t.Context(), "127.0.0.1", Node{Name: "a"})
		require.NoError(t, err)
		require.EqualValues(t, 7, reg.Creation())
		time.AfterFunc(time.Hour, func() { reg.Close() })
		require.True(t, failedBecause(reg.Wait(), ReasonLost))
	})
}

func TestErrorText(t *testing.T) {
	for r := ReasonUnreachable; r <= ReasonLost; r++ {
		require.NotEmpty(t, advice[r], "%d", r)
	}
	require.Equal(t, "epmd: cannot x: failed (EOF)", (&Error{Op: "x", Reason: -1, Err: io.EOF}).Error())
}
