package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gonode/strategy"
)

const (
	maxParallel = 16  // questions that are under way at once, for the targets of one answer
	maxTargets  = 200 // targets of one answer whose addresses are asked for
)

// result is what a query has brought.
type result struct {
	nodes []strategy.Node
	ttl   time.Duration // the shortest; 0 if none is known
	err   error         // why there may be more nodes
}

// asker asks one query, and makes nodes of the records.
type asker struct {
	query    Query
	basename string
	resolver Resolver
	log      *slog.Logger

	empty   bool // the last answer had no records
	ignored int  // records of the last answer that make no node
}

// ask asks once.
func (a *asker) ask(ctx context.Context) result {
	name, answers, err := a.lookup(ctx, a.query.Name, a.query.Type)
	if a.query.Type == TypeSRV {
		err = errors.Join(err, a.complete(ctx, answers))
	}
	r := result{err: err}
	ignored := 0
	for _, answer := range answers {
		r.ttl = shorter(r.ttl, answer.TTL)
		for _, rec := range answer.Records {
			nodes := a.nodes(rec)
			if len(nodes) == 0 {
				ignored++
			}
			r.nodes = append(r.nodes, nodes...)
		}
	}
	a.report(name, r, ignored)
	return r
}

// lookup asks for all records that a type stands for. It returns the name that exists.
func (a *asker) lookup(ctx context.Context, name string, t Type) (string, []Answer, error) {
	types := t.types()
	answers, errs := make([]Answer, len(types)), make([]error, len(types))
	sideBySide(len(types), func(i int) { answers[i], errs[i] = a.resolver.Lookup(ctx, name, types[i]) })
	for i, answer := range answers {
		name = cmp.Or(answer.Name, name)
		answers[i].Records = slices.Clone(answer.Records) // the rest may be the Resolver's
		errs[i] = cmp.Or(errs[i], answer.Partial)
	}
	return name, answers, joined(errs, t)
}

// joined joins what went wrong with the questions of one query; if it was the same with all of them, it is said once.
func joined(errs []error, t Type) error {
	var first *Error
	if len(errs) == 1 || !errors.As(errs[0], &first) {
		return errors.Join(errs...)
	}
	for _, err := range errs[1:] {
		var e *Error
		if !errors.As(err, &e) || e.Reason != first.Reason || e.Server != first.Server {
			return errors.Join(errs...)
		}
	}
	all := *first
	all.Type = t
	return &all
}

// complete looks up the addresses of targets where they are needed and have not come along. The records are its own.
func (a *asker) complete(ctx context.Context, answers []Answer) error {
	if !a.query.UsePort && !a.query.ByAddress {
		return nil
	}
	known := make(map[string][]netip.Addr)
	for _, r := range records(answers) {
		if addr, err := netip.ParseAddr(r.Target); err == nil {
			known[r.Target] = []netip.Addr{addr}
		} else if len(r.Addrs) > 0 {
			known[r.Target] = slices.Clone(r.Addrs)
		}
	}
	var lacking []string
	for _, r := range records(answers) {
		if target := a.target(*r); target != "" && known[target] == nil && !slices.Contains(lacking, target) {
			lacking = append(lacking, target)
		}
	}
	found, err := a.addresses(ctx, lacking[:min(len(lacking), maxTargets)])
	if len(lacking) > maxTargets {
		err = errors.Join(err, fmt.Errorf("%s: %d targets came without addresses, too many to ask for", a.query, len(lacking)))
	}
	maps.Copy(known, found)
	for _, r := range records(answers) {
		r.Addrs = known[r.Target]
		slices.SortFunc(r.Addrs, netip.Addr.Compare) // IPv4 first
	}
	if !a.query.ByAddress {
		return nil // the name of the target will do
	}
	return err
}

// records are the records of all answers.
func records(answers []Answer) []*Record {
	var all []*Record
	for _, answer := range answers {
		for i := range answer.Records {
			all = append(all, &answer.Records[i])
		}
	}
	return all
}

// addresses looks up the addresses of hosts.
func (a *asker) addresses(ctx context.Context, hosts []string) (map[string][]netip.Addr, error) {
	addrs, errs := make([][]netip.Addr, len(hosts)), make([]error, len(hosts))
	sideBySide(len(hosts), func(i int) {
		_, answers, err := a.lookup(ctx, hosts[i]+".", TypeAddress)
		errs[i] = err
		for _, r := range records(answers) {
			addrs[i] = append(addrs[i], r.Addr)
		}
	})
	found := make(map[string][]netip.Addr)
	for i, host := range hosts {
		found[host] = addrs[i]
	}
	return found, errors.Join(errs...)
}

// target returns the name of a record's host; empty if it is none.
func (a *asker) target(r Record) string {
	if strings.HasSuffix(r.Target, ".") || r.Target != "" && wrongTarget(r.Target) {
		return ""
	}
	return r.Target
}

// wrongTarget reports whether a target is no name of a host. An IPv4 address looks like one, and may be one.
func wrongTarget(target string) bool {
	_, err := netip.ParseAddr(target)
	return err != nil && wrongName(target) != ""
}

// nodes makes nodes of a record. A record of no host, a name with characters that no host has, and the target "." that
// stands for no service make none.
func (a *asker) nodes(r Record) []strategy.Node {
	if a.query.Type != TypeSRV {
		if !r.Addr.IsValid() || r.Addr.IsUnspecified() {
			return nil
		}
		kind := TypeA
		if r.Addr.Is6() {
			kind = TypeAAAA
		}
		return []strategy.Node{a.node(r.Addr.String(), "", kind)}
	}
	if a.target(r) == "" {
		return nil
	}
	if a.query.ByAddress {
		var nodes []strategy.Node
		for _, addr := range r.Addrs {
			nodes = append(nodes, a.node(addr.String(), a.address(addr.String(), r.Port), TypeSRV))
		}
		return nodes
	}
	at := r.Target
	if len(r.Addrs) > 0 {
		at = r.Addrs[0].String()
	}
	return []strategy.Node{a.node(r.Target, a.address(at, r.Port), TypeSRV)}
}

func (a *asker) node(host, address string, kind Type) strategy.Node {
	return strategy.Node{Name: a.basename + "@" + host, Address: address, Origin: fmt.Sprintf("%s record of %s", kind, a.query.Name)}
}

// address returns where a node listens, if the port of the record is to say so.
func (a *asker) address(host string, port uint16) string {
	if !a.query.UsePort || port == 0 {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// report logs what is no error but may be a mistake: once, until it is over.
func (a *asker) report(name string, r result, ignored int) {
	empty := r.err == nil && len(r.nodes) == 0
	if empty && !a.empty {
		a.log.Warn("the name exists in the DNS but has no such records: check its spelling and the type, or nobody is there yet",
			"name", name, "type", a.query.Type.String())
	}
	if ignored > 0 && ignored != a.ignored {
		a.log.Warn("ignoring records that are of no host", "name", name, "type", a.query.Type.String(), "records", ignored)
	}
	a.empty, a.ignored = empty, ignored
}

// sideBySide calls f(0) to f(n-1), up to maxParallel at once, and returns when all have returned.
func sideBySide(n int, f func(i int)) {
	var running sync.WaitGroup
	tokens := make(chan struct{}, maxParallel)
	for i := range n {
		tokens <- struct{}{}
		running.Go(func() { // ends before sideBySide does
			f(i)
			<-tokens
		})
	}
	running.Wait()
}
