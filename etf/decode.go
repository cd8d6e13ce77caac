package etf

import (
	"errors"
	"fmt"

	"gonode/internal/wire"
)

// Decoder turns bytes into terms. The zero value works. A Decoder belongs to one goroutine at a time, keeps no reference to
// the input unless Alias is set, and can be used again after an error.
type Decoder struct {
	// Limits bounds what is accepted.
	Limits Limits
	// Local is our own node; nil if there is none.
	Local *Identity
	// Atoms is what ATOM_CACHE_REF (tag 82) refers to, as the distribution header of the packet lists it: each a gen.Atom,
	// in an interface since that is how it is needed.
	Atoms []any
	// Compressed permits a whole term to be compressed (tag 80). The distribution protocol does not allow it.
	Compressed bool
	// Alias lets binaries share memory with the input instead of being copied: the input must not be changed or used
	// again, and lives as long as any binary of it does.
	Alias bool
	// AliasFrom is how many bytes a binary must have to be shared, if Alias is set; smaller ones are copied all the same, so
	// that one of them does not keep a large input alive.
	AliasFrom int
	// Aliased is set when a binary shares memory with the input. The caller resets it.
	Aliased bool
	// Intern keeps up to 512 recent atoms, each of 64 bytes at most, so that an atom that comes often is not allocated each time.
	Intern bool

	interned *[internSets]internSet
}

// Decode decodes a version byte and one term with a zero Decoder. Bytes that are left over are an error, and so is a
// compressed term.
func Decode(b []byte) (any, error) {
	var d Decoder
	return d.Decode(b)
}

// Decode decodes the version byte 131 and one term, which must take all of b. The error is a *DecodeError.
func (d *Decoder) Decode(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, &DecodeError{Kind: ErrTruncated, What: "no bytes at all"}
	}
	if b[0] != Version {
		return nil, &DecodeError{Kind: ErrMalformed, What: fmt.Sprintf("the first byte is %d, not the version %d", b[0], Version)}
	}
	term, n, err := d.decode(b, 1)
	if err != nil {
		return nil, err
	}
	if n < len(b) {
		return nil, &DecodeError{Offset: n, Kind: ErrMalformed, What: fmt.Sprintf("%d bytes are left over after the term", len(b)-n)}
	}
	return term, nil
}

// Term decodes one term, without a version byte, from the front of b and returns how many bytes it took. The error is a
// *DecodeError.
func (d *Decoder) Term(b []byte) (term any, n int, err error) {
	return d.decode(b, 0)
}

// decode decodes the term at b[at:] and returns the offset after it.
func (d *Decoder) decode(b []byte, at int) (any, int, error) {
	limits := d.Limits.withDefaults()
	if d.Compressed && at < len(b) && b[at] == tagCompressed {
		return d.inflate(b, at, limits)
	}
	capped := len(b)-at > limits.Size
	if capped {
		b = b[:at+limits.Size]
	}
	s := state{
		r: wire.NewReader(b), d: d, buf: b,
		depth: limits.Depth, left: limits.Elements, digits: limits.Digits,
	}
	s.r.Bytes(at)
	term := s.term()
	if s.r.Err() == nil {
		return term, s.r.Offset(), nil
	}
	err := s.decodeError()
	if capped && errors.Is(err.Kind, ErrTruncated) {
		err.Kind = ErrLimit
		err.What = fmt.Sprintf("the term takes more than the %d bytes allowed (Limits.Size)", limits.Size)
	}
	return nil, 0, err
}

// state is one run of a Decoder. Its reader keeps the first failure, after which every read gives zero, so that only loops
// have to look for it.
type state struct {
	r    wire.Reader
	d    *Decoder
	buf  []byte // what r reads
	kind error  // of the failure, nil for those of r itself
	at   int    // place of the failure, if kind is set

	depth   int  // levels that may still be opened
	left    int  // elements that may still come
	owed    int  // elements that open containers have announced and that were not read yet: each takes a byte at least
	digits  int  // bytes an integer may have
	keyMaps int  // open maps whose key is being read
	funs    int  // open funs
	cached  bool // an ATOM_CACHE_REF was read

	slabs slabs
}

