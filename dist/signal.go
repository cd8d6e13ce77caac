package dist

import "ergo.services/ergo/gen"

// Kind says what a Signal asks for. Which operation stands for it on the wire depends on what both nodes can do.
type Kind uint8

// The kinds of signals ("Protocol between Connected Nodes" of the distribution protocol). The comment names the fields
// that are used besides From and Token; To stands for To, ToName or ToAlias, as Target says.
const (
	KindInvalid      Kind = iota
	KindSend              // a message: To, Message, Priority; From may be zero if it came without a sender
	KindExit              // a link broke: To (a pid), Message is the reason
	KindExit2             // exit/2: To, Message is the reason, Priority
	KindLink              // To (a pid)
	KindUnlink            // the old way, from nodes without UNLINK_ID: To (a pid); nothing is answered
	KindUnlinkID          // To (a pid), ID; the answer is KindUnlinkAck with the same ID
	KindUnlinkAck         // To (a pid), ID
	KindMonitor           // To (a pid or a name), Ref
	KindDemonitor         // To (a pid or a name), Ref
	KindDown              // a monitored process ended: From or FromName, To (a pid), Ref, Message is the reason
	KindSpawnRequest      // Ref, GroupLeader, Module, Function, Arity, Options; Message is the list of arguments
	KindSpawnReply        // Ref, To (a pid), SpawnFlags, Result
	KindGroupLeader       // GroupLeader becomes the leader of To (a pid); no From
	kindCount
)

var kindNames = [kindCount]string{
	"invalid", "send", "exit", "exit2", "link", "unlink", "unlink_id", "unlink_ack", "monitor", "demonitor", "down",
	"spawn_request", "spawn_reply", "group_leader",
}

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return kindNames[KindInvalid]
}

// Target says which of the To fields of a Signal counts.
type Target uint8

// The three ways to name the receiver of a signal.
const (
	ToPID   Target = iota // Signal.To
	ToName                // Signal.ToName, a name registered on the receiving node
	ToAlias               // Signal.ToAlias, an alias of a process
)

// String returns "pid", "name" or "alias".
func (t Target) String() string {
	switch t {
	case ToName:
		return "name"
	case ToAlias:
		return "alias"
	}
	return "pid"
}

// What a spawn reply says was set up together with the new process (Signal.SpawnFlags).
const (
	SpawnLinked    uint32 = 1 // the new process is linked to the one that asked
	SpawnMonitored uint32 = 2 // and monitored by it, with the reference of the request
)

// Signal is one control message with its payload. It is flat so that one can be used again for every message: a Conn
// hands the same *Signal to its handler each time, and reads from a *Signal only until Send or Post returns.
// The zero value has KindInvalid and cannot be sent.
type Signal struct {
	Kind     Kind
	Target   Target // which of To, ToName and ToAlias is meant
	Priority bool   // a priority message or exit; lost on the way to nodes without ALTACT_SIG (before OTP 28)

	// From is the sender; zero if it is not known. To keep the order of what a process sends, set it also where it
	// does not cross the wire: for a KindDown with FromName, and for a send to a node without SEND_SENDER.
	From     gen.PID
	FromName gen.Atom // KindDown of a monitor by name: the name, which the peer gets instead of From; '' if From is zero
	To       gen.PID
	ToName   gen.Atom
	ToAlias  gen.Ref

	Ref gen.Ref // of a monitor or a spawn request
	ID  uint64  // of an unlink; never 0

	Message any // the message, the reason, or the arguments of a spawn request (a list)
	Token   any // the sequential trace token, nil if there is none

	Module      gen.Atom // spawn request
	Function    gen.Atom // spawn request
	Arity       int      // spawn request
	GroupLeader gen.PID  // spawn request, group leader
	Options     any      // spawn request: a list; nil is sent as the empty one
	SpawnFlags  uint32   // spawn reply: SpawnLinked, SpawnMonitored
	Result      any      // spawn reply: the gen.PID of the new process, or a gen.Atom that says why there is none
}
