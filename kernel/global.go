package kernel

import (
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// InSync is the message to the global_name_server of a visible peer that makes global:sync/0 return there: it counts the
// node called self as synchronised and does not wait for locks and names from it, which we do not keep. It is sent when
// the connection is up and again after every init_connect; sending it more often does no harm.
func InSync(self gen.Atom) etf.Tuple {
	return etf.Tuple{gen.Atom("$gen_cast"), etf.Tuple{gen.Atom("in_sync"), self, true}}
}

// InitConnect reads the message with which a peer's global begins a session:
// {'$gen_cast', {init_connect, {Vsn, Tag}, Node, {locker, _, Known, _}}}. known are the nodes that the peer's global
// knows; nobody else introduces us to them.
func InitConnect(message any) (known []gen.Atom, ok bool) {
	cast, isCast := message.(etf.Tuple)
	if !isCast || len(cast) != 2 || cast[0] != gen.Atom("$gen_cast") {
		return nil, false
	}
	init, isInit := cast[1].(etf.Tuple)
	if !isInit || len(init) != 4 || init[0] != gen.Atom("init_connect") {
		return nil, false
	}
	locker, isLocker := init[3].(etf.Tuple)
	if !isLocker || len(locker) != 4 {
		return nil, true
	}
	switch nodes := locker[2].(type) {
	case etf.List: // OTP 23
		for _, n := range nodes {
			known = appendAtom(known, n)
		}
	case etf.Map:
		for n := range nodes.All() {
			known = appendAtom(known, n)
		}
	}
	return known, true
}

func appendAtom(atoms []gen.Atom, term any) []gen.Atom {
	if a, ok := term.(gen.Atom); ok {
		return append(atoms, a)
	}
	return atoms
}
