package etf

import (
	"encoding/binary"

	"ergo.services/ergo/gen"
)

func (e *Encoder) pid(dst []byte, p gen.PID) ([]byte, error) {
	num, serial, creation, err := e.Local.pidToWire(p)
	if err != nil {
		return dst, encodeErrorf(p, "%s: %v", Format(p), err)
	}
	if e.SmallIDs && (num >= 1<<pidBits || serial >= smallSerial) {
		return dst, encodeErrorf(p, "%s has more than 15 and 13 bits, which the peer (OTP 23, without V4_NC) does not accept", Format(p))
	}
	if num >= 1<<peerPIDBits && e.Peer != "" && p.Node == e.Peer {
		return dst, encodeErrorf(p, "%s has an id of more than 28 bits: no process of the peer does", Format(p))
	}
	if dst, err = e.atom(append(dst, tagNewPID), p.Node); err != nil {
		return dst, err
	}
	dst = binary.BigEndian.AppendUint32(dst, num)
	dst = binary.BigEndian.AppendUint32(dst, serial)
	return binary.BigEndian.AppendUint32(dst, creation), nil
}

func (e *Encoder) ref(dst []byte, r gen.Ref) ([]byte, error) {
	words, n, creation, err := e.Local.refToWire(r)
	if err != nil {
		return dst, encodeErrorf(r, "%s: %v", Format(r), err)
	}
	if e.SmallIDs && n > 3 {
		return dst, encodeErrorf(r, "%s has more than 3 words, which the peer (OTP 23, without V4_NC) does not accept", Format(r))
	}
	if words[0] >= 1<<refBits && e.Peer != "" && r.Node == e.Peer {
		return dst, encodeErrorf(r, "%s has a first word of more than 18 bits: no reference of the peer does", Format(r))
	}
	dst = append(dst, tagNewerReference, 0, byte(n))
	if dst, err = e.atom(dst, r.Node); err != nil {
		return dst, err
	}
	dst = binary.BigEndian.AppendUint32(dst, creation)
	for _, w := range words[:n] {
		dst = binary.BigEndian.AppendUint32(dst, w)
	}
	return dst, nil
}

func (e *Encoder) port(dst []byte, p Port) (_ []byte, err error) {
	small := p.ID < smallPort
	if !small && (e.SmallIDs || !e.Ports64) {
		return dst, encodeErrorf(p, "%s has more than 28 bits, which the peer (older than OTP 24) does not accept", Format(p))
	}
	if !small && e.Peer != "" && p.Node == e.Peer {
		return dst, encodeErrorf(p, "%s has more than 28 bits: no port of the peer does", Format(p))
	}
	tag := byte(tagNewPort)
	if !small {
		tag = tagV4Port
	}
	if dst, err = e.atom(append(dst, tag), p.Node); err != nil {
		return dst, err
	}
	if small {
		dst = binary.BigEndian.AppendUint32(dst, uint32(p.ID))
	} else {
		dst = binary.BigEndian.AppendUint64(dst, p.ID)
	}
	return binary.BigEndian.AppendUint32(dst, p.Creation), nil
}

func (e *Encoder) fun(dst []byte, f Fun, depth int) (_ []byte, err error) {
	if f.Raw != nil && !e.SmallIDs && !e.NoRecords {
		return append(dst, f.Raw...), nil
	}
	if depth == 0 {
		return dst, encodeErrorf(f, tooDeep)
	}
	if f.Arity < 0 || f.Arity > 255 || len(f.Free) > maxFree {
		return dst, encodeErrorf(f, "arity %d and %d free variables; 255 are allowed of each", f.Arity, len(f.Free))
	}
	start := len(dst) + 1
	dst = append(dst, tagNewFun, 0, 0, 0, 0, byte(f.Arity))
	dst = append(dst, f.Uniq[:]...)
	dst = binary.BigEndian.AppendUint32(dst, f.Index)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Free)))
	if dst, err = e.atom(dst, f.Module); err != nil {
		return dst, err
	}
	dst = appendInt(appendInt(dst, f.OldIndex), f.OldUniq)
	if dst, err = e.pid(dst, f.PID); err != nil {
		return dst, err
	}
	if dst, err = e.elements(dst, f.Free, depth); err != nil {
		return dst, err
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst, nil
}

func (e *Encoder) export(dst []byte, x Export) (_ []byte, err error) {
	if x.Arity < 0 || x.Arity > 255 {
		return dst, encodeErrorf(x, "arity %d, not 0 to 255", x.Arity)
	}
	if dst, err = e.atom(append(dst, tagExport), x.Module); err != nil {
		return dst, err
	}
	if dst, err = e.atom(dst, x.Function); err != nil {
		return dst, err
	}
	return append(dst, tagSmallInteger, byte(x.Arity)), nil
}
