package dist

import (
	"bytes"
	"context"
	"net"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

const (
	ourCreation   = 1001
	theirCreation = 2002
)

// helloPair is what both ends of a test link say: a@h and b@h.
func helloPair(f Flags) (a, b Result) {
	ha := Hello{Name: "a@h", Flags: f, Creation: ourCreation}
	hb := Hello{Name: "b@h", Flags: f, Creation: theirCreation}
	return Result{Self: ha, Peer: hb, Flags: f}, Result{Self: hb, Peer: ha, Flags: f}
}

func pidA(n uint64) gen.PID { return gen.PID{Node: "a@h", ID: n, Creation: ourCreation} }
func pidB(n uint64) gen.PID { return gen.PID{Node: "b@h", ID: n, Creation: theirCreation} }

func refOf(node gen.Atom, creation int64, w ...uint64) gen.Ref {
	return gen.Ref{Node: node, Creation: creation, ID: [3]uint64{w[0], w[1], w[2] | 3<<32}}
}

func refA(n uint64) gen.Ref { return refOf("a@h", ourCreation, n, 2, 0) }
func refB(n uint64) gen.Ref { return refOf("b@h", theirCreation, n, 2, 0) }

// message is a plain send from a to b.
func message(from, to uint64, m any) *Signal {
	return &Signal{Kind: KindSend, From: pidA(from), To: pidB(to), Message: m}
}

// half is one direction of a link without sockets: what a sends, as b understands it.
type half struct {
	t      testing.TB
	out    *outbox
	in     *inbox
	frames *frameBuffer
	batch  batch
}

func newHalf(t testing.TB, f Flags, cfg Config) *half {
	a, b := helloPair(f)
	cfg = cfg.withDefaults()
	return &half{t: t, out: newOutbox(a, cfg), in: newInbox(b, cfg), frames: newFrameBuffer(cfg.ReadBuffer, cfg.MaxFrame)}
}

// wire returns all that is pending, as it would be written.
func (h *half) wire() []byte {
	var all []byte
	for h.out.pending() > 0 {
		all = h.some(all)
	}
	return all
}

// some appends what one write would bring.
func (h *half) some(dst []byte) []byte {
	h.out.take(&h.batch)
	if len(h.batch.pieces) == 0 {
		dst = append(dst, h.batch.frames...)
	} else {
		dst = append(dst, bytes.Join(h.batch.gather(), nil)...)
	}
	h.out.wrote(&h.batch, 0)
	return dst
}

// receive returns the signals in b.
func (h *half) receive(b []byte) ([]Signal, error) {
	var got []Signal
	for len(b) > 0 {
		n := copy(h.frames.space(), b)
		h.frames.got(n)
		b = b[n:]
		for {
			frame, ok, err := h.frames.next()
			if err != nil {
				return got, err
			}
			if !ok {
				break
			}
			if len(frame) == 0 {
				continue
			}
			var s Signal
			whole, err := h.in.frame(frame, &s)
			if err != nil {
				return got, err
			}
			if whole {
				got = append(got, s)
			}
		}
	}
	return got, nil
}

// pass sends s and returns what arrives.
func (h *half) pass(s *Signal) Signal {
	h.t.Helper()
	require.NoError(h.t, h.out.add(s))
	got, err := h.receive(h.wire())
	require.NoError(h.t, err)
	require.Len(h.t, got, 1)
	return got[0]
}

// flagSets has every combination of the flags that change what is on the wire.
func flagSets() []Flags {
	switches := []Flags{
		FlagDistHdrAtomCache, FlagFragments, FlagExitPayload, FlagSendSender, FlagUnlinkID, FlagAlias, FlagAltactSig, FlagV4NC,
	}
	base := Visible
	for _, f := range switches {
		base &^= f
	}
	var sets []Flags
	for n := range 1 << len(switches) {
		f := base
		for i, s := range switches {
			if n>>i&1 != 0 {
				f |= s
			}
		}
		sets = append(sets, f)
	}
	return sets
}

// tcpPair returns the two ends of a connection over the loopback, which are closed when the test ends.
func tcpPair(t testing.TB) (a, b net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { a.Close() })
	b, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { b.Close() })
	return a, b
}

// served is a Conn with its Serve running, and what that brought.
type served struct {
	*Conn
	got   chan Signal
	ended chan error
}

func serve(nc net.Conn, r Result, cfg Config) *served {
	s := &served{NewConn(nc, r, cfg), make(chan Signal, 256), make(chan error, 1)}
	go func() { // owned by the test, which reads ended
		s.ended <- s.Serve(func(sig *Signal) error { s.got <- *sig; return nil })
	}()
	return s
}

// link returns both ends of a link that is up. They are gone when the test is over.
func link(t testing.TB, f Flags, cfg Config) (a, b *served) {
	na, nb := tcpPair(t)
	ra, rb := helloPair(f)
	a, b = serve(na, ra, cfg), serve(nb, rb, cfg)
	t.Cleanup(func() {
		for _, s := range []*served{a, b} {
			s.Abort(nil)
			<-s.Done()
		}
	})
	return a, b
}
