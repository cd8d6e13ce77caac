// Package wire reads big-endian bytes with a reader that cannot forget a bound, and appends them.
//
// A Reader keeps the first failure: after it every read returns zero and the position no longer moves, so a decoder
// reads all the fields of a packet in a row and asks Err once.
package wire

import (
	"encoding/binary"
	"fmt"
)

// Reader reads a byte slice from front to back. The zero value reads an empty slice. It is not safe for concurrent use.
type Reader struct {
	buf []byte // after a failure it ends at off, so that nothing more is read
	off int
	err error
}

// NewReader returns a reader of b, which it does not copy and never writes to.
func NewReader(b []byte) Reader { return Reader{buf: b} }

// Error is a read that the bytes do not allow, with the place where it was tried.
type Error struct {
	Offset int    // bytes read before the failure
	What   string // the field or rule that failed
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.What) }

// Err returns the first failure, or nil.
func (r *Reader) Err() error { return r.err }

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.off }

// Len returns how many bytes are left; 0 after a failure.
func (r *Reader) Len() int { return len(r.buf) - r.off }

// Fail records a failure at the current position unless one is recorded already.
func (r *Reader) Fail(what string) {
	if r.err == nil {
		r.err = &Error{Offset: r.off, What: what}
		r.buf = r.buf[:r.off]
	}
}

// short fails for want of n bytes.
func (r *Reader) short(n int) {
	if r.err == nil {
		r.Fail(fmt.Sprintf("%d bytes wanted, %d left", n, r.Len()))
	}
}

// Bytes returns the next n bytes, which share memory with the slice that is read.
func (r *Reader) Bytes(n int) []byte {
	if uint(n) > uint(len(r.buf)-r.off) {
		r.short(n)
		return nil
	}
	b := r.buf[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// Rest returns all that is left.
func (r *Reader) Rest() []byte { return r.Bytes(r.Len()) }

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if r.off < len(r.buf) {
		b := r.buf[r.off]
		r.off++
		return b
	}
	r.short(1)
	return 0
}

// Peek returns the next two bytes without reading them, and false if there are no two.
func (r *Reader) Peek() (first, second byte, ok bool) {
	if r.off+1 < len(r.buf) {
		return r.buf[r.off], r.buf[r.off+1], true
	}
	return 0, 0, false
}

// Pass passes over the two bytes that Peek has returned, and never beyond the end.
func (r *Reader) Pass() { r.off = min(r.off+2, len(r.buf)) }

// Uint16 reads two bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads eight bytes.
func (r *Reader) Uint64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Count checks a count of items that came from the wire against the bytes left, before anyone allocates for it: each
// item takes at least min bytes. It returns n, or 0 and a failure.
func (r *Reader) Count(n uint64, min int) int {
	if left := uint64(len(r.buf) - r.off); n > left/uint64(min) {
		r.Fail(fmt.Sprintf("%d items of at least %d bytes announced, %d bytes left", n, min, left))
		return 0
	}
	return int(n)
}

// End fails if bytes are left.
func (r *Reader) End() {
	if n := r.Len(); n > 0 {
		r.Fail(fmt.Sprintf("%d bytes left over", n))
	}
}

// AppendUint16 appends v.
func AppendUint16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

// AppendUint32 appends v.
func AppendUint32(dst []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(dst, v) }

// AppendUint64 appends v.
func AppendUint64(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, v) }
