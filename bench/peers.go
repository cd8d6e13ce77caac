package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"gonode/integration/beam"
)

const cookie = "bench"

// stage is one round's set of processes.
type stage struct {
	driver  *beam.Node
	columns []column
	stops   []func()
}

// column is a peer, and how it is measured.
type column struct {
	name    string
	pid     int // of the peer
	measure func(ctx context.Context, function string, n int) (a, b int64, err error)
}

func (s *stage) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

// startAll starts the driver and the peers.
func startAll(ctx context.Context, lab *beam.Lab, p *programs, o options, last bool) (*stage, error) {
	s := &stage{}
	epmd, err := lab.LaunchEPMD(ctx, o.release)
	if err != nil {
		return nil, err
	}
	s.stops = append(s.stops, epmd.Kill)
	l := launcher{s: s, lab: lab, programs: p, options: o, epmd: epmd.Port}
	if s.driver, err = l.erlang(ctx, "driver@127.0.0.1"); err != nil {
		s.stop()
		return nil, err
	}
	for _, name := range o.columns {
		c, err := l.column(ctx, name, last)
		if err != nil {
			s.stop()
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
		s.columns = append(s.columns, c)
	}
	return s, nil
}

// launcher starts the processes of a round.
type launcher struct {
	s        *stage
	lab      *beam.Lab
	programs *programs
	options  options
	epmd     int
}

func (l *launcher) erlang(ctx context.Context, name string) (*beam.Node, error) {
	n, err := l.lab.Launch(ctx, beam.Options{
		Release: l.options.release, Name: name, Cookie: cookie, EPMDPort: l.epmd,
		Args: append([]string{"-pa", l.programs.dir}, l.options.erl...),
	})
	if err == nil {
		l.s.stops = append(l.s.stops, n.Kill)
	}
	return n, err
}

func (l *launcher) column(ctx context.Context, name string, last bool) (column, error) {
	peer := name + "@127.0.0.1"
	switch name {
	case "beam":
		n, err := l.erlang(ctx, peer)
		if err != nil {
			return column{}, err
		}
		_, err = n.Query(ctx, "gonode_bench:serve()")
		return l.fromErlang(name, peer, n.Pid()), err
	case "c":
		p, err := l.start(l.programs.c, peer, cookie, "1")
		if err != nil {
			return column{}, err
		}
		return l.fromErlang(name, peer, p.pid()), nil
	case "go", "go1", "also":
		program, args := l.programs.goPeer, []string{}
		switch {
		case name == "also":
			also := strings.Fields(l.options.also)
			program, args = also[0], also[1:]
		case name == "go1":
			args = append(args, "-procs", "1")
		case last && l.options.profile != "":
			args = append(args, "-cpuprofile", l.options.profile)
		}
		p, err := l.goNode(program, peer, args...)
		if err != nil {
			return column{}, err
		}
		return l.fromErlang(name, peer, p.pid()), nil
	case "gogo":
		return l.fromGo(name, peer)
	}
	return column{}, fmt.Errorf("there is no such peer: want c, go, go1, gogo or also")
}

func (l *launcher) goNode(program, name string, args ...string) (*child, error) {
	return l.start(program, append(args, "-name", name, "-cookie", cookie, "-epmd", strconv.Itoa(l.epmd))...)
}

func (l *launcher) start(program string, args ...string) (*child, error) {
	p, err := start(program, l.epmd, args...)
	if err == nil {
		l.s.stops = append(l.s.stops, p.end)
	}
	return p, err
}

// fromErlang is a peer that the Erlang driver measures.
func (l *launcher) fromErlang(name, peer string, pid int) column {
	driver := l.s.driver
	return column{name, pid, func(ctx context.Context, function string, n int) (a, b int64, err error) {
		answer, err := driver.Query(ctx, fmt.Sprintf("gonode_bench:%s('%s', %d)", function, peer, n))
		if err == nil {
			_, err = fmt.Sscanf(answer, "{%d,%d}", &a, &b)
		}
		return a, b, err
	}}
}

// fromGo is a Go node that another Go node measures.
func (l *launcher) fromGo(name, peer string) (column, error) {
	driver, err := l.goNode(l.programs.goPeer, "godriver@127.0.0.1")
	if err != nil {
		return column{}, err
	}
	p, err := l.goNode(l.programs.goPeer, peer)
	if err != nil {
		return column{}, err
	}
	return column{name, p.pid(), func(_ context.Context, function string, n int) (a, b int64, err error) {
		answer, err := driver.ask(fmt.Sprintf("%s %s %d", function, peer, n))
		if err == nil {
			_, err = fmt.Sscan(answer, &a, &b)
		}
		return a, b, err
	}}, nil
}

// peakMemory returns the largest resident set the process has had, in KiB (VmHWM of Linux).
func peakMemory(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			return strconv.Atoi(f[1])
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no VmHWM", pid)
}
