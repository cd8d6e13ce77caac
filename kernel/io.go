package kernel

import (
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// IOReply answers {io_request, From, ReplyAs, Request}, which comes to the group leader of code that prints: output is
// swallowed, input is at its end, and what is neither is an error ("The Erlang I/O Protocol" of STDLIB). ok is false if
// message is no such request.
func IOReply(message any) (to gen.PID, reply any, ok bool) {
	t, isTuple := message.(etf.Tuple)
	if !isTuple || len(t) != 4 || t[0] != gen.Atom("io_request") {
		return gen.PID{}, nil, false
	}
	to, ok = t[1].(gen.PID)
	return to, etf.Tuple{gen.Atom("io_reply"), t[2], ioResult(t[3])}, ok
}

func ioResult(request any) any {
	t, _ := request.(etf.Tuple)
	if len(t) == 0 {
		return etf.Tuple{gen.Atom("error"), gen.Atom("request")}
	}
	switch t[0] {
	case gen.Atom("put_chars"), gen.Atom("requests"):
		return gen.Atom("ok")
	case gen.Atom("get_line"), gen.Atom("get_chars"), gen.Atom("get_until"):
		return gen.Atom("eof")
	}
	return etf.Tuple{gen.Atom("error"), gen.Atom("enotsup")}
}
