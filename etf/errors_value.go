package etf

import "fmt"

// ValueError says which part of a Go value or term [Marshal] or [Unmarshal] could not convert.
type ValueError struct {
	// Path leads to the part from the value that was passed in: user.age, users[3], limits[cpu]. It is empty for the value itself.
	Path string
	// What happened, in words.
	What string
	// Err is the error of a Marshaler or Unmarshaler, or nil.
	Err error
}

// Error implements error.
func (e *ValueError) Error() string {
	s := e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Path == "" {
		return "etf: " + s
	}
	return "etf: " + e.Path + ": " + s
}

// Unwrap returns the error of a Marshaler or Unmarshaler.
func (e *ValueError) Unwrap() error { return e.Err }

func valueErrorf(format string, args ...any) *ValueError {
	return &ValueError{What: fmt.Sprintf(format, args...)}
}

// in puts the name of a field in front of the path.
func (e *ValueError) in(name string) *ValueError {
	if e.Path != "" && e.Path[0] != '[' {
		name += "."
	}
	e.Path = name + e.Path
	return e
}

// at puts an index or key in front of the path.
func (e *ValueError) at(index any) *ValueError { return e.in(fmt.Sprintf("[%v]", index)) }
