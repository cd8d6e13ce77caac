package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"

	"gonode/etf"
	"gonode/node"
)

// workload is one thing to measure: what a driver does first, and at every message, until it says that it has done.
// Drivers are actors, so that all that a message passes in real life is passed.
type workload struct {
	workers int // driver actors
	begin   func(d *driver) error
	message func(d *driver, message any) (done bool, err error)
}

// workloads has those of gonode_bench.erl. What is measured is the same, message by message.
func workloads() map[string]workload {
	tick := etf.Tuple{gen.Atom("tick"), 12345}
	mib := bytes.Repeat([]byte("0123456789abcdef"), 65536)
	return map[string]workload{
		"round_trip": {1, func(d *driver) error { return d.trip(d.n) }, (*driver).tripped},
		"small_in":   {1, func(d *driver) error { return d.flood(tick) }, (*driver).counted},
		"small_out":  {1, func(d *driver) error { return d.order(tick) }, (*driver).count},
		"echo_atom":  {64, func(d *driver) error { return d.trip(gen.Atom("pong")) }, (*driver).again},
		"echo_term":  {64, func(d *driver) error { return d.trip(maps()) }, (*driver).again},
		"binary_in":  {1, func(d *driver) error { return d.flood(mib) }, (*driver).counted},
		"binary_out": {1, func(d *driver) error { return d.order(mib) }, (*driver).count},
	}
}

// maps is term(maps) of gonode_bench.erl.
func maps() etf.List {
	list := make(etf.List, 50)
	for i := range list {
		n := i + 1
		list[i] = etf.Map{
			{Key: gen.Atom("active"), Value: n%2 == 0},
			{Key: gen.Atom("id"), Value: int64(n)},
			{Key: gen.Atom("name"), Value: fmt.Appendf(nil, "user %d", n)},
			{Key: gen.Atom("score"), Value: float64(n) * 1.5},
			{Key: gen.Atom("tags"), Value: etf.List{gen.Atom("admin"), gen.Atom("staff")}},
		}
	}
	return list
}

// driver is an actor that does a workload n times with the actors of peer.
type driver struct {
	act.Actor
	w    workload
	peer gen.Atom
	n    int
	done chan<- error // gets nil, or why it failed; has room

	seen  int
	sent  time.Time
	times []time.Duration // of round trips
}

type begin struct{}

// HandleMessage implements act.ActorBehavior.
func (d *driver) HandleMessage(_ gen.PID, message any) error {
	if _, ok := message.(begin); ok {
		if err := d.w.begin(d); err != nil {
			d.done <- err
		}
		return nil
	}
	done, err := d.w.message(d, message)
	if !done && err == nil {
		return nil
	}
	d.done <- err
	return gen.TerminateReasonNormal
}

func (d *driver) at(name gen.Atom) gen.ProcessID { return gen.ProcessID{Name: name, Node: d.peer} }

func (d *driver) trip(term any) error {
	d.sent = time.Now()
	return d.Send(d.at(echoName), etf.Tuple{d.PID(), term})
}

func (d *driver) tripped(any) (bool, error) {
	d.times = append(d.times, time.Since(d.sent))
	if len(d.times) == d.n {
		return true, nil
	}
	return false, d.trip(d.n - len(d.times))
}

func (d *driver) again(term any) (bool, error) {
	if d.seen++; d.seen == d.n {
		return true, nil
	}
	return false, d.trip(term)
}

func (d *driver) flood(term any) error {
	sink := d.at(sinkName)
	for range d.n {
		if err := d.Send(sink, term); err != nil {
			return err
		}
	}
	return d.Send(sink, etf.Tuple{d.PID(), gen.Atom("count")})
}

func (d *driver) counted(message any) (bool, error) {
	if want := (etf.Tuple{gen.Atom("count"), d.n}); !etf.Equal(message, want) {
		return true, fmt.Errorf("got %s, want %s", etf.FormatLimit(message, 100), want)
	}
	return true, nil
}

func (d *driver) order(term any) error {
	return d.Send(d.at(sourceName), etf.Tuple{d.PID(), d.n, term})
}

func (d *driver) count(any) (bool, error) {
	d.seen++
	return d.seen == d.n, nil
}

// drive measures a workload. It returns P50 and P99 of round_trip, of the others how many and how long, all times in
// nanoseconds.
func drive(ctx context.Context, n *node.Node, name, peer string, count int) (a, b int64, err error) {
	w, ok := workloads()[name]
	if !ok || count < 1 {
		return 0, 0, fmt.Errorf("there is no workload %q for %d", name, count)
	}
	if err := n.Connect(ctx, peer); err != nil {
		return 0, 0, err
	}
	if name != "round_trip" {
		_, took, err := run64(n, w, gen.Atom(peer), count)
		return int64(w.workers * count), int64(took), err
	}
	if _, _, err := run64(n, w, gen.Atom(peer), max(1, count/10)); err != nil { // warm up
		return 0, 0, err
	}
	times, _, err := run64(n, w, gen.Atom(peer), count)
	if err != nil {
		return 0, 0, err
	}
	slices.Sort(times)
	return int64(times[count/2]), int64(times[count*99/100]), nil
}

// run64 runs the drivers of a workload, up to 64, and returns the round trips of the last and the time all took.
func run64(n *node.Node, w workload, peer gen.Atom, count int) ([]time.Duration, time.Duration, error) {
	done := make(chan error, 2*w.workers)
	var d *driver
	pids := make([]gen.PID, w.workers)
	for i := range pids {
		d = &driver{w: w, peer: peer, n: count, done: done, times: make([]time.Duration, 0, count)}
		pid, err := n.Runtime().Spawn(func() gen.ProcessBehavior { return d }, gen.ProcessOptions{})
		if err != nil {
			return nil, 0, err
		}
		pids[i] = pid
	}
	start := time.Now()
	for _, pid := range pids {
		if err := n.Runtime().Send(pid, begin{}); err != nil {
			return nil, 0, err
		}
	}
	for range pids {
		if err := <-done; err != nil {
			return nil, 0, err
		}
	}
	return d.times, time.Since(start), nil
}
