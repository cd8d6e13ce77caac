package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ergo.services/ergo/gen"

	"gonode/cmd/gonode/internal/remote"
	"gonode/dist"
	"gonode/node"
)

// member is what is known of a node of the cluster, and through whom.
type member struct {
	remote.Facts
	via remote.Target
}

// Cluster looks at nodes that can be reached and at all that they are connected to: whether each sees each, and whether
// they agree on what they have to.
func (d *Doctor) Cluster(ctx context.Context, from *node.Node, targets []string) []Finding {
	var all []Finding
	members := map[string]member{}
	for _, target := range targets {
		t := remote.Target{From: from, Name: target}
		rtt, err := from.Ping(ctx, target)
		if err != nil {
			all = append(all, bad("ping", target, CauseHandshake, "it does not answer net_adm:ping/1", "look at its log", err))
			continue
		}
		all = append(all, ok("ping", target, fmt.Sprintf("answers in %.2f ms", float64(rtt.Microseconds())/1000)))
		facts, err := t.Facts(ctx)
		if err != nil {
			all = append(all, unasked(target, err))
			continue
		}
		for _, f := range facts {
			if before, known := members[f.Node]; !known || f.Node == target || !before.NodesKnown {
				members[f.Node] = member{f, t}
			}
		}
	}
	if len(members) == 0 {
		return all
	}
	order := slices.Sorted(maps.Keys(members))
	all = append(all, d.mesh(ctx, members, order)...)
	all = append(all, ticks(members, order)...)
	return append(all, overlapping(members, order)...)
}

func unasked(target string, err error) Finding {
	if errors.Is(err, node.ErrUndef) {
		return Finding{Level: Note, Check: "mesh", Subject: target, Cause: CauseNoBEAM, Err: err, Text: "it is no BEAM and can't be asked who it sees"}
	}
	return bad("mesh", target, CauseUnreachable, "it can't be asked who it sees", "try again; look at its log", err)
}

// mesh looks for visible nodes that do not see each other.
func (d *Doctor) mesh(ctx context.Context, members map[string]member, order []string) []Finding {
	var found []Finding
	n := 0
	for i, x := range order {
		a := members[x]
		if a.Hidden {
			found = append(found, Finding{Level: Note, Check: "mesh", Subject: x, Cause: CauseHidden,
				Text: "it is a hidden node: in nodes(hidden) of those that it is connected to, and introduced to nobody"})
			continue
		}
		n++
		for _, y := range order[i+1:] {
			b := members[y]
			if b.Hidden || sees(a, y) || sees(b, x) {
				continue
			}
			found = append(found, d.hole(ctx, a, b))
		}
	}
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Level == Bad }) {
		found = append(found, ok("mesh", "", fmt.Sprintf("all of %d visible nodes see each other: %s", n, strings.Join(visible(members, order), " "))))
	}
	return found
}

func visible(members map[string]member, order []string) []string {
	return slices.DeleteFunc(slices.Clone(order), func(name string) bool { return members[name].Hidden })
}

// sees reports whether a is connected to another, as far as a says.
func sees(a member, other string) bool {
	return !a.NodesKnown || slices.Contains(a.Nodes, other)
}

