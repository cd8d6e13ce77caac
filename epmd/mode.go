package epmd

import (
	"fmt"
	"strings"
)

// Mode is how a node that wants to be found uses epmd.
type Mode int

const (
	// Auto uses the epmd that runs, and serves in its place while none does.
	Auto Mode = iota

	// External uses the epmd that runs, and never serves.
	External

	// Embedded serves, and fails if the port is in use.
	Embedded

	// None neither registers nor serves: the node's port is known to the others by other means.
	None
)

var modeNames = [...]string{Auto: "auto", External: "external", Embedded: "embedded", None: "none"}

// String returns "auto", "external", "embedded" or "none".
func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("Mode(%d)", int(m))
	}
	return modeNames[m]
}

// ParseMode is the inverse of String; the empty string is Auto, and case does not matter.
func ParseMode(s string) (Mode, error) {
	if s == "" {
		return Auto, nil
	}
	for m, name := range modeNames {
		if strings.EqualFold(s, name) {
			return Mode(m), nil
		}
	}
	return 0, fmt.Errorf("epmd: unknown mode %q: use %s", s, strings.Join(modeNames[:], ", "))
}

// MarshalText implements encoding.TextMarshaler.
func (m Mode) MarshalText() ([]byte, error) {
	if m < 0 || int(m) >= len(modeNames) {
		return nil, fmt.Errorf("epmd: no such mode: %d", int(m))
	}
	return []byte(m.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Mode) UnmarshalText(text []byte) error {
	v, err := ParseMode(string(text))
	if err == nil {
		*m = v
	}
	return err
}
