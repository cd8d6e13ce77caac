package etf

import (
	"math/big"

	"ergo.services/ergo/gen"
)

// AtomTable is a list of atoms to refer to by a number instead of spelling them out: a distribution header.
type AtomTable interface {
	// AtomRef returns the place of a in the header, and false if it has none. It may enter a there.
	AtomRef(a gen.Atom) (index uint8, ok bool)
}

// Encoder turns terms into bytes. The zero value works. It keeps no state but Spliced: an Encoder belongs to one goroutine
// at a time only if its Atoms does, or if it has a Splice.
type Encoder struct {
	// Local is our own node; nil if there is none.
	Local *Identity
	// Atoms lists atoms to refer to; nil spells all atoms out.
	Atoms AtomTable
	// SmallIDs is set for a peer without the flag V4_NC (OTP 23): a pid, port or reference which takes more than
	// such a peer accepts (15 and 13 bits, 28 bits, 3 words) is an error instead of the end of the connection.
	SmallIDs bool
	// NoRecords is set for a peer without the flag NATIVE_RECORDS (before OTP 29): a native record is an error then instead
	// of the end of the connection.
	NoRecords bool
	// OneZero is set for a peer that may be older than OTP 27, for which 0.0 and -0.0 are the same: a map with both as keys is
	// an error then instead of the end of the connection.
	OneZero bool
	// Peer is the node that the terms go to; empty if that is not known. A BEAM gives a connection up over a pid or a port of
	// its own of more than 28 bits, or a reference with more than 18 bits in its first word, which it can't have made: they
	// are errors here.
	Peer gen.Atom
	// Ports64 permits V4_PORT_EXT, known since OTP 24, for a port of more than 28 bits; without it that is an error.
	Ports64 bool
	// Splice is how many bytes a string must have not to be copied: it is left out of what is appended, and listed in
	// Spliced, for a caller that writes the parts one after the other. 0 has all strings copied. A []byte always is, since
	// it may change.
	Splice int
	// Spliced lists what AppendTerm has left out, in order. The caller empties it.
	Spliced []Splice
}

// Splice is a string that was left out of an encoded term.
type Splice struct {
	At   int // where it belongs: the index in what AppendTerm returned of the byte behind it
	Text string
}

// Append appends the version byte 131 and term to dst. On error dst comes back with its old length.
func Append(dst []byte, term any) ([]byte, error) {
	e := Encoder{Ports64: true}
	out, err := e.AppendTerm(append(dst, Version), term)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// AppendTerm appends term, without a version byte, to dst. The package documentation lists what may be passed in; what is
// none of that goes through [Marshal] first. On error dst comes back with its old length; the error is an *EncodeError or,
// from Marshal, a *ValueError.
func (e *Encoder) AppendTerm(dst []byte, term any) ([]byte, error) {
	out, err := e.append(dst, term, encodeDepth)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (e *Encoder) append(dst []byte, term any, depth int) ([]byte, error) {
	if a, ok := term.(gen.Atom); ok { // most of all
		return e.atom(dst, a)
	}
	switch v := term.(type) {
	case int64:
		return appendInt(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case []byte:
		return appendBinary(dst, v)
	case string:
		if e.Splice > 0 && len(v) >= e.Splice {
			return e.splice(dst, v)
		}
		return appendBinary(dst, v)
	case Tuple:
		return e.tuple(dst, v, depth)
	case List:
		return e.list(dst, v, depth)
	case []any:
		return e.list(dst, v, depth)
	case gen.PID:
		return e.pid(dst, v)
	case gen.Ref:
		return e.ref(dst, v)
	case Map:
		return e.mapTerm(dst, v, depth)
	case float64:
		return appendFloat(dst, v)
	case bool:
		if v {
			return e.atom(dst, "true")
		}
		return e.atom(dst, "false")
	case nil:
		return e.atom(dst, "undefined")
	}
	return e.appendRare(dst, term, depth)
}

// appendRare appends what append leaves to it, to keep the common types at the front.
func (e *Encoder) appendRare(dst []byte, term any, depth int) ([]byte, error) {
	if v, ok := intOf(term); ok {
		return appendInt(dst, v), nil
	}
	switch v := term.(type) {
	case uint: // the large ones; intOf took the others
		return appendBig(dst, new(big.Int).SetUint64(uint64(v)))
	case uint64:
		return appendBig(dst, new(big.Int).SetUint64(v))
	case *big.Int:
		if v == nil {
			return e.atom(dst, "undefined")
		}
		return appendBig(dst, v)
	case float32:
		return appendFloat(dst, float64(v))
	case BitString:
		return appendBits(dst, v)
	case ImproperList:
		return e.improper(dst, v, depth)
	case gen.Alias:
		return e.ref(dst, gen.Ref(v))
	case gen.ProcessID:
		return e.tuple(dst, Tuple{v.Name, v.Node}, depth)
	case Port:
		return e.port(dst, v)
	case Fun:
		return e.fun(dst, v, depth)
	case Export:
		return e.export(dst, v)
	case Record:
		return e.record(dst, v, depth)
	}
	plain, err := Marshal(term)
	if err != nil {
		return dst, err
	}
	return e.append(dst, plain, depth)
}
