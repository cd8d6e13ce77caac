package dns

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Record is one record of an answer: an address, or a target with a port.
type Record struct {
	Addr netip.Addr // of TypeA and TypeAAAA

	Target   string // of TypeSRV: the name of a host, with no dot at the end
	Port     uint16
	Priority uint16 // the smallest goes first
	Weight   uint16
	Addrs    []netip.Addr // of the target, if the server has sent them along
}

// Answer is what the DNS has said. An answer with no records is one: the name exists and has none of this type.
type Answer struct {
	Name    string        // that exists: with the search domain in which it was found
	Records []Record      // at most 1000
	TTL     time.Duration // how long all of it stays true; 0 if it is not to be kept, or not known
	Partial error         // an *Error if there are more records than these
}

// Resolver asks the DNS for records of one type (not TypeAddress) that a name has. What the DNS can't or won't say is an
// *Error. Lookup is called from several goroutines, and returns when ctx is done.
type Resolver interface {
	Lookup(ctx context.Context, name string, t Type) (Answer, error)
}

// Reason is the cause of an Error.
type Reason int

const (
	ReasonNoName      Reason = iota // NXDOMAIN: the server says that the name does not exist
	ReasonServer                    // SERVFAIL and the like: the server can't tell
	ReasonRefused                   // the server does not answer questions of ours
	ReasonTimeout                   // no answer in time
	ReasonUnreachable               // the server can't be reached
	ReasonTruncated                 // the answer is cut off, and can't be had whole
	ReasonNonsense                  // the answer is none to our question, or breaks the rules
	ReasonTooMany                   // there are more records than a cluster has nodes
	ReasonConfig                    // there is no server to ask
	ReasonCanceled                  // our context ended
)

// advice says what each reason means and what to do.
var advice = [...]string{
	ReasonNoName:      "the name does not exist: check its spelling, its domain and its namespace",
	ReasonServer:      "the server failed to find out: look at its log, and at the server it asks",
	ReasonRefused:     "the server refuses to answer: ask another one, or allow this host there",
	ReasonTimeout:     "no answer in time: check the address of the server, and firewalls for UDP and TCP port 53",
	ReasonUnreachable: "the server can't be reached: check its address and port, and that it runs",
	ReasonTruncated:   "the answer is cut off: allow TCP to the server, over which it would be whole",
	ReasonNonsense:    "the answer makes no sense: check that it is a DNS server that is asked",
	ReasonTooMany:     "these are more than a cluster has nodes: check that the name is the right one",
	ReasonConfig:      "there is no server to ask: give one, or check resolv.conf",
	ReasonCanceled:    "given up",
}

// Error is a question to the DNS that got no answer. Its text says which, the likely cause and what to do; it is the same
// when the same happens again.
type Error struct {
	Name   string // that was asked for
	Type   Type
	Server string // host and port; empty if it is not the matter of one server
	Reason Reason
	Err    error // the cause; may be nil
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("dns: cannot look up %s of %s", e.Type, e.Name)
	if e.Server != "" {
		text += " at " + e.Server
	}
	if e.Reason >= 0 && int(e.Reason) < len(advice) {
		text += ": " + advice[e.Reason]
	}
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether the question ran out of time, as net.Error has it.
func (e *Error) Timeout() bool { return e.Reason == ReasonTimeout }
