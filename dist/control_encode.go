package dist

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Tags of the external term format that control tuples are made of.
const (
	tagSmallInt   = 97
	tagInt        = 98
	tagSmallTuple = 104
	tagLargeTuple = 105
	tagNil        = 106
	tagSmallBig   = 110
	tagSmallAtom  = 119
	tagAtomRef    = 82
	tagNewPID     = 88
)

// boxes keeps pids and atoms that were sent lately in interfaces, as the encoder takes them, so that not every message
// allocates them anew.
type boxes struct {
	pids  [64]any
	atoms [64]any
}

func (b *boxes) pid(p gen.PID) any {
	slot := &b.pids[(p.ID^uint64(p.Creation))%uint64(len(b.pids))]
	if old, ok := (*slot).(gen.PID); !ok || old != p {
		*slot = p
	}
	return *slot
}

func (b *boxes) atom(a gen.Atom) any {
	slot := &b.atoms[int(atomSlot(a))%len(b.atoms)]
	if old, ok := (*slot).(gen.Atom); !ok || old != a {
		*slot = a
	}
	return *slot
}

// controlEncoder appends control tuples. It is part of an outbox.
type controlEncoder struct {
	terms etf.Encoder
	boxes boxes
}

// appendControl appends the control tuple of s in the form of op.
func (e *controlEncoder) appendControl(dst []byte, op *operation, s *Signal) ([]byte, error) {
	n := 1 + len(op.fields)
	alt := op.code == opAltactSigSend && s.Token != nil
	if alt {
		n++
	}
	dst = append(dst, tagSmallTuple, uint8(n), tagSmallInt, op.code)
	var err error
	for _, f := range op.fields {
		if dst, err = e.appendField(dst, f, s); err != nil {
			return dst, fmt.Errorf("%s: %w", s.Kind, err)
		}
	}
	if alt {
		if dst, err = e.terms.AppendTerm(dst, s.Token); err != nil {
			return dst, fmt.Errorf("%s: %w", s.Kind, err)
		}
	}
	return dst, nil
}

func (e *controlEncoder) appendField(dst []byte, f field, s *Signal) ([]byte, error) {
	switch f {
	case fieldUnused:
		return append(dst, tagSmallAtom, 0), nil
	case fieldFrom:
		return e.appendPID(dst, s.From)
	case fieldFromAny:
		if s.FromName != "" || s.From.Node == "" { // '' is a name too
			return e.appendAtom(dst, s.FromName)
		}
		return e.appendPID(dst, s.From)
	case fieldTo, fieldToName, fieldToAlias, fieldToAny, fieldAltTo:
		return e.appendTo(dst, f, s)
	case fieldRef:
		return e.terms.AppendTerm(dst, s.Ref)
	case fieldID:
		return appendUint(dst, s.ID), nil
	case fieldReason:
		return e.terms.AppendTerm(dst, s.Message)
	case fieldToken:
		return e.terms.AppendTerm(dst, s.Token)
	case fieldLeader:
		return e.appendPID(dst, s.GroupLeader)
	case fieldMFA:
		return e.appendMFA(dst, s)
	case fieldOptions:
		if s.Options == nil {
			return append(dst, tagNil), nil
		}
		return e.terms.AppendTerm(dst, s.Options)
	case fieldSpawnFlags:
		return appendUint(dst, uint64(s.SpawnFlags)), nil
	case fieldResult:
		return e.terms.AppendTerm(dst, s.Result)
	case fieldAltFlags:
		return appendUint(dst, altFlags(s)), nil
	}
	return dst, ErrSignal
}

// targets has the fields that may hold each Target.
var targets = [...][fieldCount]bool{
	ToPID:   {fieldTo: true, fieldToAny: true, fieldAltTo: true},
	ToName:  {fieldToName: true, fieldToAny: true, fieldAltTo: true},
	ToAlias: {fieldToAlias: true, fieldAltTo: true},
}

func (e *controlEncoder) appendTo(dst []byte, f field, s *Signal) ([]byte, error) {
	if int(s.Target) >= len(targets) || !targets[s.Target][f] {
		return dst, fmt.Errorf("%w: it cannot go to a %s", ErrSignal, s.Target)
	}
	switch s.Target {
	case ToName:
		return e.appendAtom(dst, s.ToName)
	case ToAlias:
		return e.terms.AppendTerm(dst, s.ToAlias)
	}
	return e.appendPID(dst, s.To)
}

func (e *controlEncoder) appendMFA(dst []byte, s *Signal) ([]byte, error) {
	dst = append(dst, tagSmallTuple, 3)
	dst, err := e.appendAtom(dst, s.Module)
	if err != nil {
		return dst, err
	}
	if dst, err = e.appendAtom(dst, s.Function); err != nil {
		return dst, err
	}
	return appendUint(dst, uint64(s.Arity)), nil
}

func (e *controlEncoder) appendPID(dst []byte, p gen.PID) ([]byte, error) {
	if p.Node == "" {
		return dst, fmt.Errorf("%w: a pid is missing", ErrSignal)
	}
	return e.terms.AppendTerm(dst, e.boxes.pid(p))
}

func (e *controlEncoder) appendAtom(dst []byte, a gen.Atom) ([]byte, error) {
	return e.terms.AppendTerm(dst, e.boxes.atom(a))
}

// appendUint appends v as an integer term in its shortest form.
func appendUint(dst []byte, v uint64) []byte {
	switch {
	case v <= math.MaxUint8:
		return append(dst, tagSmallInt, uint8(v))
	case v <= math.MaxInt32:
		return binary.BigEndian.AppendUint32(append(dst, tagInt), uint32(v))
	}
	n := (bits.Len64(v) + 7) / 8
	dst = append(dst, tagSmallBig, uint8(n), 0)
	for range n {
		dst = append(dst, uint8(v))
		v >>= 8
	}
	return dst
}
