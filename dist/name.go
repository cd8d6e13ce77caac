package dist

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// maxName is how many bytes a node name may have: those of the longest atom that any node takes.
const maxName = 255

// NameError is a node name that Erlang would not take.
type NameError struct {
	Name string
	Why  string
}

// Error implements error.
func (e *NameError) Error() string { return fmt.Sprintf("%q is no node name: %s", e.Name, e.Why) }

// ParseName splits a full node name into the part before the @ and the host. The rules are the emulator's: exactly one
// @, both sides non-empty, and before it only letters, digits, _ and -. The error is a *NameError.
func ParseName(name string) (alive, host string, err error) {
	alive, host, found := strings.Cut(name, "@")
	switch {
	case !found:
		return "", "", &NameError{name, "it has no @host"}
	case strings.Contains(host, "@"):
		return "", "", &NameError{name, "it has more than one @"}
	case alive == "" || host == "":
		return "", "", &NameError{name, "nothing stands before or after the @"}
	case len(name) > maxName:
		return "", "", &NameError{name[:32] + "...", fmt.Sprintf("it has more than %d bytes", maxName)}
	case strings.Trim(alive, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "":
		return "", "", &NameError{name, "before the @ only letters, digits, _ and - are allowed"}
	}
	for _, r := range host {
		if r <= ' ' || r > '~' {
			return "", "", &NameError{name, "the host has a character that no host name has"}
		}
	}
	return alive, host, nil
}

// LongName reports whether name is a long name, as of erl -name: its host has a dot or is an IPv6 address.
func LongName(name string) bool {
	_, host, _ := strings.Cut(name, "@")
	return strings.Contains(host, ".") || net.ParseIP(host) != nil
}

// ErrNameForm is wrapped by the error of CompareNames.
var ErrNameForm = errors.New("long and short node names do not mix")

// CompareNames reports why a node called self does not connect to one called peer: one of them is no node name, or one
// has a long name and the other a short one ("System NOT running to use fully qualified hostnames" in Erlang).
func CompareNames(self, peer string) error {
	for _, name := range []string{self, peer} {
		if _, _, err := ParseName(name); err != nil {
			return err
		}
	}
	if LongName(self) == LongName(peer) {
		return nil
	}
	return fmt.Errorf("%w: this node, %s, has a %s name and %s a %s one: give both a host with a dot or an IP address "+
		"(erl -name), or both one without (erl -sname)", ErrNameForm, self, form(self), peer, form(peer))
}

func form(name string) string {
	if LongName(name) {
		return "long"
	}
	return "short"
}
