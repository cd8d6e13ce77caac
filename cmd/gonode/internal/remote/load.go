package remote

import (
	"context"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// Load is what a BEAM is doing.
type Load struct {
	Release   string   `etf:"release"`
	UptimeMS  int64    `etf:"uptime"`
	Processes int64    `etf:"processes"`
	Limit     int64    `etf:"limit"` // of processes
	Ports     int64    `etf:"ports"`
	RunQueue  int64    `etf:"run_queue"` // processes that wait to run
	Memory    Memory   `etf:"memory"`
	In        int64    `etf:"in"`  // bytes that ports have read since the start
	Out       int64    `etf:"out"` // and written
	Busiest   []Worker `etf:"busiest"`
}

// Memory is what a BEAM has allocated, in bytes.
type Memory struct {
	Total     int64 `etf:"total" json:"total"`
	Processes int64 `etf:"processes" json:"processes"`
	Atom      int64 `etf:"atom" json:"atom"`
	Binary    int64 `etf:"binary" json:"binary"`
	Code      int64 `etf:"code" json:"code"`
	ETS       int64 `etf:"ets" json:"ets"`
}

// Worker is a process of a BEAM.
type Worker struct {
	_          struct{} `etf:"tuple"`
	PID        gen.PID
	Name       any   // the registered name, an atom, or []
	Initial    any   // {Module, Function, Arity} that it began with
	Current    any   // {Module, Function, Arity} that it is in
	Reductions int64 // while it was watched
	Memory     int64 // bytes
	Messages   int64 // in its queue
}

// The orders of the busiest processes.
const (
	ByReductions = "reductions"
	ByMemory     = "memory"
	ByMessages   = "message_queue_len"
)

// loadText takes reductions twice, with a pause in between.
const loadText = `
	Reds = fun() -> maps:from_list([{P, R} || P <- processes(), {_, R} <- [process_info(P, reductions)]]) end,
	Before = Reds(), timer:sleep(Wait), After = Reds(),
	Done = fun(P) -> maps:get(P, After, 0) - maps:get(P, Before, 0) end,
	Keys = case Order of
		reductions -> [{Done(P), P} || P <- maps:keys(After), P =/= self()];
		_ -> [{V, P} || P <- maps:keys(After), P =/= self(), {_, V} <- [process_info(P, Order)]]
	end,
	Rows = [{P, N, proc_lib:translate_initial_call(P), C, Done(P), M, Q}
		|| {_, P} <- lists:sublist(lists:reverse(lists:sort(Keys)), Lines),
		[{_, N}, {_, C}, {_, M}, {_, Q}] <- [process_info(P, [registered_name, current_function, memory, message_queue_len])]],
	{{input, In}, {output, Out}} = statistics(io),
	#{release => erlang:system_info(otp_release), uptime => element(1, statistics(wall_clock)),
		processes => erlang:system_info(process_count), limit => erlang:system_info(process_limit),
		ports => erlang:system_info(port_count), run_queue => statistics(run_queue),
		memory => maps:from_list(erlang:memory()), in => In, out => Out, busiest => Rows}`

// ParseLoad prepares SampleLoad.
func (t Target) ParseLoad(ctx context.Context) (*Expr, error) { return t.Parse(ctx, loadText) }

// SampleLoad watches the target for some time with the expression of ParseLoad and returns what it does, with so many of
// its busiest processes.
func (e *Expr) SampleLoad(ctx context.Context, watched time.Duration, order string, lines int) (Load, error) {
	term, err := e.Eval(ctx, Binding{"Wait", watched.Milliseconds()}, Binding{"Order", gen.Atom(order)}, Binding{"Lines", int64(lines)})
	if err != nil {
		return Load{}, err
	}
	var load Load
	err = e.target.unmarshal(term, &load)
	return load, err
}

// MFA returns {Module, Function, Arity} as Erlang prints it; anything else is "".
func MFA(term any) string {
	t, ok := term.(etf.Tuple)
	if !ok || len(t) != 3 {
		return ""
	}
	return etf.Format(t[0]) + ":" + etf.Format(t[1]) + "/" + etf.Format(t[2])
}
