package dist

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"strconv"
)

// Digest answers a challenge: the MD5 of the cookie and the challenge in decimal. The characters of a cookie are code
// points up to 255, a byte each. What the protocol asks of MD5 here is little; the cookie keeps nodes apart that must not
// mix, and is no protection against those who can read the network.
func Digest(cookie string, challenge uint32) [md5.Size]byte {
	b := make([]byte, 0, len(cookie)+10)
	for _, r := range cookie {
		b = append(b, byte(r))
	}
	return md5.Sum(strconv.AppendUint(b, uint64(challenge), 10))
}

// sameDigest compares in constant time.
func sameDigest(a, b [md5.Size]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// randomChallenge draws a challenge.
func randomChallenge() (uint32, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b[:]), nil
}
