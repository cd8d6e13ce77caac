package strategy

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Disconnect makes world a Disconnector.
func (w *world) Disconnect(_ context.Context, name Name) error {
	<-time.After(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mustStay[name] {
		return errors.New("it must stay")
	}
	w.cut[name]++
	delete(w.up, name)
	w.engine.Down(name)
	return nil
}

// comes has a node connect to us.
func (w *world) comes(name Name) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up[name] = time.Now()
	w.engine.Up(name, ViaPeer)
}

// cuts returns how many times a node was disconnected.
func (w *world) cuts(name Name) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut[name]
}

// fed is a strategy that says what a test tells it to: a Set, or an error.
type fed chan any

func (f fed) Run(ctx context.Context, out chan<- Set) error {
	for {
		select {
		case v := <-f:
			if err, ok := v.(error); ok {
				return err
			}
			if err := Send(ctx, out, v.(Set)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f fed) say(names ...Name) {
	f <- Set{Nodes: Nodes("test", names...)}
	synctest.Wait()
}

// trail collects decisions.
type trail struct {
	mu  sync.Mutex
	all []Decision
}

func (r *trail) observe(d Decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, d)
}

// of returns the kinds of the decisions on a node, or with an empty name on sources.
func (r *trail) of(node Name) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Decision
	for _, d := range r.all {
		if d.Node == node {
			found = append(found, d)
		}
	}
	return kinds(found)
}

func TestEnginePrunes(t *testing.T) {
	for _, c := range []struct {
		prune    Prune
		members  string
		after    time.Duration
		decision string
	}{
		{PruneNever, "a@h b@h", time.Hour, "kept"},
		{PruneLogOnly, "a@h b@h", time.Hour, "kept"},
		{PruneNow, "b@h", 10 * time.Millisecond, "lost pruned"},
		{PruneAfter(30 * time.Second), "b@h", 30*time.Second + 10*time.Millisecond, "doomed lost pruned"},
	} {
		t.Run(c.prune.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, source, seen := newWorld("a@h", "b@h"), make(fed), &trail{}
				e := w.run(t, Config{Sources: []Source{{Name: "dns", Strategy: source}}, Prune: c.prune, Observer: seen.observe})
				source.say("a@h", "b@h")
				time.Sleep(time.Second)
				require.Equal(t, "a@h b@h", w.members())
				source.say("b@h")
				time.Sleep(c.after - 20*time.Millisecond)
				if c.prune > PruneNow {
					require.Equal(t, "a@h b@h", w.members(), "not yet")
				}
				time.Sleep(20 * time.Millisecond)
				synctest.Wait()
				require.Equal(t, c.members, w.members())
				require.Equal(t, "wanted dialed connected unwanted "+c.decision, seen.of("a@h"))
				require.Equal(t, seen.of("a@h"), kinds(e.Explain("a@h").History))
				time.Sleep(time.Hour)
				require.Equal(t, c.members, w.members())
				require.Equal(t, 1, w.dialed("a@h"))
			})
		})
	}
}

// TestEngineNeverPrunesWhoCameIn: not when it came first, not when it came while we dialled, not when the application
// claims it, and not when the Disconnector says no.
func TestEngineNeverPrunesWhoCameIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source := newWorld("c@h", "d@h"), make(fed)
		e := w.run(t, Config{Sources: []Source{{Name: "dns", Strategy: source}}, Prune: PruneNow})
		w.mustStay["d@h"] = true
		w.comes("a@h")
		source.say("a@h", "b@h", "c@h", "d@h")
		w.comes("b@h")
		time.Sleep(time.Second)
		e.Claim("c@h")
		require.Equal(t, "a@h b@h c@h d@h", w.members())
		for range 3 {
			source.say()
		}
		time.Sleep(time.Hour)
		require.Equal(t, "a@h b@h c@h d@h", w.members())
		require.Contains(t, e.Explain("a@h").Because, "it connected to us")
		require.Contains(t, e.Explain("b@h").Because, "it connected to us")
		require.Contains(t, e.Explain("c@h").Because, "the application connected to it")
		require.Contains(t, e.Explain("d@h").Because, "it must stay")
		require.EqualValues(t, 1, e.Stats().Spared)
		require.Zero(t, e.Stats().Prunes)
	})
}

