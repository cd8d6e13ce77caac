package etf

import (
	"errors"
	"math"

	"ergo.services/ergo/gen"
)

// Identity is our own node as Erlang and as the Ergo runtime know it. The two give the same process different numbers:
//
//   - Erlang splits a pid into an id of 15 bits and a serial and has a creation of 32 bits, given out by the port mapper.
//   - Ergo counts pids in 64 bits and uses the start time of the node as creation.
//
// A Decoder and an Encoder that share an Identity turn one form into the other. What bears our name but is of an earlier
// life gets a creation above 32 bits, which is no creation of the runtime's, and goes back as it came.
type Identity struct {
	Node     gen.Atom
	Creation uint32 // on the wire
	Runtime  int64  // in the gen.PID and gen.Ref of the runtime
}

const (
	pidBits      = 15      // bits of a pid's id on the wire
	peerPIDBits  = 28      // bits of an id of a pid that a BEAM takes for its own
	refBits      = 18      // bits of the first word of a reference that a BEAM takes for its own
	smallSerial  = 1 << 13 // first serial a node without V4_NC refuses
	ergoRefWord1 = 1 << 18 // the runtime keeps word 1 of its references below this
	smallPort    = 1 << 28 // first port that needs V4_PORT_EXT
)

var (
	errNoNode   = errors.New("its node name is empty")
	errCreation = errors.New("its creation does not fit 32 bits; is it of our own node, but from another runtime?")
	errPIDRange = errors.New("its id does not fit an id of 15 and a serial of 32 bits")
	errRefRange = errors.New("its numbers are no words of 32 bits")
	errRefWords = errors.New("it has more than 5 words")
)

// creation returns the creation on the wire of an identifier of node, and whether the identifier is of our own runtime.
func (id *Identity) creation(node gen.Atom, runtime int64) (creation uint32, own bool, err error) {
	switch {
	case node == "":
		return 0, false, errNoNode
	case id != nil && node == id.Node && runtime == id.Runtime:
		return id.Creation, true, nil
	case id != nil && node == id.Node && runtime>>32 == pastLife>>32:
		return uint32(runtime), false, nil
	case runtime < 0 || runtime > math.MaxUint32:
		return 0, false, errCreation
	}
	return uint32(runtime), false, nil
}

// pastLife is set in the creation of what bears our own name but is not of our present life. The creation of an earlier
// life, which epmd chose, may be the very number that the runtime has for this one.
const pastLife = 1 << 32

// foreign returns the creation in the runtime of what is not of our present life.
func (id *Identity) foreign(node gen.Atom, creation uint32) int64 {
	if id != nil && node == id.Node {
		return pastLife | int64(creation)
	}
	return int64(creation)
}

// isOwn tells whether an identifier on the wire is of our node in its present life.
func (id *Identity) isOwn(node gen.Atom, creation uint32) bool {
	return id != nil && creation == id.Creation && node == id.Node
}

// pidToWire returns the numbers that stand for p on the wire.
func (id *Identity) pidToWire(p gen.PID) (num, serial, creation uint32, err error) {
	creation, own, err := id.creation(p.Node, p.Creation)
	if err != nil {
		return 0, 0, 0, err
	}
	if !own {
		return uint32(p.ID), uint32(p.ID >> 32), creation, nil
	}
	if p.ID>>pidBits > math.MaxUint32 {
		return 0, 0, 0, errPIDRange
	}
	return uint32(p.ID & (1<<pidBits - 1)), uint32(p.ID >> pidBits), creation, nil
}

// pidFromWire is the inverse of pidToWire. An own pid whose id takes more than 15 bits was not made by us; it is kept as
// if it were of another node and so goes back as it came.
func (id *Identity) pidFromWire(node gen.Atom, num, serial, creation uint32) gen.PID {
	if num < 1<<pidBits && id.isOwn(node, creation) {
		return gen.PID{Node: node, ID: uint64(serial)<<pidBits | uint64(num), Creation: id.Runtime}
	}
	return gen.PID{Node: node, ID: uint64(serial)<<32 | uint64(num), Creation: id.foreign(node, creation)}
}

// refToWire returns the words that stand for r on the wire. A reference of the runtime has one word in each ID; any other is
// packed, two words in an ID, with the number of words above the last one.
func (id *Identity) refToWire(r gen.Ref) (words [maxRefWords]uint32, n int, creation uint32, err error) {
	creation, own, err := id.creation(r.Node, r.Creation)
	if err != nil {
		return words, 0, 0, err
	}
	if n = int(r.ID[2] >> 32); n == 0 {
		if r.ID[0] > math.MaxUint32 || r.ID[1] > math.MaxUint32 || own && r.ID[1] >= ergoRefWord1 {
			return words, 0, 0, errRefRange
		}
		words[0], words[1], words[2] = uint32(r.ID[0]), uint32(r.ID[1]), uint32(r.ID[2])
		return words, 3, creation, nil
	}
	if n > maxRefWords {
		return words, 0, 0, errRefWords
	}
	words = [maxRefWords]uint32{
		uint32(r.ID[0]), uint32(r.ID[0] >> 32), uint32(r.ID[1]), uint32(r.ID[1] >> 32), uint32(r.ID[2]),
	}
	return words, n, creation, nil
}

// refFromWire is the inverse of refToWire, for n words of 1 to 5.
func (id *Identity) refFromWire(node gen.Atom, words [maxRefWords]uint32, n int, creation uint32) gen.Ref {
	r := gen.Ref{Node: node, Creation: id.foreign(node, creation)}
	if id.isOwn(node, creation) {
		r.Creation = id.Runtime
		if n == 3 && words[1] < ergoRefWord1 {
			r.ID = [3]uint64{uint64(words[0]), uint64(words[1]), uint64(words[2])}
			return r
		}
	}
	r.ID[0] = uint64(words[0]) | uint64(words[1])<<32
	r.ID[1] = uint64(words[2]) | uint64(words[3])<<32
	r.ID[2] = uint64(words[4]) | uint64(n)<<32
	return r
}
