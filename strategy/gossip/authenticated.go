package gossip

import (
	"crypto/rand"
	"math"
	"strconv"
	"time"

	"gonode/internal/wire"
)

// The authenticated frame, version 1; docs/protocol.md has it byte for byte.
const (
	magic       = "gng" // and the version
	version     = 1
	saltSize    = 16
	nonceSize   = 12
	tagSize     = 16
	keyIDAt     = 4
	saltAt      = 8
	nonceAt     = saltAt + saltSize
	sealedAt    = nonceAt + nonceSize // what is before it is authenticated, and not encrypted
	leastSealed = 1 + 8 + 4 + 2 + 1   // kind, time, interval, and the lengths of the name and the address
)

// isAuthenticated reports whether b is meant to be an authenticated frame.
func isAuthenticated(b []byte) bool { return len(b) >= len(magic) && string(b[:len(magic)]) == magic }

// appendAuthenticated appends m under key; random are saltSize+nonceSize bytes that were never used before.
func appendAuthenticated(dst []byte, key Key, m message, random []byte) ([]byte, error) {
	start := len(dst)
	id := key.id()
	dst = append(dst, magic...)
	dst = append(dst, version)
	dst = append(dst, id[:]...)
	dst = append(dst, random...)

	body := make([]byte, 0, leastSealed+len(m.node)+len(m.address))
	body = append(body, byte(m.kind))
	body = wire.AppendUint64(body, uint64(m.sent.UnixMilli()))
	body = wire.AppendUint32(body, uint32(min(m.interval.Milliseconds(), math.MaxUint32)))
	body = wire.AppendUint16(body, uint16(len(m.node)))
	body = append(body, m.node...)
	body = append(body, byte(len(m.address)))
	body = append(body, m.address...)

	head := dst[start:]
	aead, err := key.seal(head[saltAt:nonceAt])
	if err != nil {
		return nil, err
	}
	return aead.Seal(dst, head[nonceAt:sealedAt], body, head), nil
}

// newRandom returns what appendAuthenticated needs.
func newRandom() []byte {
	b := make([]byte, saltSize+nonceSize)
	_, _ = rand.Read(b) // never fails
	return b
}

// authenticated decodes b into p.
func (c *codec) authenticated(b []byte, p *Packet) {
	p.Frame = FrameAuthenticated
	switch {
	case len(b) > len(magic) && b[len(magic)] != version:
		p.drop(DropVersion, "version "+strconv.Itoa(int(b[len(magic)])))
		return
	case len(b) < sealedAt+leastSealed+tagSize:
		p.drop(DropMalformed, "too short")
		return
	}
	p.drop(DropKey, "")
	for _, k := range c.keys {
		if string(k.id[:]) != string(b[keyIDAt:saltAt]) {
			continue
		}
		p.Key = k.name
		aead, err := k.key.seal(b[saltAt:nonceAt])
		if err != nil {
			continue
		}
		body, err := aead.Open(c.scratch[:0], b[nonceAt:sealedAt], b[sealedAt:], b[:sealedAt])
		if err != nil {
			p.drop(DropForged, "")
			continue // two keys with one id: unlikely, and no harm
		}
		p.Err = nil
		p.authenticatedBody(body)
		c.fresh(b[nonceAt:sealedAt], p)
		return
	}
}

// authenticatedBody reads what was sealed. Bytes that are left over belong to later versions.
func (p *Packet) authenticatedBody(body []byte) {
	r := wire.NewReader(body)
	p.Kind = Kind(r.Uint8())
	p.Sent = time.UnixMilli(int64(r.Uint64()))
	p.Interval = time.Duration(r.Uint32()) * time.Millisecond
	p.Node = string(r.Bytes(int(r.Uint16())))
	p.Address = string(r.Bytes(int(r.Uint8())))
	switch {
	case r.Err() != nil:
		p.drop(DropMalformed, r.Err().Error())
	case p.Kind != Heartbeat && p.Kind != Goodbye:
		p.drop(DropMalformed, "kind "+strconv.Itoa(int(p.Kind)))
	}
}

// fresh drops p if its time stamp is too far off, or if its nonce was seen before.
func (c *codec) fresh(nonce []byte, p *Packet) {
	if p.Err != nil {
		return
	}
	if off := p.At.Sub(p.Sent); off.Abs() > c.maxSkew {
		p.drop(DropStale, "its clock is off by "+(-off).Round(time.Millisecond).String())
		return
	}
	switch c.replay.see([nonceSize]byte(nonce), p.At) {
	case seenBefore:
		p.drop(DropReplayed, "")
	case seenTooMany:
		p.drop(DropCrowded, "too many authenticated packets at once")
	}
}
