package epmd

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

const (
	// DefaultPort is the TCP port of epmd when ERL_EPMD_PORT does not say otherwise.
	DefaultPort = 4369

	// TypeNormal is the node type that every OTP node registers with ('M'), hidden ones too.
	TypeNormal = 77

	// TypeHidden is the node type that erl_interface registers with ('H').
	TypeHidden = 72

	// HighVersion is the highest distribution protocol version that OTP 23 to 29 register.
	HighVersion = 6

	// LowVersion is the lowest one that they register.
	LowVersion = 5
)

// Limits of a name and of the extra bytes, as epmd has them.
const (
	maxNameRunes = 255
	maxNameBytes = 4 * maxNameRunes
	maxExtra     = 1020
)

// Node is what epmd knows about a node. In an answer to NAMES only Name and Port are known; the rest is zero.
//
// When a Node is registered, a zero Type means TypeNormal, and a HighVersion of zero means the range LowVersion to
// HighVersion.
type Node struct {
	Name        string // the part of the node's name before the @
	Port        uint16 // TCP port of its distribution listener
	Type        uint8  // TypeNormal or TypeHidden; OTP writes it and never reads it
	Protocol    uint8  // 0: TCP, which is what TLS nodes say too
	HighVersion uint16
	LowVersion  uint16
	Extra       []byte // free bytes, at most 1020; empty for OTP nodes
}

// Version returns the distribution protocol version that a node which speaks LowVersion to HighVersion uses with n,
// or 0 if there is none.
func (n Node) Version() int {
	high := min(int(n.HighVersion), HighVersion)
	if high < int(n.LowVersion) || high < LowVersion {
		return 0
	}
	return high
}

// String returns the node as epmd -names prints it.
func (n Node) String() string { return fmt.Sprintf("name %s at port %d", n.Name, n.Port) }

// withDefaults returns n as it goes to epmd.
func (n Node) withDefaults() Node {
	if n.Type == 0 {
		n.Type = TypeNormal
	}
	if n.HighVersion == 0 {
		n.HighVersion, n.LowVersion = HighVersion, LowVersion
	}
	return n
}

// CheckName returns an error that says what is wrong with name as the part of a node's name before the @, or nil.
//
// epmd allows 255 characters of UTF-8. White space and control characters, which it takes, are refused here: a line
// feed in a name forges lines in the answer to NAMES.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case !utf8.ValidString(name):
		return errors.New("the name is not UTF-8")
	case len(name) > maxNameBytes || utf8.RuneCountInString(name) > maxNameRunes:
		return fmt.Errorf("the name has more than %d characters", maxNameRunes)
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return fmt.Errorf("the name has the character %q in it", r)
		}
	}
	return nil
}