// fail records the first failure, at the present place.
func (s *state) fail(kind error, format string, args ...any) {
	s.failAt(s.r.Offset(), kind, format, args...)
}

func (s *state) failAt(at int, kind error, format string, args ...any) {
	if s.r.Err() != nil {
		return
	}
	s.kind, s.at = kind, at
	s.r.Fail(fmt.Sprintf(format, args...))
}

func (s *state) decodeError() *DecodeError {
	e := &DecodeError{Kind: ErrTruncated, What: s.r.Err().Error()}
	var we *wire.Error
	if errors.As(s.r.Err(), &we) {
		e.Offset, e.What = we.Offset, we.What
	}
	if s.kind != nil {
		e.Offset, e.Kind = s.at, s.kind
	}
	return e
}

// open enters a container of n elements, and a tail if that is 1. It fails, before anything is allocated, if so many can't
// come any more, or may not. If it succeeds the caller reads them with next and then calls shut.
func (s *state) open(what string, n, tail uint64) bool {
	if s.r.Err() != nil {
		return false
	}
	room := max(s.r.Len()-s.owed, 0)
	switch {
	case n+tail > uint64(room):
		s.fail(ErrTruncated, "%s of %d elements, but only %d bytes are left for it", what, n, room)
	case n+tail > uint64(s.left):
		s.fail(ErrLimit, "%s of %d elements, but only %d more are allowed (Limits.Elements)", what, n, s.left)
	case s.depth == 0:
		s.fail(ErrLimit, "%s is nested too deep (Limits.Depth)", what)
	default:
		s.owed += int(n + tail)
		s.left -= int(n + tail)
		s.depth--
		return true
	}
	return false
}

// next reads an element of an open container.
func (s *state) next() any {
	s.owed--
	return s.term()
}

// shut leaves a container and reports whether it was read whole.
func (s *state) shut() bool {
	s.depth++
	return s.r.Err() == nil
}

// term reads a tag and what belongs to it. After a failure the result has no meaning.
func (s *state) term() any {
	// What comes most, here for speed alone: tagged knows it too.
	if tag, b, ok := s.r.Peek(); ok {
		switch tag {
		case tagAtomCacheRef:
			if int(b) < len(s.d.Atoms) {
				s.r.Pass()
				s.cached = true
				return s.d.Atoms[b]
			}
		case tagSmallInteger:
			s.r.Pass()
			return int64(b)
		}
	}
	return s.tagged(s.r.Uint8())
}

// tagged reads what belongs to a tag.
func (s *state) tagged(tag byte) any {
	switch tag {
	case tagSmallInteger:
		return int64(s.r.Uint8())
	case tagInteger:
		return int64(int32(s.r.Uint32()))
	case tagNewFloat:
		return s.newFloat()
	case tagFloat:
		return s.oldFloat()
	case tagSmallBig:
		return s.integer(uint32(s.r.Uint8()))
	case tagLargeBig:
		return s.integer(s.r.Uint32())
	case tagSmallAtomUTF8, tagAtomUTF8, tagSmallLatin1, tagAtomLatin1, tagAtomCacheRef:
		return s.atomOf(tag)
	case tagSmallTuple:
		return s.tuple(uint32(s.r.Uint8()))
	case tagLargeTuple:
		return s.tuple(s.r.Uint32())
	case tagNil:
		return emptyList
	case tagString, tagList:
		return s.list(tag)
	case tagBinary:
		return s.binary()
	case tagBitBinary:
		return s.bitString()
	case tagMap:
		return s.mapTerm()
	case tagNewPID, tagPID:
		return s.pidOf(tag)
	case tagV4Port, tagNewPort, tagPort:
		return s.portOf(tag)
	case tagNewerReference, tagNewReference, tagReference:
		return s.refOf(tag)
	case tagNewFun:
		return s.fun()
	case tagExport:
		return s.export()
	case tagRecord:
		return s.record()
	default:
		s.refuse(tag)
		return nil
	}
}

// refuse fails for a tag that was just read.
func (s *state) refuse(tag byte) {
	if s.r.Err() == nil {
		what, kind := refusal(tag)
		s.failAt(s.r.Offset()-1, kind, "%s", what)
	}
}
