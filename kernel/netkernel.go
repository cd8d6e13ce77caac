package kernel

import (
	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Registered names of the processes that every node has.
const (
	NetKernelName        gen.Atom = "net_kernel"
	RexName              gen.Atom = "rex"
	GlobalNameServerName gen.Atom = "global_name_server"
)

// NetKernel is the process registered as net_kernel. It says yes to is_auth, which is what net_adm:ping/1 asks after the
// connection is up; on any other answer, and on none, the pinging node disconnects. Like a BEAM's it leaves calls it does
// not know unanswered.
type NetKernel struct{ act.Actor }

// NewNetKernel is the factory of NetKernel, for gen.Node.SpawnRegister.
func NewNetKernel() gen.ProcessBehavior { return &NetKernel{} }

// HandleCall implements act.ActorBehavior.
func (*NetKernel) HandleCall(_ gen.PID, _ gen.Ref, request any) (any, error) {
	if t, ok := request.(etf.Tuple); ok && len(t) == 2 && t[0] == gen.Atom("is_auth") {
		return gen.Atom("yes"), nil
	}
	return nil, nil
}

// HandleMessage implements act.ActorBehavior: all else is ignored.
func (*NetKernel) HandleMessage(gen.PID, any) error { return nil }

// IsAuth is the request of net_adm:ping/1 to net_kernel, from the node called self; the answer is yes.
func IsAuth(self gen.Atom) etf.Tuple { return etf.Tuple{gen.Atom("is_auth"), self} }