// TestLibclusterDefect1ErrorDisconnectsNobody: an answer 403, a DNS error or a registry that is down was "no nodes", and
// all peers were disconnected.
func TestLibclusterDefect1ErrorDisconnectsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, source, seen := newWorld("a@h", "b@h"), make(fed), &trail{}
		e := w.run(t, Config{Sources: []Source{{Name: "k8s", Strategy: source}}, Prune: PruneNow, Observer: seen.observe})
		source.say("a@h", "b@h")
		time.Sleep(time.Second)
		for range 20 {
			source <- errors.New("403 forbidden")
			time.Sleep(40 * time.Second)
			source <- Set{Partial: errors.New("SERVFAIL")}
			time.Sleep(40 * time.Second)
		}
		source.say()                                         // once empty, by mistake
		source <- Set{Partial: errors.New("SERVFAIL again")} // which is not confirmed by an error
		time.Sleep(time.Hour)
		require.Equal(t, "a@h b@h", w.members())
		require.Zero(t, w.cuts("a@h"))
		require.Equal(t, "troubled recovered suspect troubled dismissed", seen.of(""))
		require.ErrorContains(t, e.Sources()[0].Err, "SERVFAIL again")
		require.EqualValues(t, 20, e.Stats().Sources[0].Errors)
		require.EqualValues(t, 21, e.Stats().Sources[0].Partials)
		require.EqualValues(t, 1, e.Stats().Sources[0].Suspects)
		w.stop("a@h")
		w.start("a@h")
		time.Sleep(time.Second)
		require.Equal(t, "a@h b@h", w.members(), "and it is dialled again")
	})
}

// TestLibclusterDefect8TopologiesDoNotFight: each topology disconnected what the other wanted.
func TestLibclusterDefect8TopologiesDoNotFight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, one, two := newWorld("a@h", "b@h"), make(fed), make(fed)
		w.run(t, Config{Sources: []Source{{Name: "one", Strategy: one}, {Name: "two", Strategy: two}}, Prune: PruneNow})
		one.say("a@h")
		two.say("b@h")
		for range 100 {
			time.Sleep(5 * time.Second)
			require.Equal(t, "a@h b@h", w.members())
			one.say("a@h")
			two.say("b@h")
		}
		one.say("a@h", "b@h")
		two.say("a@h", "b@h")
		two.say("a@h")
		time.Sleep(time.Minute)
		require.Equal(t, "a@h b@h", w.members(), "one of them still wants b")
		require.Equal(t, 1, w.dialed("a@h"))
		require.Equal(t, 1, w.dialed("b@h"))
		one.say("a@h")
		time.Sleep(time.Second)
		require.Equal(t, "a@h", w.members())
	})
}

// TestLibclusterDefect9DialsAreParallelAndBackOff: connects were made one after the other, a dead host held up all others
// for seven seconds, and each was tried at each interval.
func TestLibclusterDefect9DialsAreParallelAndBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		dead := []time.Time{}
		up := map[Name]time.Duration{}
		var e *Engine
		e = New(Config{
			Self:    "self@h",
			Sources: Sources(list("dead@h", "a@h", "b@h", "c@h")),
			Connector: ConnectFunc(func(ctx context.Context, node Node) error {
				mu.Lock()
				defer mu.Unlock()
				if node.Name == "dead@h" {
					dead = append(dead, time.Now())
					mu.Unlock()
					time.Sleep(7 * time.Second)
					mu.Lock()
					return errDown
				}
				up[node.Name] = time.Since(begin)
				e.Up(node.Name, ViaDiscovery)
				return nil
			}),
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		require.ErrorIs(t, e.Run(ctx), context.DeadlineExceeded)
		require.Len(t, up, 3)
		for name, after := range up {
			require.Less(t, after, time.Second, "%s waits for nobody", name)
		}
		// 7 s to fail and 15 s to wait, give or take a fifth.
		require.InDelta(t, 600/22, len(dead), 7)
		gaps := map[time.Duration]bool{}
		for i := len(dead) - 8; i < len(dead); i++ {
			gaps[dead[i].Sub(dead[i-1])] = true
		}
		require.Greater(t, len(gaps), 4, "no two waits are the same: others that lost it do not come at the same time")
	})
}
