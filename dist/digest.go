package dist

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"ergo.services/ergo/gen"
)

// Digest answers a challenge: the MD5 of the cookie and the challenge in decimal ("Distribution Handshake"). The
// characters of a cookie are code points up to 255, a byte each, as for erl -setcookie; what is no UTF-8, or beyond 255, is
// taken byte by byte. MD5 is what the protocol demands: the cookie keeps apart nodes that must not mix, and is no
// protection against those who can read the network.
func Digest(cookie string, challenge uint32) [md5.Size]byte {
	b := make([]byte, 0, len(cookie)+10)
	for len(cookie) > 0 {
		r, n := utf8.DecodeRuneInString(cookie)
		if r <= 0xff {
			b = append(b, byte(r))
		} else {
			b = append(b, cookie[:n]...)
		}
		cookie = cookie[n:]
	}
	return md5.Sum(strconv.AppendUint(b, uint64(challenge), 10))
}

// sameDigest compares in constant time.
func sameDigest(a, b [md5.Size]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// randomName invents a name the way OTP does for nodes that ask for one: 64 random bits in base 36. Creations below 4 are
// those of old nodes.
func randomName(host string) (gen.Atom, uint32, error) {
	var b [12]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", 0, err
	}
	alive := strings.ToUpper(strconv.FormatUint(binary.BigEndian.Uint64(b[:]), 36))
	return gen.Atom(alive + "@" + host), max(binary.BigEndian.Uint32(b[8:]), 4), nil
}

// randomChallenge draws a challenge.
func randomChallenge() (uint32, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b[:]), nil
}
