package dist

import (
	"fmt"
	"math"

	"ergo.services/ergo/gen"
)

// operationFor picks the operation for s on a link with the given flags; 0 means that there is none. It is a switch, not a
// table of functions, so that signals need not be on the heap.
func operationFor(s *Signal, f Flags) uint8 {
	switch s.Kind {
	case KindSend:
		return chooseSend(s, f)
	case KindExit:
		return either(f, FlagExitPayload, opPayloadExit, opExit)
	case KindExit2:
		return chooseExit2(s, f)
	case KindLink:
		return opLink
	case KindUnlink:
		return either(f, FlagUnlinkID, 0, opUnlink)
	case KindUnlinkID:
		return either(f, FlagUnlinkID, opUnlinkID, opUnlink)
	case KindUnlinkAck:
		return either(f, FlagUnlinkID, opUnlinkIDAck, 0)
	case KindMonitor:
		return either(f, monitorFlags, opMonitorP, 0)
	case KindDemonitor:
		return either(f, monitorFlags, opDemonitorP, 0)
	case KindDown:
		return either(f, FlagExitPayload, opPayloadMonitorExit, opMonitorPExit)
	case KindSpawnRequest:
		return either(f, FlagSpawn, opSpawnRequest, 0)
	case KindSpawnReply:
		return opSpawnReply
	case KindGroupLeader:
		return opGroupLeader
	}
	return 0
}

// monitorFlags must both be set before a monitor is sent, by pid or by name: so does OTP.
const monitorFlags = FlagDistMonitor | FlagDistMonitorName

func either(f, want Flags, with, without uint8) uint8 {
	if f.Has(want) {
		return with
	}
	return without
}

func chooseSend(s *Signal, f Flags) uint8 {
	switch {
	case f.Has(FlagAltactSig) && (s.Priority || s.Target == ToAlias):
		return opAltactSigSend
	case s.Target == ToAlias:
		return either(f, FlagAlias, opAliasSend, 0)
	case s.Target == ToName:
		return opRegSend
	case f.Has(FlagSendSender) && s.From.Node != "":
		return opSendSender
	}
	return opSend
}

func chooseExit2(s *Signal, f Flags) uint8 {
	switch {
	case f.Has(FlagAltactSig) && (s.Priority || s.Target != ToPID):
		return opAltactSigSend
	case s.Target != ToPID:
		return 0
	}
	return either(f, FlagExitPayload, opPayloadExit2, opExit2)
}

// altFlags returns the flags of ALTACT_SIG_SEND for s.
func altFlags(s *Signal) uint64 {
	var flags uint64
	if s.Priority {
		flags |= altPriority
	}
	if s.Token != nil {
		flags |= altToken
	}
	switch s.Target {
	case ToAlias:
		flags |= altAlias
	case ToName:
		flags |= altName
	}
	if s.Kind == KindExit2 {
		flags |= altExit
	}
	return flags
}

// choose returns the operation that stands for s on this link, once it is sure that the peer will not drop the link
// for what is in it.
func (o *outbox) choose(s *Signal) (*operation, error) {
	if s.Kind == KindInvalid || s.Kind >= kindCount {
		return nil, fmt.Errorf("%w: its kind is %d", ErrSignal, s.Kind)
	}
	code := operationFor(s, o.flags)
	if code == 0 {
		return nil, fmt.Errorf("%s to a %s at %s: %w", s.Kind, s.Target, string(o.peer.Name), ErrUnsupported)
	}
	op := &operations[code]
	if s.Token != nil && op.traced != 0 {
		op = &operations[op.traced]
	}
	return op, o.check(s)
}

// check finds what OTP would drop the link for.
func (o *outbox) check(s *Signal) error {
	if s.Target == ToPID && s.Kind != KindSpawnRequest {
		switch {
		case o.peer.Name != "" && s.To.Node != o.peer.Name:
			return fmt.Errorf("%w: %s to a process of %q over the link to %s", ErrSignal, s.Kind, string(s.To.Node), string(o.peer.Name))
		case !o.stale(s.To):
		case s.Kind == KindExit, s.Kind == KindUnlink, s.Kind == KindUnlinkID:
			return fmt.Errorf("%s to %s: %w", s.Kind, s.To, ErrStale)
		}
	}
	if ownSender[s.Kind] && o.local != nil && s.From.Node != o.local.Node {
		return fmt.Errorf("%w: %s from a process of %q, which is not ours", ErrSignal, s.Kind, string(s.From.Node))
	}
	switch s.Kind {
	case KindUnlinkID, KindUnlinkAck:
		if s.ID == 0 {
			return fmt.Errorf("%w: %s with an ID of 0", ErrSignal, s.Kind)
		}
	case KindSpawnRequest:
		if s.Arity < 0 || s.Arity > math.MaxUint8 {
			return fmt.Errorf("%w: spawn_request with arity %d", ErrSignal, s.Arity)
		}
	case KindSpawnReply:
		switch s.Result.(type) {
		case gen.PID, gen.Atom:
		default:
			return fmt.Errorf("%w: spawn_reply with a %T, neither a gen.PID nor a gen.Atom", ErrSignal, s.Result)
		}
	}
	return nil
}

// stale tells whether p is a process of an earlier life of the peer.
func (o *outbox) stale(p gen.PID) bool {
	return o.peer.Creation != 0 && p.Creation != int64(o.peer.Creation)
}
