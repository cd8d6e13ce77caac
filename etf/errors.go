package etf

import (
	"errors"
	"fmt"
)

// The kinds of a DecodeError, for errors.Is.
var (
	// ErrTruncated: the bytes end before the term does.
	ErrTruncated = errors.New("term is cut short")
	// ErrLimit: the term is larger or nested deeper than the Decoder's Limits allow.
	ErrLimit = errors.New("term exceeds a limit")
	// ErrMalformed: the bytes are no term.
	ErrMalformed = errors.New("malformed term")
	// ErrUnsupported: the tag is known, but a term from another node must not have it here.
	ErrUnsupported = errors.New("tag is not supported")
)

// DecodeError says why and where bytes could not be decoded. errors.Is tells its kind.
type DecodeError struct {
	// Offset counts bytes from the start of the slice that was passed in; in a compressed term, from the start of what
	// was uncompressed.
	Offset int
	// Kind is ErrTruncated, ErrLimit, ErrMalformed or ErrUnsupported.
	Kind error
	// What happened, in words.
	What string
}

// Error implements error.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("etf: %v at byte %d: %s", e.Kind, e.Offset, e.What)
}

// Unwrap returns the kind.
func (e *DecodeError) Unwrap() error { return e.Kind }

// EncodeError says which value the external term format cannot hold.
type EncodeError struct {
	Type string // Go type of the value
	What string // what is wrong with it
}

// Error implements error.
func (e *EncodeError) Error() string { return "etf: cannot encode " + e.Type + ": " + e.What }

func encodeErrorf(v any, format string, args ...any) error {
	return &EncodeError{Type: fmt.Sprintf("%T", v), What: fmt.Sprintf(format, args...)}
}
