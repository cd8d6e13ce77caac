package kernel

import (
	"maps"
	"slices"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// SysCommand is what sys(3) asks of a process: {system, From, Command}.
type SysCommand struct {
	From    any // {Pid, Tag}, to be answered like a gen_server call
	Command any
}

// ParseSys reads a system message; ok is false if message is none.
func ParseSys(message any) (c SysCommand, ok bool) {
	t, isTuple := message.(etf.Tuple)
	if !isTuple || len(t) != 3 || t[0] != gen.Atom("system") {
		return SysCommand{}, false
	}
	return SysCommand{From: t[1], Command: t[2]}, true
}

// SysProcess is what of a process sys can show and do. An Ergo actor has no state that can be read as a term; what it
// shows is what its HandleInspect returns.
type SysProcess struct {
	PID       gen.PID
	Name      gen.Atom // registered name, or empty
	Parent    gen.PID
	Suspended bool
	State     map[string]string
}

// SysAction is what has to be done for a system message besides the answer.
type SysAction int

// The actions.
const (
	SysNone SysAction = iota
	SysSuspend
	SysResume
	SysTerminate // with the reason that Answer returns
)

// SysNeedsState reports whether the answer needs SysProcess.State, for which the process has to be asked.
func (c SysCommand) SysNeedsState() bool {
	return c.Command == gen.Atom("get_state") || c.Command == gen.Atom("get_status")
}

// Answer returns the reply to a system message, what has to be done, and the reason for SysTerminate. The forms are those
// of OTP 26.1 and later, which older callers take too.
func (c SysCommand) Answer(p SysProcess) (reply any, action SysAction, reason any) {
	ok := gen.Atom("ok")
	switch c.Command {
	case gen.Atom("get_state"):
		return etf.Tuple{ok, p.state()}, SysNone, nil
	case gen.Atom("get_status"):
		return p.status(), SysNone, nil
	case gen.Atom("suspend"):
		return ok, SysSuspend, nil
	case gen.Atom("resume"):
		return ok, SysResume, nil
	}
	if t, isTuple := c.Command.(etf.Tuple); isTuple && len(t) == 2 {
		switch t[0] {
		case gen.Atom("terminate"):
			return ok, SysTerminate, t[1]
		case gen.Atom("debug"):
			return ok, SysNone, nil
		}
	}
	return etf.Tuple{gen.Atom("error"), etf.Tuple{gen.Atom("unknown_system_msg"), c.Command}}, SysNone, nil
}

// state is the process' state as a map of binaries.
func (p SysProcess) state() etf.Map {
	state := etf.Map{}
	for _, key := range slices.Sorted(maps.Keys(p.State)) {
		state = append(state, etf.Pair{Key: []byte(key), Value: []byte(p.State[key])})
	}
	return state
}

// status is what sys:get_status/1 returns for a gen_server.
func (p SysProcess) status() etf.Tuple {
	running := gen.Atom("running")
	if p.Suspended {
		running = "suspended"
	}
	name := etf.Format(p.PID)
	if p.Name != "" {
		name = string(p.Name)
	}
	data := func(pairs ...any) etf.Tuple { return etf.Tuple{gen.Atom("data"), etf.List(pairs)} }
	pair := func(key string, value any) etf.Tuple { return etf.Tuple{charlist(key), value} }
	misc := etf.List{
		etf.Tuple{gen.Atom("header"), charlist("Status for generic server " + name)},
		data(pair("Status", running), pair("Parent", p.Parent), pair("Logged events", etf.List{})),
		data(pair("State", p.state())),
	}
	return etf.Tuple{gen.Atom("status"), p.PID, etf.Tuple{gen.Atom("module"), gen.Atom("go")},
		etf.List{etf.List{}, running, p.Parent, etf.List{}, misc}}
}

// charlist makes a list of code points.
func charlist(s string) etf.List {
	var list etf.List
	for _, r := range s {
		list = append(list, int64(r))
	}
	return list
}
