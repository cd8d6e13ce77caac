package integration

import (
	"testing"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/etf"
	"gonode/node"
)

func atom(s string) gen.Atom { return gen.Atom(s) }

// echo is an actor that Erlang calls as a gen_server: pid answers its pid, stop (a cast) ends it, all else comes back.
type echo struct{ act.Actor }

func (e *echo) HandleCall(_ gen.PID, _ gen.Ref, request any) (any, error) {
	if request == gen.Atom("pid") {
		return e.PID(), nil
	}
	return etf.Tuple{gen.Atom("echo"), request}, nil
}

func (e *echo) HandleMessage(_ gen.PID, message any) error {
	if message == gen.Atom("stop") {
		return &node.ExitReason{Term: etf.Tuple{gen.Atom("my"), []byte("reason")}}
	}
	return nil
}

func server(t *testing.T, g *node.Node, name gen.Atom) gen.PID {
	t.Helper()
	pid, err := g.Runtime().SpawnRegister(name, func() gen.ProcessBehavior { return &echo{} }, gen.ProcessOptions{})
	require.NoError(t, err)
	return pid
}

// caller is an actor that runs a function.
type caller struct {
	act.Actor
	do   func(*caller)
	got  chan any
	done chan struct{}
}

func (c *caller) Init(...any) error { return c.Send(c.PID(), "begin") }

func (c *caller) HandleMessage(_ gen.PID, message any) error {
	if message == "begin" {
		c.do(c)
		close(c.done)
		return nil
	}
	c.got <- message
	return nil
}

// inActor runs do in an actor and waits for it; what the actor gets afterwards is in the channel.
func inActor(t *testing.T, g *node.Node, do func(*caller)) <-chan any {
	t.Helper()
	c := &caller{do: do, got: make(chan any, 1000), done: make(chan struct{})}
	_, err := g.Runtime().Spawn(func() gen.ProcessBehavior { return c }, gen.ProcessOptions{})
	require.NoError(t, err)
	select {
	case <-c.done:
	case <-time.After(patience):
		require.FailNow(t, "the actor hangs")
	}
	return c.got
}

func receive(t *testing.T, got <-chan any) any {
	t.Helper()
	select {
	case m := <-got:
		return m
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		return nil
	}
}

// TestActors: what an Ergo actor does to Erlang processes, the Ergo way.
func TestActors(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		eval(t, b, "ok", "begin spawn(fun() -> register(adder, self()), (fun Loop() -> receive "+
			"{'$gen_call', F, {add, X, Y}} -> gen:reply(F, X + Y), Loop(); {'$gen_call', _, crash} -> exit({my, crash}); "+
			"{From, Any} when is_pid(From) -> From ! {self(), Any}, Loop() end end)() end), timer:sleep(20), ok end")
		adder := gen.ProcessID{Name: "adder", Node: "b@127.0.0.1"}
		var answer any
		var errs []error
		var took []time.Duration
		timed := func(f func() (any, error)) any {
			begin := time.Now()
			v, err := f()
			errs, took = append(errs, err), append(took, time.Since(begin))
			return v
		}
		got := inActor(t, g, func(p *caller) {
			answer = timed(func() (any, error) { return p.Call(adder, etf.Tuple{gen.Atom("add"), 2, 3}) })
			timed(func() (any, error) {
				return p.Call(gen.ProcessID{Name: "nobody", Node: "b@127.0.0.1"}, gen.Atom("x"))
			})
			timed(func() (any, error) {
				return p.Call(gen.ProcessID{Name: "x", Node: "nowhere@127.0.0.1"}, gen.Atom("x"))
			})
			timed(func() (any, error) { return nil, p.Send(adder, etf.Tuple{p.PID(), etf.Map{{Key: 1, Value: "one"}}}) })
			timed(func() (any, error) { return nil, p.MonitorProcessID(adder) })
		})
		require.EqualValues(t, 5, answer)
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], gen.ErrProcessUnknown)
		require.ErrorIs(t, errs[2], gen.ErrNoConnection)
		require.NoError(t, errs[3])
		require.NoError(t, errs[4])
		for i, d := range took {
			require.Less(t, d, time.Second, "step %d fails at once, not by time-out", i)
		}
		reply := receive(t, got).(etf.Tuple)
		require.IsType(t, gen.PID{}, reply[0])
		require.True(t, etf.Equal(etf.Map{{Key: 1, Value: []byte("one")}}, reply[1]))
		inActor(t, g, func(p *caller) {
			timed(func() (any, error) { return p.Call(adder, gen.Atom("crash")) })
		})
		require.ErrorContains(t, errs[5], "{my,crash}")
		down := receive(t, got).(gen.MessageDownProcessID)
		require.Equal(t, adder, down.ProcessID)
		require.ErrorContains(t, down.Reason, "{my,crash}")
		quiet(t, b)
	})
}

// TestManySenders: 100 actors that send to one new node at once make one connection, and nothing is lost or swapped.
func TestManySenders(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		c := newCluster(t, release)
		b := c.beam(release, "b")
		g := c.goNode("go")
		w := watchEvents(t, g)
		eval(t, b, "true", "register(sink, spawn(fun() -> (fun Loop(M) -> receive {get, From} -> From ! {sink, M}, Loop(M); "+
			"{I, J} -> N = maps:get(I, M, 0), if J =:= N -> Loop(M#{I => N + 1}); true -> Loop(M#{swapped => {I, J, N}}) end end end)(#{}) end))")
		const actors, each = 100, 20
		for i := range actors {
			inActor(t, g, func(p *caller) {
				for j := range each {
					if err := p.Send(gen.ProcessID{Name: "sink", Node: "b@127.0.0.1"}, etf.Tuple{i, j}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		evalWithin(t, 2*time.Second, b, "{100,[20]}", "begin sink ! {get, self()}, receive {sink, M} -> "+
			"{maps:size(M), lists:usort(maps:values(M))} after 1000 -> timeout end end")
		require.Equal(t, 1, w.count("b@127.0.0.1"))
	})
}
