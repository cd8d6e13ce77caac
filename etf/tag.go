package etf

import "fmt"

// Version is the byte before a term outside of the distribution protocol.
const Version = 131

// Tags of the external term format, in the order and with the names of the ERTS User's Guide (without _EXT).
const (
	tagRecord         = 67  // C, OTP 29
	tagNewFloat       = 70  // F
	tagBitBinary      = 77  // M
	tagCompressed     = 80  // P, only after Version
	tagAtomCacheRef   = 82  // R
	tagNewPID         = 88  // X
	tagNewPort        = 89  // Y
	tagNewerReference = 90  // Z
	tagSmallInteger   = 97  // a
	tagInteger        = 98  // b
	tagFloat          = 99  // c, decoded only
	tagAtomLatin1     = 100 // d, decoded only
	tagReference      = 101 // e, decoded only
	tagPort           = 102 // f, decoded only
	tagPID            = 103 // g, decoded only
	tagSmallTuple     = 104 // h
	tagLargeTuple     = 105 // i
	tagNil            = 106 // j
	tagString         = 107 // k
	tagList           = 108 // l
	tagBinary         = 109 // m
	tagSmallBig       = 110 // n
	tagLargeBig       = 111 // o
	tagNewFun         = 112 // p
	tagExport         = 113 // q
	tagNewReference   = 114 // r, decoded only
	tagSmallLatin1    = 115 // s, decoded only
	tagMap            = 116 // t
	tagFun            = 117 // u, refused
	tagAtomUTF8       = 118 // v
	tagSmallAtomUTF8  = 119 // w
	tagV4Port         = 120 // x
	tagLocal          = 121 // y, refused
)

// Limits that the runtime system itself sets.
const (
	maxAtomChars = 255     // characters of an atom
	maxAtomBytes = 4 * 255 // bytes of an atom in UTF-8
	maxRefWords  = 5       // words of a reference
	maxFree      = 255     // free variables of a fun
	maxArity     = 1<<24 - 1
	maxString    = 1<<16 - 1 // elements of a list that STRING_EXT can hold
)

// refusal says why a tag is not decoded, and of what kind the failure is.
func refusal(tag byte) (what string, kind error) {
	switch tag {
	case tagCompressed:
		return "a compressed term (tag 80) is allowed only as a whole term outside of the distribution, " +
			"where the reader permits it (Decoder.Compressed)", ErrUnsupported
	case tagFun:
		return "fun in the old format (tag 117): no release since OTP 23 reads it", ErrUnsupported
	case tagLocal:
		return "local term (tag 121): only the node that made it can read it; " +
			"it was made by term_to_binary with the option local", ErrUnsupported
	case Version:
		return "version byte 131 inside a term; it stands only before a term outside of the distribution", ErrMalformed
	case 68, 69, 72:
		return fmt.Sprintf("tag %d starts a distribution header and cannot stand inside a term", tag), ErrUnsupported
	case 73, 74, 75, 76, 78:
		return fmt.Sprintf("tag %d is internal to the Erlang runtime and never valid between nodes", tag), ErrUnsupported
	}
	return fmt.Sprintf("tag %d is unknown; the bytes are damaged, or newer than OTP 29", tag), ErrMalformed
}
