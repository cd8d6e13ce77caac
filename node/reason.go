package node

import "gonode/kernel"

// ExitReason is why a process ended or a relation broke, as an Erlang term; see kernel.ExitReason.
type ExitReason = kernel.ExitReason

// Exception is how a function on another node ended that did not return; see kernel.Exception.
type Exception = kernel.Exception

// ErrUndef is a function that does not exist on the node it was called on.
var ErrUndef = kernel.ErrUndef
