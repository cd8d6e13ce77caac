package dist

import (
	"bytes"
	"errors"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/internal/wire"
)

// The packets of the handshake, without their length prefix: an append and a parse function each. Names and numbers are
// those of the distribution protocol guide, section "Distribution Handshake". The parse functions return a *wire.Error
// for what they can't read, and copy what they return. What follows the known fields of a send_name, a status named: and
// a challenge is for later versions; the other packets have one length.

const (
	tagSendName     = 'N'
	tagSendNameOld  = 'n'
	tagStatus       = 's'
	tagComplement   = 'c'
	tagReply        = 'r'
	tagAck          = 'a'
	oldVersion      = 5
	maxPacket       = 4096 // of any handshake packet
	maxStatusInText = 40   // of what a peer says, in an error
)

// The texts of a status; true and false are an initiator's answers to alive.
const (
	statusOK           = "ok"
	statusSimultaneous = "ok_simultaneous"
	statusNok          = "nok"
	statusNotAllowed   = "not_allowed"
	statusAlive        = "alive"
	statusNamed        = "named:"
	statusTrue         = "true"
	statusFalse        = "false"
)

// send_name: 'N', Flags:64, Creation:32, NLen:16, Name.
func appendSendName(dst []byte, h Hello) []byte {
	dst = append(dst, tagSendName)
	dst = wire.AppendUint64(dst, uint64(h.Flags))
	dst = wire.AppendUint32(dst, h.Creation)
	dst = wire.AppendUint16(dst, uint16(len(h.Name)))
	return append(dst, h.Name...)
}

// parseSendName reads both send_name packets; the old one is 'n', Version:16, Flags:32, Name.
func parseSendName(b []byte) (Hello, error) {
	r := wire.NewReader(b)
	var h Hello
	switch tag := r.Uint8(); tag {
	case tagSendName:
		h.Flags = Flags(r.Uint64())
		h.Creation = r.Uint32()
		h.Name = gen.Atom(r.Bytes(int(r.Uint16())))
	case tagSendNameOld:
		h.Old = true
		if v := r.Uint16(); v != oldVersion {
			r.Fail(fmt.Sprintf("version %d in an old send_name", v))
		}
		h.Flags = Flags(r.Uint32())
		h.Name = gen.Atom(r.Rest())
	default:
		r.Fail(fmt.Sprintf("a packet that begins with %d where a send_name was expected", tag))
	}
	return h, r.Err()
}

// status: 's', text.
func appendStatus(dst []byte, status string) []byte {
	return append(append(dst, tagStatus), status...)
}

// status named: 's', "named:", NLen:16, Name, Creation:32.
func appendNamed(dst []byte, name gen.Atom, creation uint32) []byte {
	dst = appendStatus(dst, statusNamed)
	dst = wire.AppendUint16(dst, uint16(len(name)))
	dst = append(dst, name...)
	return wire.AppendUint32(dst, creation)
}

// parseStatus reads a status. For named: it returns the name and creation that the peer gives.
func parseStatus(b []byte) (status string, name gen.Atom, creation uint32, err error) {
	r := wire.NewReader(b)
	if tag := r.Uint8(); tag != tagStatus {
		r.Fail(fmt.Sprintf("a packet that begins with %d where a status was expected", tag))
	}
	text := r.Rest()
	if r.Err() != nil {
		return "", "", 0, r.Err()
	}
	rest, named := bytes.CutPrefix(text, []byte(statusNamed))
	if !named {
		return string(text[:min(len(text), maxStatusInText)]), "", 0, nil
	}
	r = wire.NewReader(rest)
	name = gen.Atom(r.Bytes(int(r.Uint16())))
	creation = r.Uint32()
	return statusNamed, name, creation, r.Err()
}

// challenge: 'N', Flags:64, Challenge:32, Creation:32, NLen:16, Name.
func appendChallenge(dst []byte, h Hello, challenge uint32) []byte {
	dst = append(dst, tagSendName)
	dst = wire.AppendUint64(dst, uint64(h.Flags))
	dst = wire.AppendUint32(dst, challenge)
	dst = wire.AppendUint32(dst, h.Creation)
	dst = wire.AppendUint16(dst, uint16(len(h.Name)))
	return append(dst, h.Name...)
}

var errOldChallenge = errors.New("the peer answers in the way of OTP 22 and before")

func parseChallenge(b []byte) (h Hello, challenge uint32, err error) {
	r := wire.NewReader(b)
	switch tag := r.Uint8(); tag {
	case tagSendName:
	case tagSendNameOld:
		return Hello{}, 0, errOldChallenge
	default:
		r.Fail(fmt.Sprintf("a packet that begins with %d where a challenge was expected", tag))
	}
	h.Flags = Flags(r.Uint64())
	challenge = r.Uint32()
	h.Creation = r.Uint32()
	h.Name = gen.Atom(r.Bytes(int(r.Uint16())))
	return h, challenge, r.Err()
}

// complement: 'c', FlagsHigh:32, Creation:32; it follows an old send_name.
func appendComplement(dst []byte, h Hello) []byte {
	dst = append(dst, tagComplement)
	dst = wire.AppendUint32(dst, uint32(h.Flags>>32))
	return wire.AppendUint32(dst, h.Creation)
}

func parseComplement(b []byte) (high Flags, creation uint32, err error) {
	r := wire.NewReader(b)
	expect(&r, tagComplement, "a complement")
	high = Flags(r.Uint32()) << 32
	creation = r.Uint32()
	r.End()
	return high, creation, r.Err()
}

// challenge_reply: 'r', Challenge:32, Digest:16 bytes.
func appendReply(dst []byte, challenge uint32, digest [16]byte) []byte {
	return append(wire.AppendUint32(append(dst, tagReply), challenge), digest[:]...)
}

func parseReply(b []byte) (challenge uint32, digest [16]byte, err error) {
	r := wire.NewReader(b)
	expect(&r, tagReply, "a challenge reply")
	challenge = r.Uint32()
	copy(digest[:], r.Bytes(len(digest)))
	r.End()
	return challenge, digest, r.Err()
}

// challenge_ack: 'a', Digest:16 bytes.
func appendAck(dst []byte, digest [16]byte) []byte {
	return append(append(dst, tagAck), digest[:]...)
}

func parseAck(b []byte) (digest [16]byte, err error) {
	r := wire.NewReader(b)
	expect(&r, tagAck, "a challenge ack")
	copy(digest[:], r.Bytes(len(digest)))
	r.End()
	return digest, r.Err()
}

func expect(r *wire.Reader, tag byte, what string) {
	if got := r.Uint8(); got != tag {
		r.Fail(fmt.Sprintf("a packet that begins with %d where %s was expected", got, what))
	}
}
