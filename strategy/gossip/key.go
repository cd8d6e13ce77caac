package gossip

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// Key is a key of the authenticated frame, the same on all nodes. It is to be random, as of NewKey: it is not stretched,
// so a word or a sentence is no key. The formats of package fmt print its id, which is no secret.
type Key [KeySize]byte

// NewKey returns a fresh random key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails
	return k
}

// ParseKey reads a key as Text writes it: 32 bytes in base64. The error does not have the text in it.
func ParseKey(text string) (Key, error) {
	var k Key
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	switch {
	case err != nil:
		return k, errors.New("gossip: the key is not base64: want 32 random bytes in base64, as of `head -c 32 /dev/urandom | base64`")
	case len(b) != KeySize:
		return k, fmt.Errorf("gossip: the key has %d bytes, want %d: make one with `head -c 32 /dev/urandom | base64`", len(b), KeySize)
	}
	return Key(b), nil
}

// Text returns the key itself in base64, for a file of keys. Do not log it.
func (k Key) Text() string { return base64.StdEncoding.EncodeToString(k[:]) }

// ID returns the name of the key on the wire, eight hexadecimal digits. It tells nothing of the key.
func (k Key) ID() string {
	id := k.id()
	return hex.EncodeToString(id[:])
}

// String returns the id of the key.
func (k Key) String() string { return "key " + k.ID() }

// Format implements fmt.Formatter: every verb prints the id.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// id is the first bytes of a hash that only those who have the key can make.
func (k Key) id() (id [4]byte) {
	h := hmac.New(sha256.New, k[:])
	h.Write([]byte("gonode gossip key id"))
	copy(id[:], h.Sum(nil))
	return id
}

// seal returns the cipher for one packet. Each packet has a key of its own, derived with the salt it carries, so that
// the nonces of all nodes and years together never wear out the key.
func (k Key) seal(salt []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, k[:], salt, "gonode gossip 1", KeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
