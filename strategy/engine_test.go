package strategy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var errDown = errors.New("nobody listens")

// world is a Connector and the nodes it can reach. Dials take 10 ms.
type world struct {
	engine *Engine

	mu       sync.Mutex
	alive    map[Name]bool
	mustStay map[Name]bool
	up       map[Name]time.Time // since when
	dials    map[Name]int
	cut      map[Name]int
	last     map[Name]string // the address that was dialled last
	dialing  int
	most     int // dials under way at once
}

func newWorld(alive ...Name) *world {
	w := &world{
		alive: map[Name]bool{}, mustStay: map[Name]bool{}, up: map[Name]time.Time{},
		dials: map[Name]int{}, cut: map[Name]int{}, last: map[Name]string{},
	}
	for _, name := range alive {
		w.alive[name] = true
	}
	return w
}

func (w *world) Connect(ctx context.Context, node Node) error {
	name := node.Name
	w.mu.Lock()
	w.dials[name]++
	w.last[name] = node.Address
	w.dialing++
	w.most = max(w.most, w.dialing)
	w.mu.Unlock()
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialing--
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !w.alive[name] {
		return errDown
	}
	if _, ok := w.up[name]; !ok { // it may have come in meanwhile
		w.up[name] = time.Now()
		w.engine.Up(name, ViaDiscovery)
	}
	return nil
}

// stop and start end and begin a node.
func (w *world) stop(name Name) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.alive, name)
	delete(w.up, name)
	w.engine.Down(name)
}

func (w *world) start(name Name) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive[name] = true
}

// members is who is up, and since how long.
func (w *world) members() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := make([]string, 0, len(w.up))
	for name := range w.up {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (w *world) dialed(name Name) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dials[name]
}

// address returns where a node was dialled last.
func (w *world) address(name Name) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[name]
}

// run runs an engine until the test is over.
func (w *world) run(t *testing.T, cfg Config) *Engine {
	t.Helper()
	cfg.Connector, cfg.Disconnector = w, w
	if cfg.Self == "" {
		cfg.Self = "self@h"
	}
	w.engine = New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.engine.Run(ctx) }() // ends in the cleanup
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	return w.engine
}

// list is a strategy that sends one set.
func list(names ...Name) Strategy {
	return Func(func(ctx context.Context, out chan<- Set) error {
		Send(ctx, out, Set{Nodes: Nodes("list", names...)})
		return nil
	})
}

func TestEngineConnectsTheUnion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h", "b@h", "c@h")
		e := w.run(t, Config{Sources: Sources(list("a@h", "b@h", "self@h"), list("b@h", "c@h", "dead@h"))})
		time.Sleep(time.Second)
		require.Equal(t, "a@h b@h c@h", w.members())
		require.Zero(t, w.dialed("self@h"))
		require.Equal(t, 1, w.dialed("b@h"))

		status := e.Status()
		require.Len(t, status, 5)
		require.Equal(t, "dead@h", status[3].Node)
		require.Equal(t, StateWaiting, status[3].State)
		require.ErrorIs(t, status[3].LastError, errDown)
		require.Equal(t, []string{"strategy.Func", "strategy.Func#2"}, status[1].WantedBy)
	})
}

func TestEngineReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a@h")
		w.run(t, Config{Sources: Sources(list("a@h"))})
		for _, uptime := range []time.Duration{time.Hour, 15 * time.Second, 2 * time.Second, time.Second} {
			time.Sleep(uptime)
			require.Equal(t, "a@h", w.members())
			w.stop("a@h")
			time.Sleep(20 * time.Second)
			require.Empty(t, w.members())
			w.start("a@h")
			time.Sleep(time.Second)
			require.Equal(t, "a@h", w.members(), "back within a second")
		}
	})
}

func TestEngineDialsInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []Name
		for i := range 100 {
			names = append(names, fmt.Sprintf("n%d@h", i))
		}
		w := newWorld(names...)
		w.run(t, Config{Sources: Sources(list(names...)), Knobs: Knobs{MaxDials: 20}})
		time.Sleep(55 * time.Millisecond)
		require.Len(t, strings.Fields(w.members()), 100)
		require.Equal(t, 20, w.most)
	})
}

func TestEngineBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.run(t, Config{Sources: Sources(list("a@h"))})
		time.Sleep(10 * time.Minute)
		// 6 dials until the wait is 15 s, then 4 a minute, give or take a fifth.
		require.InDelta(t, 6+40, w.dialed("a@h"), 9)
	})
}

func TestEngineFollowsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sets := make(chan Set)
		w := newWorld("a@h", "b@h")
		w.run(t, Config{Sources: Sources(Func(func(ctx context.Context, out chan<- Set) error {
			for {
				select {
				case names := <-sets:
					out <- names
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}))})
		sets <- Set{Nodes: Nodes("test", "a@h")}
		time.Sleep(time.Second)
		require.Equal(t, "a@h", w.members())
		sets <- Set{Nodes: Nodes("test", "b@h")}
		time.Sleep(time.Second)
		require.Equal(t, "a@h b@h", w.members(), "nobody is disconnected")
		w.stop("a@h")
		w.start("a@h")
		time.Sleep(time.Minute)
		require.Equal(t, "b@h", w.members(), "nobody wants a any more")
	})
}

func TestFailingStrategyKeepsItsLastSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		runs := 0
		w := newWorld("a@h")
		e := w.run(t, Config{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Sources: []Source{{Name: "flaky", Strategy: Func(func(ctx context.Context, out chan<- Set) error {
				runs++
				if runs == 1 {
					out <- Set{Nodes: Nodes("flaky", "a@h", "bad name")}
				}
				return errors.New("API down")
			})}, {Name: "none"}},
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		require.InDelta(t, 120, runs, 20, "once in 30 s")
		require.Equal(t, "a@h", w.members())
		require.Len(t, e.Status(), 2)
		w.stop("a@h")
		w.start("a@h")
		time.Sleep(time.Second)
		require.Equal(t, "a@h", w.members())
		synctest.Wait()
		require.Contains(t, log.String(), "API down")
		require.Equal(t, 1, strings.Count(log.String(), "ignoring a name"))
		require.Contains(t, log.String(), `source \"none\" has no strategy`)
	})
}

func TestRestartedStrategyBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		w := newWorld()
		w.run(t, Config{Sources: Sources(Func(func(ctx context.Context, out chan<- Set) error {
			runs++
			out <- Set{}
			return errors.New("works for a moment")
		}))})
		time.Sleep(time.Minute)
		synctest.Wait()
		require.InDelta(t, 60, runs, 12, "once in a second")
	})
}

func TestEngineLogsNewsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := newWorld()
		w.run(t, Config{Sources: Sources(list("a@h")), Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(log.String(), errDown.Error()))
	})
}

func TestDialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Config{
			Sources: Sources(list("a@h")),
			Connector: ConnectFunc(func(ctx context.Context, _ Node) error {
				<-ctx.Done()
				return ctx.Err()
			}),
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, e.Run(ctx), context.DeadlineExceeded)
		status := e.Status()[0]
		require.ErrorIs(t, status.LastError, context.DeadlineExceeded)
		require.GreaterOrEqual(t, status.Attempts, 1)
		require.ErrorContains(t, e.Run(t.Context()), "only once")
	})
}

// TestUpAndDownFromAnywhere calls everything at once, for the race detector.
func TestUpAndDownFromAnywhere(t *testing.T) {
	w := newWorld()
	e := w.run(t, Config{Sources: Sources(list("a@h", "b@h"))})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 500 {
				e.Up("a@h", ViaPeer)
				e.Status()
				e.Down("a@h")
			}
		})
	}
	callers.Wait()
}