// hole says why two nodes are not connected.
func (d *Doctor) hole(ctx context.Context, a, b member) Finding {
	text := fmt.Sprintf("%s and %s are not connected", a.Node, b.Node)
	fail := func(cause, why, fix string) Finding {
		return bad("mesh", a.Node+" "+b.Node, cause, text+": "+why, fix, nil)
	}
	old, young := a, b
	if atoi(old.Release) > atoi(young.Release) {
		old, young = young, old
	}
	switch {
	case old.Release != "" && atoi(old.Release) < 24 && atoi(young.Release) >= 26:
		return fail(CauseFlags, fmt.Sprintf("OTP %s needs flags that OTP %s does not have", young.Release, old.Release),
			"upgrade "+old.Node+" to OTP 24 or later")
	case dist.CompareNames(a.Node, b.Node) != nil:
		return fail(CauseNameForm, "one has a long and the other a short name", "start both with erl -name, or both with -sname")
	case a.Cookie != "" && b.Cookie != "" && a.Cookie != b.Cookie:
		return fail(CauseCookie, "their cookies differ", "give both the same: erl -setcookie, ~/.erlang.cookie")
	}
	for _, pair := range [][2]member{{a, b}, {b, a}} {
		alive, host, _ := dist.ParseName(pair[1].Node)
		if _, _, trouble := pair[0].via.Sees(ctx, pair[0].Node, alive, host); trouble != "" {
			return fail(CauseDNS, "seen from "+pair[0].Node+", "+trouble, "correct /etc/hosts, the DNS or ERL_EPMD_PORT of "+pair[0].Node)
		}
	}
	if !a.ConnectAll || !b.ConnectAll {
		return fail(CauseConnectAll, "one of them was started with -connect_all false, so that nobody introduces them",
			"start it without, or connect them: net_kernel:connect_node('"+b.Node+"') on "+a.Node)
	}
	return fail(CauseMeshHole, "each could find the other, and nothing has made them connect since they were parted, or a firewall is in between",
		"net_kernel:connect_node('"+b.Node+"') on "+a.Node+", and look at both logs if that says false")
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// ticks compares net_ticktime.
func ticks(members map[string]member, order []string) []Finding {
	times := map[time.Duration][]string{}
	for _, name := range order {
		if m := members[name]; m.TickTime > 0 {
			times[m.TickTime] = append(times[m.TickTime], name)
		}
	}
	if len(times) == 0 {
		return nil
	}
	var parts []string
	for _, d := range slices.Sorted(maps.Keys(times)) {
		parts = append(parts, fmt.Sprintf("%v on %s", d, strings.Join(times[d], " ")))
	}
	if len(times) > 1 {
		return []Finding{bad("ticks", "", CauseTickTime, "net_ticktime differs: "+strings.Join(parts, ", "),
			"give all the same (erl -kernel net_ticktime 60, gonode run --tick-time 60s): one that waits less gives the others up while they are silent", nil)}
	}
	only := slices.Collect(maps.Keys(times))[0]
	f := ok("ticks", "", "net_ticktime is "+parts[0])
	if only != node.DefaultTickTime {
		f.Level, f.Cause = Note, CauseTickTime
		f.Fix = fmt.Sprintf("give every other node the same: gonode run --tick-time %v", only)
	}
	return []Finding{f}
}

// overlapping compares prevent_overlapping_partitions: its default is false before OTP 25, and true since.
func overlapping(members map[string]member, order []string) []Finding {
	values := map[bool][]string{}
	for _, name := range order {
		m := members[name]
		if m.Release == "" || m.Hidden {
			continue
		}
		on := m.Overlap == gen.Atom("true") || m.Overlap != gen.Atom("false") && atoi(m.Release) >= 25
		values[on] = append(values[on], name)
	}
	const check = "partitions"
	switch {
	case len(values) == 0:
		return nil
	case len(values) == 2:
		return []Finding{{Level: Warn, Check: check, Cause: CauseOverlapping,
			Text: fmt.Sprintf("prevent_overlapping_partitions is on for %s and off for %s", strings.Join(values[true], " "), strings.Join(values[false], " ")),
			Fix:  "set it alike on all: erl -kernel prevent_overlapping_partitions true"}}
	}
	on := values[true] != nil
	return []Finding{ok(check, "", fmt.Sprintf("prevent_overlapping_partitions is %v on all: %s", on, consequence(on)))}
}

func consequence(on bool) string {
	if on {
		return "a node that loses one other may be made to drop the rest of that part"
	}
	return "after a failure between two nodes the rest stays connected to both"
}
