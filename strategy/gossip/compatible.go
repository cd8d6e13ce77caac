package gossip

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strconv"
	"unicode/utf8"

	"gonode/internal/wire"
)

// The compatible frame: one of these, and a term. libcluster knows the first and ignores what begins otherwise, so it
// ignores the second.
const (
	heartbeatPrefix = "heartbeat::"
	goodbyePrefix   = "goodbye::"
)

// The tags of the term, of the external term format.
const (
	termVersion   = 131
	tagMap        = 116
	tagAtom       = 100 // Latin-1, two bytes of length
	tagSmallAtom  = 115 // Latin-1, one byte
	tagAtomUTF8   = 118
	tagSmallUTF8  = 119
	maxAtom       = 255 // characters
	blockSize     = aes.BlockSize
	leastSecret   = 2 * blockSize // the IV and one block
	maxCompatible = 1200          // bytes of the longest frame with a name of 255 characters, and some
)

// appendPlain appends m as #{node => Name} behind its prefix.
func appendPlain(dst []byte, m message) []byte {
	prefix := heartbeatPrefix
	if m.kind == Goodbye {
		prefix = goodbyePrefix
	}
	dst = append(dst, prefix...)
	dst = append(dst, termVersion, tagMap, 0, 0, 0, 1)
	dst = appendAtom(dst, "node")
	return appendAtom(dst, m.node)
}

// appendAtom writes an atom as OTP up to 25 does, which every release reads.
func appendAtom(dst []byte, name string) []byte {
	latin1 := make([]byte, 0, len(name))
	for _, r := range name {
		if r > 255 {
			dst = wire.AppendUint16(append(dst, tagAtomUTF8), uint16(len(name)))
			return append(dst, name...)
		}
		latin1 = append(latin1, byte(r))
	}
	dst = wire.AppendUint16(append(dst, tagAtom), uint16(len(latin1)))
	return append(dst, latin1...)
}

// secretBlock returns the cipher that a secret stands for.
func secretBlock(secret string) cipher.Block {
	key := sha256.Sum256([]byte(secret))
	block, _ := aes.NewCipher(key[:]) // fails for other lengths only
	return block
}

// appendSecret appends plain, encrypted: the IV, and AES-256-CBC of plain padded as of PKCS #7.
func appendSecret(dst []byte, block cipher.Block, plain, iv []byte) []byte {
	dst = append(dst, iv...)
	start := len(dst)
	dst = append(dst, plain...)
	pad := blockSize - len(plain)%blockSize
	dst = append(dst, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(dst[start:], dst[start:])
	return dst
}

func newIV() []byte {
	iv := make([]byte, blockSize)
	_, _ = rand.Read(iv) // never fails
	return iv
}

// kindOf returns what the prefix of b stands for, and the rest; 0 if it has none.
func kindOf(b []byte) (Kind, []byte) {
	if rest, ok := bytes.CutPrefix(b, []byte(heartbeatPrefix)); ok {
		return Heartbeat, rest
	}
	if rest, ok := bytes.CutPrefix(b, []byte(goodbyePrefix)); ok {
		return Goodbye, rest
	}
	return 0, nil
}

// compatible decodes b into p: plain, or with the secret if there is one.
func (c *codec) compatible(b []byte, p *Packet) {
	if kind, term := kindOf(b); kind != 0 {
		p.Frame, p.Kind = FramePlain, kind
		p.term(term)
		return
	}
	shaped := len(b) >= leastSecret && len(b)%blockSize == 0
	switch {
	case !shaped:
		p.drop(DropUnknown, "")
	case c.block == nil:
		p.drop(DropUnknown, "it has the shape of a packet with a secret, and there is none here")
	case len(b) > maxCompatible:
		p.drop(DropUnknown, "too long for a packet with a secret")
	default:
		c.secret(b, p)
	}
}

// secret decrypts b. Its first block says whether the secret is ours: it begins with a prefix.
func (c *codec) secret(b []byte, p *Packet) {
	iv, sealed := b[:blockSize], b[blockSize:]
	plain := c.scratch[:len(sealed)]
	c.block.Decrypt(plain, sealed[:blockSize])
	for i := range iv {
		plain[i] ^= iv[i]
	}
	if kind, _ := kindOf(plain[:blockSize]); kind == 0 {
		p.drop(DropUnknown, "it has the shape of a packet with another secret")
		return
	}
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(plain, sealed)
	p.Frame = FrameSecret
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > blockSize || bytes.Count(plain[len(plain)-pad:], []byte{byte(pad)}) != pad {
		p.drop(DropMalformed, "the padding is wrong")
		return
	}
	var term []byte
	p.Kind, term = kindOf(plain[:len(plain)-pad])
	p.term(term)
}

// term reads #{node => Name}, the only term that libcluster sends. No other is looked at: nothing of it would be used.
func (p *Packet) term(b []byte) {
	r := wire.NewReader(b)
	if v := r.Uint8(); r.Err() == nil && v != termVersion {
		r.Fail("not a term of the external format")
	}
	if tag, n := r.Uint8(), r.Uint32(); r.Err() == nil && (tag != tagMap || n != 1) {
		r.Fail("not a map of one key")
	}
	if key := readAtom(&r); r.Err() == nil && string(key) != "node" {
		r.Fail("the key is not the atom node")
	}
	name := readAtom(&r)
	r.End()
	if r.Err() != nil {
		p.drop(DropMalformed, r.Err().Error())
		return
	}
	p.Node = string(name)
}

// readAtom returns the text of an atom in UTF-8.
func readAtom(r *wire.Reader) []byte {
	tag := r.Uint8()
	var n int
	switch tag {
	case tagSmallAtom, tagSmallUTF8:
		n = int(r.Uint8())
	case tagAtom, tagAtomUTF8:
		n = int(r.Uint16())
	default:
		if r.Err() == nil {
			r.Fail("tag " + strconv.Itoa(int(tag)) + " is not that of an atom")
		}
		return nil
	}
	latin1 := tag == tagAtom || tag == tagSmallAtom
	if n > maxAtom && (latin1 || n > maxAtom*utf8.UTFMax) {
		r.Fail("an atom of more than 255 characters")
	}
	text := r.Bytes(n)
	if latin1 && slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf }) {
		return latin1ToUTF8(text)
	}
	return text
}

func latin1ToUTF8(text []byte) []byte {
	runes := make([]rune, len(text))
	for i, b := range text {
		runes[i] = rune(b)
	}
	return []byte(string(runes))
}
