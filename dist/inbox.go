package dist

import (
	"errors"
	"fmt"
	"time"

	"gonode/internal/wire"
)

// The first bytes of a frame ("Distribution Header").
const (
	versionByte     = 131
	passThrough     = 112
	headerNormal    = 68
	headerFragFirst = 69
	headerFragNext  = 70
)

// inbox turns frames into signals: the receiving half of a link without its socket. It belongs to the receive loop.
type inbox struct {
	flags   Flags
	atoms   atomsIn
	control controlReader
	frags   fragments
}

func newInbox(r Result, cfg Config) *inbox {
	in := &inbox{flags: r.Flags}
	in.control.peer = r.Peer.Name
	in.control.terms.Limits = cfg.Limits
	in.control.terms.Local = cfg.Local
	in.control.terms.Intern = true
	in.frags = fragments{max: cfg.MaxFragments, maxBytes: cfg.MaxFragmentBytes, maxAge: cfg.MaxFragmentAge, memory: cfg.Memory}
	return in
}

// hasHeader tells whether frames have a distribution header, on a link with these flags.
func hasHeader(f Flags) bool { return f&(FlagDistHdrAtomCache|FlagFragments) != 0 }

// frame reads one frame that is not a tick. It reports whether a signal is complete, which is then in s.
// Errors are *FrameError, and the link is of no use after one.
func (in *inbox) frame(b []byte, s *Signal) (bool, error) {
	if !hasHeader(in.flags) {
		if b[0] != passThrough {
			return false, frameErrorf(0, "byte %d instead of %d, on a link without distribution headers", b[0], passThrough)
		}
		return true, in.control.signal(b[1:], 1, nil, true, s)
	}
	if b[0] != versionByte || len(b) < 2 {
		return false, frameErrorf(0, "byte %d without a distribution header, on a link that has them", b[0])
	}
	switch {
	case b[1] == headerNormal:
		r := wire.NewReader(b)
		r.Bytes(2)
		atoms := in.atoms.readHeader(&r)
		if r.Err() != nil {
			return false, frameError(r.Err())
		}
		base := r.Offset()
		return true, in.control.signal(b[base:], base, atoms, false, s)
	case b[1] == headerFragFirst && in.flags.Has(FlagFragments):
		return in.first(b, s)
	case b[1] == headerFragNext && in.flags.Has(FlagFragments):
		return in.next(b, s)
	}
	return false, frameErrorf(1, "distribution header %d is not known or was not agreed on", b[1])
}

// first reads the first fragment of a message.
func (in *inbox) first(b []byte, s *Signal) (bool, error) {
	r := wire.NewReader(b)
	r.Bytes(2)
	seq, id := r.Uint64(), r.Uint64()
	atoms := in.atoms.readHeader(&r)
	if r.Err() != nil {
		return false, frameError(r.Err())
	}
	if in.frags.has(seq) {
		return false, frameErrorf(2, "a second first fragment of sequence %d", seq)
	}
	base := r.Offset()
	if id == 1 {
		return true, in.control.signal(r.Rest(), base, atoms, false, s)
	}
	if err := in.frags.begin(seq, id, atoms, r.Rest(), time.Now()); err != nil {
		return false, &FrameError{Offset: 2, Err: err}
	}
	return false, nil
}

// next reads a fragment that is not the first.
func (in *inbox) next(b []byte, s *Signal) (bool, error) {
	dst, seq, err := in.extend(b, len(b))
	if err != nil {
		return false, err
	}
	copy(dst, b[fragmentHead-lenBytes:])
	return in.extended(seq, s)
}

// extend makes room for the data of a fragment of size bytes in all, of which b has the beginning. The data is to be put
// there, and then extended to be called.
func (in *inbox) extend(b []byte, size int) (dst []byte, seq uint64, err error) {
	r := wire.NewReader(b)
	r.Bytes(2)
	seq, id := r.Uint64(), r.Uint64()
	if r.Err() != nil {
		return nil, 0, frameError(r.Err())
	}
	dst, err = in.frags.extend(seq, id, size-r.Offset(), time.Now())
	if err != nil {
		return nil, 0, &FrameError{Offset: 2, Err: err}
	}
	return dst, seq, nil
}

// extended ends what extend has begun. It reports whether a signal is complete, which is then in s: its large binaries
// share the memory in which the fragments have gathered. If it has none that memory is free again.
func (in *inbox) extended(seq uint64, s *Signal) (bool, error) {
	whole := in.frags.extended(seq)
	if whole == nil {
		return false, nil
	}
	terms := &in.control.terms
	terms.Alias, terms.AliasFrom, terms.Aliased = true, cap(whole.data)/4, false
	defer func() { terms.Alias = false }()
	err := in.control.signal(whole.data, 0, whole.atoms, false, s)
	if err == nil && !terms.Aliased {
		in.frags.memory.Recycle(whole.data)
	}
	return true, err
}

// canExtend reports whether b, which is the beginning of a frame, is the whole head of a fragment that is not the first.
func (in *inbox) canExtend(b []byte) bool {
	return len(b) >= fragmentHead-lenBytes && b[0] == versionByte && b[1] == headerFragNext && in.flags.Has(FlagFragments)
}

func frameErrorf(off int, format string, args ...any) error {
	return &FrameError{Offset: off, Err: fmt.Errorf(format, args...)}
}

// frameError wraps a failure of a Reader that reads a frame from its start.
func frameError(err error) error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return &FrameError{Offset: e.Offset, Err: errors.New(e.What)}
	}
	return &FrameError{Err: err}
}
