package dns

import (
	"fmt"
	"net/netip"
	"strings"

	"gonode/strategy"
)

// Type says which records a Query asks for. The zero value is TypeAddress.
type Type int

// The kinds of records.
const (
	TypeAddress Type = iota // A and AAAA; not for a Resolver, which is asked for each on its own
	TypeA                   // IPv4 addresses
	TypeAAAA                // IPv6 addresses
	TypeSRV                 // targets with ports
)

var typeNames = [...]string{TypeAddress: "address", TypeA: "A", TypeAAAA: "AAAA", TypeSRV: "SRV"}

// String returns "address", "A", "AAAA" or "SRV".
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("Type(%d)", int(t))
	}
	return typeNames[t]
}

// MarshalText implements encoding.TextMarshaler.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it takes what String returns, in small or capital letters.
func (t *Type) UnmarshalText(text []byte) error {
	for i, name := range typeNames {
		if strings.EqualFold(name, string(text)) {
			*t = Type(i)
			return nil
		}
	}
	return fmt.Errorf("dns: %.40q is no type of record: want address (A and AAAA), A, AAAA or SRV", text)
}

// types are the records that the DNS is asked for.
func (t Type) types() []Type {
	if t == TypeAddress {
		return []Type{TypeA, TypeAAAA}
	}
	return []Type{t}
}

// Query is a name to ask for.
type Query struct {
	// Name is the name in the DNS: "app.internal", "_erlang._tcp.example.org". One that ends with a dot is asked for as it
	// is, another within the search domains of resolv.conf as well. Required.
	Name string

	// Type is which records to ask for; the zero value means addresses, IPv4 and IPv6.
	Type Type

	// Basename is the part before the @ of the nodes; empty means Strategy.Basename.
	Basename string

	// UsePort, for TypeSRV, takes the target and port of a record as the place where the node listens, without epmd.
	UsePort bool

	// ByAddress, for TypeSRV, calls nodes by the addresses of the targets instead of the targets' names.
	ByAddress bool
}

// String returns the name and the type.
func (q Query) String() string {
	return fmt.Sprintf("%s records of %s", q.Type, q.Name)
}

// problems returns what is wrong, by field.
func (q Query) problems() map[string]string {
	bad := map[string]string{}
	if problem := wrongName(q.Name); problem != "" {
		bad["Name"] = problem
	}
	if q.Type < 0 || int(q.Type) >= len(typeNames) {
		bad["Type"] = fmt.Sprintf("%v is none: want address, A, AAAA or SRV", q.Type)
	}
	if q.Basename != "" && strategy.CheckName(q.Basename+"@h") != nil {
		bad["Basename"] = fmt.Sprintf("%.60q is not the part of a node's name before the @", q.Basename)
	}
	if q.Type != TypeSRV {
		for field, set := range map[string]bool{"UsePort": q.UsePort, "ByAddress": q.ByAddress} {
			if set {
				bad[field] = "is for SRV records only: set Type to SRV, or leave it out"
			}
		}
	}
	return bad
}

// wrongName says what is wrong with a name in the DNS; empty if nothing is.
func wrongName(name string) string {
	if name == "" {
		return "is missing: give a name in the DNS"
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Sprintf("%q is an address, not a name: list nodes of known addresses with strategy epmd", name)
	}
	if len(name) > 254 {
		return fmt.Sprintf("%.40q... has more than 253 characters", name)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		switch {
		case label == "":
			return fmt.Sprintf("%q has two dots in a row or begins with one", name)
		case len(label) > 63:
			return fmt.Sprintf("%q has a part of more than 63 characters", name)
		case strings.ContainsFunc(label, notInHost):
			return fmt.Sprintf("%q has a character that no host has: want letters, digits, - and _ with dots in between", name)
		}
	}
	return ""
}

// notInHost reports whether r is not in names of hosts and services.
func notInHost(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
