package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	maxAliases = 8    // names that are asked for one after the other because each is an alias of the next
	maxChain   = 16   // aliases in one answer
	maxRecords = 1000 // that are taken of an answer
)

// chase asks for the records of a full name, and of the names it is an alias of.
func (c *Client) chase(ctx context.Context, s *settings, fqdn string, t Type) (Answer, error) {
	name, ttl := fqdn, time.Duration(0)
	for range maxAliases {
		reply, server, err := c.ask(ctx, s, name, t)
		if err != nil {
			return Answer{}, err
		}
		fail := func(reason Reason, err error) error {
			return &Error{Name: plain(fqdn), Type: t, Server: server, Reason: reason, Err: err}
		}
		found, err := readAnswer(reply, name, t)
		if err != nil {
			return Answer{}, fail(ReasonNonsense, err)
		}
		ttl = shorter(ttl, found.ttl)
		if reply.Rcode == dns.RcodeNameError && len(found.records) == 0 {
			var alias error
			if !same(found.owner, fqdn) {
				alias = fmt.Errorf("it is an alias of %s, which does not exist", plain(found.owner))
			}
			return Answer{}, fail(ReasonNoName, alias)
		}
		if len(found.records) > 0 || same(found.owner, name) {
			return found.answer(fqdn, ttl, fail), nil
		}
		name = found.owner // an alias, and the server left the rest to us
	}
	return Answer{}, &Error{Name: plain(fqdn), Type: t, Reason: ReasonNonsense, Err: errors.New("it is an alias of an alias, and so on")}
}

// found is what a reply has to say about a name.
type found struct {
	owner   string // the name that the aliases in the reply lead to
	records []Record
	ttl     time.Duration // 0 if there is none
}

// readAnswer follows the aliases from name and takes the records at their end.
func readAnswer(reply *dns.Msg, name string, t Type) (found, error) {
	aliases := make(map[string]*dns.CNAME)
	owners := make(map[string][]dns.RR)
	for _, rr := range reply.Answer {
		owner := dns.CanonicalName(rr.Header().Name)
		switch alias, ok := rr.(*dns.CNAME); {
		case ok:
			aliases[owner] = alias
		case rr.Header().Rrtype == wireType(t) && rr.Header().Class == dns.ClassINET:
			owners[owner] = append(owners[owner], rr)
		}
	}
	f := found{owner: name}
	for range maxChain {
		owner := dns.CanonicalName(f.owner)
		alias := aliases[owner]
		if records := owners[owner]; len(records) > 0 || alias == nil {
			f.take(records, reply.Extra)
			return f, nil
		}
		f.ttl = shorter(f.ttl, ttlOf(alias))
		f.owner = alias.Target
	}
	return found{}, errors.New("its aliases go in a circle, or are too many")
}

// take takes records; extra are those that came along.
func (f *found) take(records, extra []dns.RR) {
	for _, rr := range records {
		f.ttl = shorter(f.ttl, ttlOf(rr))
		switch rr := rr.(type) {
		case *dns.A, *dns.AAAA:
			f.records = append(f.records, Record{Addr: addrOf(rr)})
		case *dns.SRV:
			f.records = append(f.records, Record{Target: plain(rr.Target), Port: rr.Port, Priority: rr.Priority, Weight: rr.Weight})
		}
	}
	slices.SortFunc(f.records, compareRecords)
	f.records = slices.CompactFunc(f.records, func(a, b Record) bool { return compareRecords(a, b) == 0 })
	f.glue(extra)
}

// glue gives targets the addresses that came along.
func (f *found) glue(extra []dns.RR) {
	addrs := make(map[string][]netip.Addr)
	for _, rr := range extra[:min(len(extra), 2*maxRecords)] {
		if addr := addrOf(rr); addr.IsValid() {
			owner := dns.CanonicalName(rr.Header().Name)
			addrs[owner] = append(addrs[owner], addr)
		}
	}
	for i, r := range f.records {
		if r.Target != "" {
			f.records[i].Addrs = slices.Clone(addrs[dns.CanonicalName(r.Target+".")])
		}
	}
}

// answer makes an Answer.
func (f *found) answer(fqdn string, ttl time.Duration, fail func(Reason, error) error) Answer {
	a := Answer{Name: plain(fqdn), Records: f.records, TTL: ttl}
	if n := len(f.records); n > maxRecords {
		a.Records = f.records[:maxRecords]
		a.Partial = fail(ReasonTooMany, fmt.Errorf("%d records, the first %d are taken", n, maxRecords))
	}
	return a
}

func compareRecords(a, b Record) int {
	return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight),
		cmp.Compare(a.Target, b.Target), cmp.Compare(a.Port, b.Port))
}

func ttlOf(rr dns.RR) time.Duration { return time.Duration(rr.Header().Ttl) * time.Second }

// addrOf returns the address of an A or AAAA record.
func addrOf(rr dns.RR) netip.Addr {
	var addr netip.Addr
	switch rr := rr.(type) {
	case *dns.A:
		addr, _ = netip.AddrFromSlice(rr.A)
		return addr.Unmap()
	case *dns.AAAA:
		addr, _ = netip.AddrFromSlice(rr.AAAA)
	}
	return addr
}

func wireType(t Type) uint16 {
	switch t {
	case TypeA:
		return dns.TypeA
	case TypeAAAA:
		return dns.TypeAAAA
	case TypeSRV:
		return dns.TypeSRV
	}
	return dns.TypeNone
}

// plain returns a full name without the dot at its end.
func plain(fqdn string) string {
	if fqdn == "." {
		return fqdn
	}
	return strings.TrimSuffix(fqdn, ".")
}

func same(a, b string) bool { return dns.CanonicalName(a) == dns.CanonicalName(b) }
