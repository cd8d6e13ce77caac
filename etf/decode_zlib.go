package etf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"gonode/internal/wire"
)

// inflate decodes the compressed term at b[at:] and returns the offset after it.
func (d *Decoder) inflate(b []byte, at int, limits Limits) (any, int, error) {
	r := wire.NewReader(b)
	r.Bytes(at + 1)
	size := r.Uint32() // UncompressedSize
	if r.Err() != nil {
		return nil, 0, &DecodeError{Offset: at, Kind: ErrTruncated, What: "the compressed term has no size"}
	}
	if uint64(size) > uint64(limits.Size) {
		return nil, 0, &DecodeError{
			Offset: at + 1, Kind: ErrLimit,
			What: fmt.Sprintf("compressed term of %d bytes, but only %d are allowed (Limits.Size)", size, limits.Size),
		}
	}
	in := bytes.NewReader(r.Rest())
	plain, err := inflate(in, int64(size))
	if err != nil {
		return nil, 0, &DecodeError{Offset: at + 5, Kind: ErrMalformed, What: "compressed term: " + err.Error()}
	}
	inner := *d
	inner.Compressed = false
	inner.Limits = limits
	term, n, err := inner.decode(plain, 0)
	d.interned = inner.interned
	if err != nil {
		return nil, 0, err
	}
	if n != len(plain) {
		return nil, 0, &DecodeError{
			Offset: n, Kind: ErrMalformed,
			What: fmt.Sprintf("%d bytes are left over after the compressed term", len(plain)-n),
		}
	}
	return term, len(b) - in.Len(), nil
}

// inflate returns what in holds, which must be size bytes. It reads no byte more than the compressed data has, and does not
// believe size before the bytes have come.
func inflate(in *bytes.Reader, size int64) ([]byte, error) {
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(z, size+1))
	if err != nil {
		return nil, err
	}
	if int64(len(plain)) != size {
		return nil, fmt.Errorf("it announces %d bytes and has another length", size)
	}
	return plain, nil
}
