package integration

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/etf"
)

// speaker is a hidden node that is nothing but one connection: it says what the test has it say, with operations that no
// node here or no BEAM uses by itself, and keeps what it hears.
type speaker struct {
	t     *testing.T
	name  gen.Atom
	conn  *dist.Conn
	heard chan dist.Signal
	refs  atomic.Uint64
}

const (
	speakerCreation = 77
	speakerPID      = 1
)

// newSpeaker connects to the node called peer at addr. It ends with the test.
func newSpeaker(t *testing.T, name, peer, addr string, flags dist.Flags) *speaker {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	i := dist.Initiator{
		Self: dist.Hello{Name: atom(name), Flags: flags, Creation: speakerCreation}, Peer: atom(peer), Cookie: cookie,
	}
	r, err := i.Handshake(ctxFor(t, patience), nc)
	require.NoError(t, err)
	s := &speaker{t: t, name: atom(name), conn: dist.NewConn(nc, r, dist.Config{}), heard: make(chan dist.Signal, 10_000)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.conn.Serve(s.handle) })
	t.Cleanup(func() { s.conn.Abort(nil); serving.Wait() })
	return s
}

func (s *speaker) self() gen.PID {
	return gen.PID{Node: s.name, ID: speakerPID, Creation: speakerCreation}
}

// token is a sequential trace token with the label 17.
func (s *speaker) token() etf.Tuple { return etf.Tuple{0, 17, 1, s.self(), 0} }

func (s *speaker) ref() gen.Ref {
	return gen.Ref{Node: s.name, Creation: speakerCreation, ID: [3]uint64{s.refs.Add(1), 0, 3 << 32}}
}

// handle answers spawn requests, with the token, and unlinks, and keeps what else comes.
func (s *speaker) handle(sig *dist.Signal) error {
	switch sig.Kind {
	case dist.KindUnlinkID:
		return s.conn.Post(&dist.Signal{Kind: dist.KindUnlinkAck, From: sig.To, To: sig.From, ID: sig.ID})
	case dist.KindSpawnRequest:
		pid := gen.PID{Node: s.name, ID: speakerPID + 1 + s.refs.Add(1), Creation: speakerCreation}
		return s.conn.Post(&dist.Signal{Kind: dist.KindSpawnReply, To: sig.From, Ref: sig.Ref, Result: pid, Token: s.token()})
	}
	select {
	case s.heard <- *sig:
	default:
	}
	return nil
}

// say sends a signal.
func (s *speaker) say(sig dist.Signal) {
	s.t.Helper()
	if sig.From == (gen.PID{}) {
		sig.From = s.self()
	}
	require.NoError(s.t, s.conn.Send(ctxFor(s.t, patience), &sig))
}

// call is a gen_server call by name.
func (s *speaker) call(name gen.Atom, request any) any {
	s.t.Helper()
	ref := s.ref()
	s.say(dist.Signal{
		Kind: dist.KindSend, Target: dist.ToName, ToName: name,
		Message: etf.Tuple{gen.Atom("$gen_call"), etf.Tuple{s.self(), ref}, request},
	})
	sig := s.hear(func(sig *dist.Signal) bool {
		m, ok := sig.Message.(etf.Tuple)
		return ok && sig.Kind == dist.KindSend && len(m) == 2 && m[0] == ref
	})
	return sig.Message.(etf.Tuple)[1]
}

// hear waits for a signal.
func (s *speaker) hear(which func(*dist.Signal) bool) dist.Signal {
	s.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case sig := <-s.heard:
			if which(&sig) {
				return sig
			}
		case <-limit:
			require.FailNow(s.t, "nothing came", "%v", s.conn.Err())
		}
	}
}

// everything sends a process, whose name, pid and alias are given, a signal of each kind, with {Kind, Label}: with a token
// or without. The last is answered, so all have arrived.
func (s *speaker) everything(name gen.Atom, traced bool) {
	s.t.Helper()
	pid := s.call(name, gen.Atom("pid")).(gen.PID)
	alias := s.call(name, gen.Atom("alias"))
	var label any = gen.Atom("none")
	var token any
	if traced {
		label, token = 17, s.token()
	}
	body := func(kind gen.Atom) etf.Tuple { return etf.Tuple{kind, label} }
	s.say(dist.Signal{Kind: dist.KindSend, To: pid, Message: body("pid"), Token: token})
	s.say(dist.Signal{Kind: dist.KindSend, Target: dist.ToName, ToName: name, Message: body("name"), Token: token})
	if ref, ok := alias.(gen.Ref); ok && s.conn.Flags()&(dist.FlagAlias|dist.FlagAltactSig) != 0 {
		s.say(dist.Signal{Kind: dist.KindSend, Target: dist.ToAlias, ToAlias: ref, Message: body("alias"), Token: token})
	} else {
		s.say(dist.Signal{Kind: dist.KindSend, To: pid, Message: body("alias")})
	}
	other := s.self()
	other.ID = 99
	s.say(dist.Signal{Kind: dist.KindLink, From: other, To: pid})
	s.say(dist.Signal{Kind: dist.KindUnlinkID, From: other, To: pid, ID: 5})
	s.say(dist.Signal{Kind: dist.KindLink, To: pid})
	s.say(dist.Signal{Kind: dist.KindExit, To: pid, Message: body("linked"), Token: token})
	s.say(dist.Signal{Kind: dist.KindExit2, To: pid, Message: body("exit2"), Token: token})
	s.say(dist.Signal{Kind: dist.KindGroupLeader, GroupLeader: s.self(), To: pid})
	ref := s.ref()
	s.say(dist.Signal{Kind: dist.KindMonitor, To: pid, Ref: ref})
	s.say(dist.Signal{Kind: dist.KindDemonitor, To: pid, Ref: ref})
	s.spawn(token)
	require.IsType(s.t, gen.PID{}, s.call(name, gen.Atom("pid")))
}

// spawn has the peer run lists:max([1]) and waits for its end.
func (s *speaker) spawn(token any) {
	s.t.Helper()
	ref := s.ref()
	s.say(dist.Signal{
		Kind: dist.KindSpawnRequest, Ref: ref, GroupLeader: s.self(), Module: "lists", Function: "max", Arity: 1,
		Options: etf.List{gen.Atom("monitor")}, Message: etf.List{etf.List{1}}, Token: token,
	})
	sig := s.hear(func(sig *dist.Signal) bool { return sig.Kind == dist.KindSpawnReply && sig.Ref == ref })
	require.IsType(s.t, gen.PID{}, sig.Result)
	s.hear(func(sig *dist.Signal) bool { return sig.Kind == dist.KindDown && sig.Ref == ref })
}
