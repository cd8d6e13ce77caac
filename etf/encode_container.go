package etf

import (
	"encoding/binary"
	"math"
)

const tooDeep = "it is nested more than 10000 deep; does it contain itself?"

func (e *Encoder) tuple(dst []byte, t Tuple, depth int) ([]byte, error) {
	switch n := len(t); {
	case depth == 0:
		return dst, encodeErrorf(t, tooDeep)
	case n <= math.MaxUint8:
		dst = append(dst, tagSmallTuple, byte(n))
	case n <= maxArity:
		dst = binary.BigEndian.AppendUint32(append(dst, tagLargeTuple), uint32(n))
	default:
		return dst, encodeErrorf(t, "%d elements are more than a tuple can have", n)
	}
	return e.elements(dst, t, depth)
}

func (e *Encoder) elements(dst []byte, elems []any, depth int) (_ []byte, err error) {
	for _, v := range elems {
		if dst, err = e.append(dst, v, depth-1); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (e *Encoder) list(dst []byte, l []any, depth int) ([]byte, error) {
	if len(l) == 0 {
		return append(dst, tagNil), nil
	}
	if out, ok := appendString(dst, l); ok {
		return out, nil
	}
	dst, err := e.listElements(dst, l, depth)
	return append(dst, tagNil), err
}

// appendString appends l as STRING_EXT, as Erlang does, if it has only integers from 0 to 255.
func appendString(dst []byte, l []any) ([]byte, bool) {
	if len(l) > maxString {
		return dst, false
	}
	out := binary.BigEndian.AppendUint16(append(dst, tagString), uint16(len(l)))
	for _, v := range l {
		c, ok := v.(int64)
		if !ok {
			if c, ok = intOf(v); !ok {
				return dst, false
			}
		}
		if c < 0 || c > math.MaxUint8 {
			return dst, false
		}
		out = append(out, byte(c))
	}
	return out, true
}

func (e *Encoder) listElements(dst []byte, l []any, depth int) ([]byte, error) {
	if depth == 0 {
		return dst, encodeErrorf(l, tooDeep)
	}
	if uint64(len(l)) > math.MaxUint32 {
		return dst, encodeErrorf(l, "%d elements are more than a list can have", len(l))
	}
	dst = binary.BigEndian.AppendUint32(append(dst, tagList), uint32(len(l)))
	return e.elements(dst, l, depth)
}

func (e *Encoder) improper(dst []byte, l ImproperList, depth int) ([]byte, error) {
	if depth == 0 {
		return dst, encodeErrorf(l, tooDeep)
	}
	if len(l.Elems) == 0 {
		return e.append(dst, l.Tail, depth-1)
	}
	dst, err := e.listElements(dst, l.Elems, depth)
	if err != nil {
		return dst, err
	}
	return e.append(dst, l.Tail, depth-1)
}

func (e *Encoder) mapTerm(dst []byte, m Map, depth int) (_ []byte, err error) {
	if depth == 0 {
		return dst, encodeErrorf(m, tooDeep)
	}
	if uint64(len(m)) > math.MaxUint32 {
		return dst, encodeErrorf(m, "%d pairs are more than a map can have", len(m))
	}
	if i := duplicateKey(m); i >= 0 {
		return dst, encodeErrorf(m, "the key %s is there twice", formatLimited(m[i].Key, 64))
	}
	if e.OneZero {
		if same, ok := sameZero(m); ok {
			if i := duplicateKey(same); i >= 0 {
				return dst, encodeErrorf(m, "the key %s is there with 0.0 and -0.0, which are one before OTP 27", formatLimited(m[i].Key, 64))
			}
		}
	}
	dst = binary.BigEndian.AppendUint32(append(dst, tagMap), uint32(len(m)))
	for i := range m {
		if dst, err = e.append(dst, m[i].Key, depth-1); err != nil {
			return dst, err
		}
		if dst, err = e.append(dst, m[i].Value, depth-1); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (e *Encoder) record(dst []byte, r Record, depth int) (_ []byte, err error) {
	if depth == 0 {
		return dst, encodeErrorf(r, tooDeep)
	}
	if e.NoRecords {
		return dst, encodeErrorf(r, "it is a native record, which the peer (older than OTP 29) does not know")
	}
	dst = binary.BigEndian.AppendUint32(append(dst, tagRecord), uint32(len(r.Fields)))
	flags := byte(0)
	if r.Exported {
		flags = 1
	}
	if dst, err = e.atom(append(dst, flags), r.Module); err != nil {
		return dst, err
	}
	if dst, err = e.atom(dst, r.Name); err != nil {
		return dst, err
	}
	for i := range r.Fields {
		if dst, err = e.atom(dst, r.Fields[i].Name); err != nil {
			return dst, err
		}
	}
	for i := range r.Fields {
		if dst, err = e.append(dst, r.Fields[i].Value, depth-1); err != nil {
			return dst, err
		}
	}
	return dst, nil
}
