package dist

import (
	"errors"
	"fmt"
	"math"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// signal reads the control tuple at the front of b, and the message if one belongs to it, into s. Each has a version
// byte in front if versioned. base is where b starts in the frame. Bytes after the last term are ignored, as OTP does.
func (r *controlReader) signal(b []byte, base int, atoms []any, versioned bool, s *Signal) error {
	r.b, r.off, r.base, r.op, r.err = b, 0, base, 0, nil
	r.terms.Atoms = atoms
	*s = Signal{}
	if versioned {
		r.version()
	}
	op := r.control(s)
	if op != nil && op.payload {
		if versioned {
			r.version()
		}
		s.Message = r.term()
	}
	err := r.err
	r.b, r.terms.Atoms, r.err = nil, nil, nil
	return err
}

func (r *controlReader) version() {
	if r.byte() != versionByte && r.err == nil {
		r.off--
		r.fail("version 131 of a term is wanted")
	}
}

// control reads the control tuple into s and returns its operation, nil after a failure.
func (r *controlReader) control(s *Signal) *operation {
	arity := r.arity()
	off := r.off
	code := r.uint()
	if r.err != nil {
		return nil
	}
	if code >= opCount || operations[code].kind == KindInvalid {
		r.failAt(off, fmt.Errorf("operation %d is not known", code))
		return nil
	}
	op := &operations[code]
	r.op = int(code)
	if want := 1 + len(op.fields); arity < want || arity > want && code != opAltactSigSend {
		r.failAt(off, fmt.Errorf("a tuple of %d elements instead of %d", arity, want))
		return nil
	}
	s.Kind = op.kind
	r.fields(op, arity, s)
	r.checkSignal(s)
	if r.err != nil {
		return nil
	}
	return op
}

// fields reads the elements of a control tuple after the operation.
func (r *controlReader) fields(op *operation, arity int, s *Signal) {
	var alt uint64
	for _, f := range op.fields {
		if f == fieldAltFlags {
			alt, _ = r.lowBits()
			setAlt(s, alt)
			continue
		}
		r.field(f, s)
	}
	for i := 1 + len(op.fields); i < arity && r.err == nil; i++ {
		if t := r.term(); alt&altToken != 0 && s.Token == nil {
			s.Token = t
		}
	}
}

// setAlt sets what the flags of ALTACT_SIG_SEND say.
func setAlt(s *Signal, flags uint64) {
	s.Priority = flags&altPriority != 0
	switch {
	case flags&altAlias != 0:
		s.Target = ToAlias
	case flags&altName != 0:
		s.Target = ToName
	}
	if flags&altExit != 0 {
		s.Kind = KindExit2
	}
}

// field reads one element of a control tuple into s.
func (r *controlReader) field(f field, s *Signal) {
	switch f {
	case fieldUnused:
		r.unused()
	case fieldFrom:
		s.From = r.pid()
	case fieldFromAny:
		if r.isAtom() {
			s.FromName = r.atom()
		} else {
			s.From = r.pid()
		}
	case fieldTo, fieldToName, fieldToAlias, fieldToAny, fieldAltTo:
		r.to(f, s)
	case fieldRef:
		s.Ref = r.ref()
	case fieldID:
		s.ID = r.uint()
	case fieldReason:
		s.Message = r.term()
	case fieldToken:
		s.Token = r.term()
	case fieldLeader:
		s.GroupLeader = r.pid()
	case fieldMFA:
		r.mfa(s)
	case fieldOptions:
		s.Options = r.list()
	case fieldSpawnFlags:
		s.SpawnFlags = uint32(r.uint())
	case fieldResult:
		r.result(s)
	}
}

// unused skips a field without a meaning.
func (r *controlReader) unused() {
	if r.isAtom() {
		r.atom()
	} else {
		r.term()
	}
}

func (r *controlReader) to(f field, s *Signal) {
	switch {
	case f == fieldToName, f == fieldToAny && r.isAtom():
		s.Target = ToName
	case f == fieldToAlias:
		s.Target = ToAlias
	}
	switch s.Target {
	case ToName:
		s.ToName = r.atom()
	case ToAlias:
		s.ToAlias = r.ref()
	default:
		s.To = r.pid()
	}
}

func (r *controlReader) ref() gen.Ref {
	off := r.off
	ref, ok := r.term().(gen.Ref)
	if !ok {
		r.failAt(off, errors.New("a reference is wanted"))
	}
	return ref
}

func (r *controlReader) list() any {
	off := r.off
	t := r.term()
	if _, ok := t.(etf.List); !ok {
		r.failAt(off, errors.New("a list is wanted"))
	}
	return t
}

func (r *controlReader) mfa(s *Signal) {
	off := r.off
	if n := r.arity(); n != 3 && r.err == nil {
		r.failAt(off, fmt.Errorf("{Module, Function, Arity} with %d elements", n))
	}
	s.Module, s.Function = r.atom(), r.atom()
	arity := r.uint()
	if arity > math.MaxUint8 {
		r.failAt(off, fmt.Errorf("arity %d", arity))
	}
	s.Arity = int(arity)
}

func (r *controlReader) result(s *Signal) {
	off := r.off
	s.Result = r.term()
	switch s.Result.(type) {
	case gen.PID, gen.Atom:
	default:
		r.failAt(off, errors.New("a pid or an atom is wanted"))
	}
}

// checkSignal finds what OTP drops the link for although each field is right.
func (r *controlReader) checkSignal(s *Signal) {
	switch {
	case r.err != nil:
	case (s.Kind == KindUnlinkID || s.Kind == KindUnlinkAck) && s.ID == 0:
		r.fail("an unlink with the ID 0")
	case ownSender[s.Kind] && r.peer != "" && s.From.Node != r.peer:
		r.fail(fmt.Sprintf("%s from a process of %q", s.Kind, string(s.From.Node)))
	}
}
