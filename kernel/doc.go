// Package kernel knows what OTP's kernel application answers on a node, and answers it: net_kernel's is_auth, on which
// net_adm:ping/1 waits for ever; rex, the old rpc server; the messages of global and pg that come unasked to every
// visible node; spawn requests, under which rpc and erpc travel; and output sent to us as a group leader.
//
// It holds message formats and the right answers, and no sockets: NetKernel and Rex are Ergo processes that the node
// registers, everything else is a function from a term to a term. Of what comes from a peer only the Go functions in Exports
// are run; one that is not there is undef, as on a BEAM that lacks the module.
//
// Not here yet: pg scopes, and global as more than a harmless bystander.
package kernel
