package dist

import (
	"ergo.services/ergo/gen"
)

// Hello is what a node says of itself in the handshake.
type Hello struct {
	Name     gen.Atom // alive@host; for a node that asks for a name (FlagNameMe) only the host
	Flags    Flags    // what it can do
	Creation uint32   // which incarnation of the name it is
	Old      bool     // it came in the packet of OTP 22 and before, which OTP 23 and 24 use if they do not know us
}

// Result is what a handshake agreed on.
type Result struct {
	Self  Hello // with the name and creation that the peer gave us, if we asked for them
	Peer  Hello
	Flags Flags // what both can do; FlagPublished if both are visible nodes
}

// agree returns the result of a handshake between two nodes.
func agree(self, peer Hello) Result {
	return Result{Self: self, Peer: peer, Flags: self.Flags.Expand() & peer.Flags.Expand()}
}
